// An idle session is cheap: heartbeats write nothing and wake nobody, and the object looks at its
// leases a few times a minute.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";

/** Four heartbeats are a minute, were they the usual 15 s; the lease is two of them, as usual. */
const HEARTBEAT = 1_500;
const MINUTE = 4 * HEARTBEAT;

test("two people who say nothing for a minute: no row, no wake by a heartbeat, at most 5 wakes", async (t) => {
  const TUNING = JSON.stringify({ HEARTBEAT, LEASE: 2 * HEARTBEAT, HELLO_DEADLINE: 500 });
  const runtime = await Runtime.start({ LOG_LEVEL: "debug", TUNING });
  t.after(() => runtime.stop());
  const people = [await Peer.join(runtime, "idle", "ana"), await Peer.join(runtime, "idle", "ben")];
  await people[0]!.next("participant_joined");
  // The log comes late and in order: a request that stands in it says that all before it does.
  const fetches = () => runtime.log.filter((l) => l.message === "wake" && l.event === "fetch");
  const caughtUp = async () => {
    const before = fetches().length;
    await runtime.snapshot("idle");
    await runtime.wakes("fetch", before + 1);
  };
  await caughtUp();
  const from = runtime.log.length;
  const until = Date.now() + MINUTE;
  while (Date.now() < until) {
    for (const peer of people) {
      const pongs = peer.pongs;
      peer.ping();
      await peer.until("its heartbeat is answered", () => peer.pongs > pongs);
    }
    await new Promise((later) => setTimeout(later, HEARTBEAT));
  }
  await caughtUp();
  const lines = runtime.log.slice(from);
  const wakes = lines.filter((line) => line.message === "wake").map((line) => line.event);
  // The last is the look at the end of this test itself.
  assert.equal(wakes.pop(), "fetch");
  assert.ok(
    wakes.every((event) => event === "alarm"),
    `${wakes}`,
  );
  assert.ok(wakes.length <= 5, `${wakes.length} wakes`);
  assert.ok(wakes.length > 0, "nobody looked at the leases: the test proves nothing");
  const rows = lines.filter((line) => line.message === "stored");
  assert.deepEqual(rows, []);
  for (const peer of people) assert.equal(peer.closed, undefined);
  t.diagnostic(`${wakes.length} wakes, ${rows.length} rows`);
});
