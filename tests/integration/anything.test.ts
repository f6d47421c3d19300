// Whatever a client sends: a stated error or a close with a code, never a wedged socket, and nobody else
// notices.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";

/** Random numbers that are the same in every run. */
function random(seed: number) {
  let state = seed >>> 0;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof random>;

const TYPES = [
  "hello signal tracks connected ready failed suspect quality chat presence leave ack end probe",
  "welcome commit prepare session of_the_future constructor __proto__",
]
  .join(" ")
  .split(" ");
const KEYS = [
  "type id to epoch generation to_generation payload tracks sees provider operation reason attempt",
  "participant evidence score rating text hidden nonce ack protocol instance drivers resume elapsed_ms",
]
  .join(" ")
  .split(" ");

/** Any JSON. */
function anyJson(next: Random, deep = 3): unknown {
  switch (next(deep > 0 ? 9 : 6)) {
    case 0:
      return null;
    case 1:
      return next(2) === 0;
    case 2:
      return next(5) - 1;
    case 3:
      return [1e308, -1, 0.5, 2 ** 53, Number.MAX_SAFE_INTEGER][next(5)];
    case 4:
      return "x".repeat(next(4) * next(200));
    case 5:
      return ["p2p", "janus", "media", "ice", "camera", "\u0000", "💥", "../"][next(8)];
    case 6:
      return Array.from({ length: next(5) }, () => anyJson(next, deep - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: next(6) }, () => [KEYS[next(KEYS.length)], anyJson(next, deep - 1)]),
      );
  }
}

/** A frame that looks like one of ours, with a field or two that make no sense. */
function nearlyRight(next: Random): object {
  const frame: Record<string, unknown> = { type: TYPES[next(TYPES.length)] };
  for (let n = next(8); n > 0; n -= 1) frame[KEYS[next(KEYS.length)]!] = anyJson(next, 2);
  if (next(2)) frame.epoch = next(4);
  if (frame.type === undefined) frame.type = "chat";
  return frame;
}

function anyFrame(next: Random): string | Uint8Array {
  switch (next(200)) {
    case 0:
      return Uint8Array.from({ length: next(300) }, () => next(256));
    case 1:
      return String.fromCharCode(...Array.from({ length: next(60) }, () => 32 + next(500)));
    case 2:
      return JSON.stringify(anyJson(next)).slice(0, next(80));
    case 3:
      return JSON.stringify(anyJson(next));
    default:
      return JSON.stringify(nearlyRight(next));
  }
}

const SOCKETS = 60;
const FRAMES = 40;

test(`arbitrary bytes, JSON and orders on ${SOCKETS} sockets: an answer or a close, always`, async (t) => {
  const runtime = await Runtime.start({
    TUNING: JSON.stringify({ FRAME_BURST: 1_000, P2P_HARD_LIMIT: 300 }),
  });
  t.after(() => runtime.stop());
  const bystander = await Peer.join(runtime, "anything", "bystander");
  let errors = 0;
  for (let seed = 1; seed <= SOCKETS; seed += 1) {
    const next = random(seed);
    const said = `seed ${seed}`;
    const peer = await Peer.open(runtime, "anything", `user-${seed}`);
    // Some never say hello, some say it first.
    if (seed % 6) {
      peer.hello();
      await peer.next("welcome");
    }
    for (let frame = 0; frame < FRAMES && !peer.closed; frame += 1) peer.raw(anyFrame(next));
    // A socket that is not wedged answers this, or has been closed with a code that says why.
    const marker = `marker_${seed}`;
    peer.send({ type: marker });
    await peer.until(
      "it is answered or closed",
      () => peer.closed !== undefined || peer.frames.some((f) => f.message?.includes(marker)),
    );
    if (peer.closed) {
      assert.ok(
        peer.closed.code >= 1000 && peer.closed.code !== 1006,
        `${said}: ${peer.closed.code}`,
      );
      assert.notEqual(peer.closed.code, 1011, `${said}: an error of ours`);
    }
    errors += peer.frames.filter((frame) => frame.type === "error").length;
    assert.ok(
      peer.frames.every((f) => f.type !== "error" || (f.code && f.message)),
      `${said}: an error says what was wrong`,
    );
    peer.cut();
    // Nobody else notices.
    const id = bystander.chat(said);
    await bystander.next("chat", (f) => f.from === bystander.id && f.id === id);
  }
  assert.ok(errors > SOCKETS, "hardly anything was wrong: the test proves nothing");
  assert.equal(bystander.closed, undefined);
  const snapshot = await runtime.snapshot("anything");
  assert.equal(snapshot.provider, "p2p");
  const wrong = runtime.log.filter(
    (line) => line.level === "ERROR" || /panic/i.test(line.message ?? ""),
  );
  assert.deepEqual(wrong, []);
});
