// The runtime is killed, or the object hibernates: nothing that was told is forgotten.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";

test("killed with -9 and back: same provider, same epoch, the roster rebuilt (R3)", async (t) => {
  const runtime = await Runtime.start();
  t.after(() => runtime.stop());
  const ana = await Peer.join(runtime, "killed", "ana");
  const ben = await Peer.join(runtime, "killed", "ben");
  const [a, b] = [ana.welcome.participant, ben.welcome.participant];
  const tracks = [{ id: "mic", source: "microphone", ref: "s1", muted: true }];
  ana.send({ type: "tracks", epoch: 1, tracks });
  await ben.next("participant_updated", (f) => f.participant.tracks.length === 1);
  ana.chat("before");
  await Promise.all([ana.next("chat"), ben.next("chat")]);
  // What Ben does not get before the kill must reach him after it.
  ben.cut();
  await ana.next("participant_updated", (f) => f.participant.connection === "lost");
  ana.chat("while Ben was away");
  await ana.next("chat");

  await runtime.killAndRestart();
  await Promise.all([ana.untilClosed(), ben.untilClosed()]);

  const anaAgain = await Peer.join(runtime, "killed", "ana", {
    instance: ana.instance,
    resume: ana.resume,
  });
  const benAgain = await Peer.join(runtime, "killed", "ben", {
    instance: ben.instance,
    resume: ben.resume,
  });
  for (const [before, after] of [
    [ana, anaAgain],
    [ben, benAgain],
  ] as const) {
    assert.equal(after.welcome.resumed, true);
    assert.equal(after.welcome.participant, before.welcome.participant);
    assert.equal(after.welcome.generation, before.welcome.generation);
    assert.deepEqual(after.welcome.session, before.welcome.session);
  }
  assert.equal(anaAgain.welcome.last_id, 2);
  const missed = await benAgain.next("chat");
  assert.equal(missed.text, "while Ben was away");
  const snapshot = await runtime.snapshot("killed");
  assert.deepEqual(
    snapshot.participants.map((p: any) => [p.id, p.connection, p.tracks]),
    [
      [a, "connecting", tracks],
      [b, "connecting", []],
    ],
  );
  assert.equal(
    benAgain.frames.filter((f) => f.type === "chat").length,
    1,
    "what Ben had is not told twice",
  );
});

test("hibernation loses nothing, and heartbeats wake nobody (R3)", async (t) => {
  const runtime = await Runtime.start({ LOG_LEVEL: "debug" });
  t.after(() => runtime.stop());
  const ana = await Peer.join(runtime, "asleep", "ana");
  const ben = await Peer.join(runtime, "asleep", "ben");
  ana.send({ type: "tracks", epoch: 1, tracks: [{ id: "m", source: "camera", muted: false }] });
  await ben.next("participant_updated", (f) => f.participant.tracks.length === 1);
  const wakes = () => runtime.log.filter((line) => line.message === "wake");
  // The log comes with a delay, and in order: once the snapshot stands in it, all before it does.
  await runtime.snapshot("asleep");
  await runtime.wakes("fetch", 3);
  const before = wakes().length;

  // Twelve seconds of idleness are what the runtime needs to hibernate an object; there is no event
  // to wait for, because hibernation is when nothing happens.
  const idleUntil = Date.now() + 12_000;
  while (Date.now() < idleUntil) {
    const pongs = ana.pongs + ben.pongs;
    ana.ping();
    ben.ping();
    await ana.until("a pong came", () => ana.pongs + ben.pongs >= pongs + 1);
    await new Promise((next) => setTimeout(next, 500));
  }
  assert.ok(ana.pongs >= 10 && ben.pongs >= 10);
  assert.equal(wakes().length, before, "a heartbeat woke the object");

  const id = ben.chat("good morning");
  const [heard, echo] = await Promise.all([ana.next("chat"), ben.next("chat")]);
  assert.equal(heard.text, "good morning");
  assert.equal(echo.id, id);
  const snapshot = await runtime.snapshot("asleep");
  await runtime.wakes("fetch", 4);
  const first = wakes()[before];
  assert.deepEqual(
    [first?.event, first?.rebuilt],
    ["message", true],
    "the object was not asleep when the line came, so this test shows nothing",
  );
  const lastBefore = ana.frames.at(-2)!.seq;
  assert.equal(heard.seq, lastBefore + 1, "numbers go on where they were");
  assert.equal(snapshot.epoch, 1);
  assert.equal(snapshot.participants[0].tracks.length, 1);
});

test("the alarm of a sleeping object sends away who is silent, and keeps who beats", async (t) => {
  // The alarm that looks for a late hello is over long before the lease is.
  const TUNING = JSON.stringify({ HEARTBEAT: 1_000, LEASE: 14_000, HELLO_DEADLINE: 1_000 });
  const runtime = await Runtime.start({ LOG_LEVEL: "debug", TUNING });
  t.after(() => runtime.stop());
  const ana = await Peer.join(runtime, "silent", "ana");
  const ben = await Peer.join(runtime, "silent", "ben");
  const beat = setInterval(() => ana.ping(), 1_000);
  t.after(() => clearInterval(beat));

  assert.equal((await ben.untilClosed()).code, 1001);
  const away = await ana.next("participant_updated");
  assert.deepEqual([away.participant.user_id, away.participant.connection], ["ben", "lost"]);
  // The first ring looked for a late hello.
  const [, rang] = await runtime.wakes("alarm", 2);
  assert.equal(rang?.rebuilt, true, "the object had not hibernated, so this test shows nothing");

  // His lease runs out, too; hers goes on with every beat.
  const left = await ana.next("participant_left");
  assert.deepEqual([left.participant.user_id, left.reason], ["ben", "lease"]);
  assert.equal(ana.closed, undefined);
});
