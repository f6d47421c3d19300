// The runtime is killed again and again while people write: what was acknowledged is there, once.

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Frame, Peer } from "../integration/support/peer.ts";
import { Runtime } from "../integration/support/runtime.ts";

const KILLS = Number(process.env.KILLS ?? 200);
const SESSIONS = 4;
/** Acknowledged lines a kill, at least. The chat keeps 200, and is looked at after every kill. */
const LINES = 65;
const MOST_LINES = 190;
const IN_FLIGHT = 8;
const ACK_EVERY = 32;

/** Somebody who writes as fast as the echoes come, and goes on after every kill. */
class Writer {
  readonly session: string;
  peer!: Peer;
  /** What was said and has no echo yet. */
  readonly waiting = new Set<number>();
  /** Echoes since the last kill. */
  echoed = new Set<number>();
  #last = 0;
  #writing = false;
  #look = () => {};

  constructor(session: string) {
    this.session = session;
  }

  async come(runtime: Runtime) {
    const before = this.peer;
    const resume = before?.resume;
    this.peer = await Peer.open(runtime, this.session, "writer", { instance: "tab" });
    this.peer.listen((frame) => this.#hear(frame));
    this.peer.hello(resume);
    const welcome = await this.peer.next("welcome");
    assert.equal(welcome.resumed, before !== undefined);
    // What the session has is on its way, and must not be said again; the rest must.
    for (const id of this.waiting) if (id > welcome.last_id) this.#say(id);
    return welcome;
  }

  /** Writes until so many lines were acknowledged since the last kill, and goes on writing. */
  async write() {
    this.#writing = true;
    while (this.waiting.size < IN_FLIGHT) this.#say((this.#last += 1));
    while (this.echoed.size < LINES) await new Promise<void>((next) => (this.#look = next));
  }

  pause() {
    this.#writing = false;
  }

  /** Until all that was said has its echo. */
  async settle() {
    while (this.waiting.size > 0) await new Promise<void>((next) => (this.#look = next));
  }

  #say(id: number) {
    this.waiting.add(id);
    this.peer.send({ type: "chat", id, text: `line ${id}` });
  }

  #hear(frame: Frame) {
    if (frame.seq % ACK_EVERY === 0) this.peer.send({ type: "ack", ack: frame.seq });
    if (frame.type !== "chat") return;
    assert.ok(this.waiting.delete(frame.id), `the echo of line ${frame.id} came twice`);
    this.echoed.add(frame.id);
    if (this.#writing && this.echoed.size + this.waiting.size < MOST_LINES) {
      this.#say((this.#last += 1));
    }
    this.#look();
  }
}

test(`nothing acknowledged is lost, and nothing comes twice, over ${KILLS} kills`, async (t) => {
  const TUNING = JSON.stringify({ FRAME_BURST: 1_000_000 });
  const runtime = await Runtime.start({ TUNING });
  t.after(() => runtime.stop());
  const writers = Array.from({ length: SESSIONS }, (_, i) => new Writer(`soak-kills-${i}`));
  for (const writer of writers) await writer.come(runtime);
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await Promise.all(writers.map((writer) => writer.write()));
    await runtime.killAndRestart();
    await Promise.all(writers.map(({ peer }) => peer.untilClosed()));
    for (const writer of writers) {
      writer.pause();
      const before = [...writer.echoed];
      const last_id = (await writer.come(runtime)).last_id;
      assert.ok(before.every((id) => id <= last_id));
      await writer.settle();
      const reader = await Peer.join(runtime, writer.session, "reader");
      const stored = reader.welcome.chat.map((line: { id: number }) => line.id);
      assert.equal(new Set(stored).size, stored.length, "a line is stored twice");
      const lost = [...writer.echoed].filter((id) => !stored.includes(id));
      assert.deepEqual(lost, [], `kill ${kill} lost lines of ${writer.session}`);
      reader.send({ type: "leave" });
      await reader.untilClosed();
      acknowledged += writer.echoed.size;
      writer.echoed = new Set();
    }
  }
  t.diagnostic(`${acknowledged} lines acknowledged, none lost, over ${KILLS} kills`);
});
