// Real races on a real workerd: whatever happens at once, nobody is on another provider than the rest.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Runtime } from "./support/runtime.ts";
import { type Tab, Tab as T, agree, settled } from "./support/tab.ts";

const PROVIDERS = JSON.stringify([
  { name: "p2p", kind: "p2p" },
  { name: "west", kind: "sfu", priority: 2 },
  { name: "daily", kind: "vendor", priority: 3 },
]);

const TUNING = { PREPARE_DEADLINE: 2_000, MAX_PARTICIPANTS: 300 };

async function start(t: { after: (stop: () => Promise<void>) => void }, tuning: object = {}) {
  const runtime = await Runtime.start({
    PROVIDERS,
    TUNING: JSON.stringify({ ...TUNING, ...tuning }),
  });
  t.after(() => runtime.stop());
  return runtime;
}

/** Sizes from 2 to 64, small ones more often, the same in every run. */
const size = (n: number) => 2 + Math.floor(62 * ((n * 0.618_033_988_75) % 1) ** 3);

async function race(runtime: Runtime, session: string, people: number): Promise<Tab[]> {
  const tabs = await Promise.all(
    Array.from({ length: people }, (_, n) => T.open(runtime, session, `user-${n}`)),
  );
  await Promise.all(tabs.map((tab) => tab.online()));
  return tabs;
}

async function check(runtime: Runtime, session: string, tabs: Tab[]) {
  const told = await settled(tabs);
  const snapshot = await runtime.snapshot(session);
  assert.equal(snapshot.participants.length, tabs.length);
  if (snapshot.state === "active") {
    assert.deepEqual(told, { epoch: snapshot.epoch, provider: snapshot.provider });
  }
}

const SESSIONS = Number(process.env.SAMEWIRE_RACES ?? 100);

test(`joins race into ${SESSIONS} sessions of 2 to 64: 0 are split`, async (t) => {
  const runtime = await start(t);
  for (let s = 0; s < SESSIONS; s += 1) {
    const session = `race-${s}`;
    const tabs = await race(runtime, session, size(s));
    // More than three are too many for P2P: everyone moves, those who came during the move too.
    await Promise.all(
      tabs.map((tab) =>
        tab.until("it is where so many belong", () =>
          tabs.length > 3 ? tab.rendering?.provider === "west" : tab.rendering !== undefined,
        ),
      ),
    );
    await check(runtime, session, tabs);
    for (const tab of tabs) tab.stop();
  }
});

test("256 join one session at once: one provider, one epoch, 256 ordinals", async (t) => {
  const runtime = await start(t, { PREPARE_DEADLINE: 30_000 });
  const tabs = await race(runtime, "crowd", 256);
  await Promise.all(
    tabs.map((tab) => tab.until("it is on the SFU", () => tab.rendering?.provider === "west")),
  );
  await check(runtime, "crowd", tabs);
  const snapshot = await runtime.snapshot("crowd");
  const ordinals = snapshot.participants.map((p: any) => p.ordinal);
  assert.deepEqual(
    ordinals,
    Array.from({ length: 256 }, (_, n) => n + 1),
  );
  for (const tab of tabs) tab.stop();
});

test("everyone reports the same failure at once: one switch", async (t) => {
  const runtime = await start(t);
  for (let s = 0; s < 20; s += 1) {
    const session = `failing-${s}`;
    const tabs = await race(runtime, session, 2 + (s % 2));
    await settled(tabs);
    for (const tab of tabs) tab.fail(1, "p2p");
    await Promise.all(
      tabs.map((tab) => tab.until("it moved", () => (tab.rendering?.epoch ?? 0) > 1)),
    );
    assert.deepEqual(await settled(tabs), { epoch: 2, provider: "west" });
    const events = await runtime.events(session);
    assert.equal(events.filter((entry) => entry.kind === "committed").length, 1);
    for (const tab of tabs) tab.stop();
  }
});

test("an operator's switch, a failover and one more arrival at once: one order, one wire", async (t) => {
  const runtime = await start(t);
  for (let s = 0; s < 20; s += 1) {
    const session = `three-things-${s}`;
    const tabs = await race(runtime, session, 3);
    await settled(tabs);
    const [asked, , fourth] = await Promise.all([
      runtime.operate("POST", `/v1/sessions/${session}/switch`, { provider: "daily" }),
      Promise.all(tabs.slice(0, 2).map((tab) => tab.fail(1, "p2p"))),
      T.open(runtime, session, "late"),
    ]);
    assert.ok([202, 409].includes(asked.status), `${asked.status}`);
    tabs.push(fourth);
    await fourth.online();
    await Promise.all(
      tabs.map((tab) => tab.until("P2P is left", () => tab.rendering?.provider !== "p2p")),
    );
    // Whatever is still under way ends.
    let snapshot = await runtime.snapshot(session);
    while (snapshot.state === "switching") snapshot = await runtime.snapshot(session);
    assert.deepEqual(await settled(tabs), { epoch: snapshot.epoch, provider: snapshot.provider });
    agree(tabs);
    const events = await runtime.events(session);
    const epochs = events.filter((e) => e.kind === "committed").map((e) => e.epoch);
    assert.deepEqual(
      epochs,
      [...new Set(epochs)].sort((a, b) => a - b),
    );
    for (const tab of tabs) tab.stop();
  }
});
