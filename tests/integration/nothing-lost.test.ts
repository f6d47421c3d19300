// workerd is killed under load, again and again: nothing that was acknowledged is lost, nothing comes
// twice, and every client is back as who it was.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Runtime } from "./support/runtime.ts";
import { Tab, settled } from "./support/tab.ts";

const KILLS = Number(process.env.SAMEWIRE_KILLS ?? 50);
const SESSIONS = 4;
const PEOPLE = 3;
/** Lines acknowledged between two kills, at least. */
const LINES = 24;

test(`${KILLS} kills under load: no acknowledged line is lost, everyone is back`, async (t) => {
  const runtime = await Runtime.start({ TUNING: JSON.stringify({ FRAME_BURST: 1_000_000 }) });
  t.after(() => runtime.stop());
  const sessions: Tab[][] = [];
  for (let s = 0; s < SESSIONS; s += 1) {
    sessions.push(
      await Promise.all(
        Array.from({ length: PEOPLE }, (_, n) => Tab.join(runtime, `load-${s}`, `user-${n}`)),
      ),
    );
  }
  const tabs = sessions.flat();
  const who = tabs.map((tab) => tab.id);
  const acknowledged = () => tabs.reduce((sum, tab) => sum + tab.echoed.size, 0);

  // Everyone keeps a few lines on their way, whatever happens.
  let loading = true;
  const loads = tabs.map(async (tab) => {
    for (let line = 0; loading; line += 1) {
      tab.chat(`line ${line}`);
      await tab.until("a line is acknowledged", () => tab.unsaid < 4);
    }
  });
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = acknowledged();
    await Promise.race(
      tabs.map((tab) => tab.until("there is load", () => acknowledged() >= before + LINES)),
    );
    await runtime.killAndRestart();
  }
  loading = false;
  await Promise.all(loads);
  await Promise.all(tabs.map((tab) => tab.until("all its lines arrived", () => tab.unsaid === 0)));

  for (const people of sessions) {
    await settled(people);
    for (const tab of people) {
      for (const id of tab.echoed.keys()) {
        const line = `${tab.id} ${id}`;
        for (const other of people) {
          await other.until(`it heard "${line}"`, () => other.heard.has(line));
        }
      }
    }
  }
  assert.deepEqual(
    tabs.map((tab) => tab.id),
    who,
    "everyone is who they were",
  );
  assert.ok(
    tabs.every((tab) => tab.links > KILLS / 2),
    "the kills cut the links",
  );
  for (const [s] of sessions.entries()) {
    const { participants } = await runtime.snapshot(`load-${s}`);
    assert.deepEqual(
      participants.map((p: any) => p.generation),
      Array(PEOPLE).fill(1),
      "resumed, not begun anew",
    );
    const events = await runtime.events(`load-${s}`);
    assert.deepEqual(
      events.map((entry) => entry.seq),
      events.map((_, n) => n + 1),
      "the log has no gap",
    );
  }
  t.diagnostic(`0 of ${acknowledged()} acknowledged lines lost over ${KILLS} kills`);
  for (const tab of tabs) tab.stop();
});
