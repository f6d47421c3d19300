// Many sockets race to be first in one session; and one too many comes to a full one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";

const SESSIONS = 20;
const PEERS = 64;

test("sixty-four sockets race to be first, in twenty sessions: all are told the same", async (t) => {
  const runtime = await Runtime.start({ TUNING: JSON.stringify({ P2P_HARD_LIMIT: PEERS }) });
  t.after(() => runtime.stop());
  for (let s = 0; s < SESSIONS; s += 1) {
    const session = `race-${s}`;
    const peers = await Promise.all(
      Array.from({ length: PEERS }, (_, i) => Peer.open(runtime, session, `user-${i}`)),
    );
    // Every socket is open before the first says anything, so that all of them race.
    for (const peer of peers) peer.hello();
    await Promise.all(peers.map((peer) => peer.next("welcome")));

    const told = new Set(peers.map((peer) => JSON.stringify(peer.welcome.session)));
    assert.equal(told.size, 1, `session ${s} was told ${[...told].join(" and ")}`);
    const { provider, room, epoch } = peers[0]!.welcome.session;
    assert.deepEqual({ provider, room, epoch }, { provider: "p2p", room: session, epoch: 1 });
    const ordinals = peers.map((peer) => peer.welcome.ordinal).sort((a, b) => a - b);
    assert.deepEqual(
      ordinals,
      Array.from({ length: PEERS }, (_, i) => i + 1),
    );
    const snapshot = await runtime.snapshot(session);
    assert.equal(snapshot.participants.length, PEERS);
    assert.equal(snapshot.epoch, 1);
    for (const peer of peers) peer.cut();
  }
});

test("the ninth of a P2P-only session is refused, and nobody else notices", async (t) => {
  const runtime = await Runtime.start();
  t.after(() => runtime.stop());
  const eight = [];
  for (let i = 0; i < 8; i += 1) eight.push(await Peer.join(runtime, "full", `user-${i}`));
  // Everyone has been told of the eighth.
  await Promise.all(
    eight
      .slice(0, 7)
      .map((peer) => peer.next("participant_joined", (f) => f.participant.user_id === "user-7")),
  );
  const before = eight.map((peer) => peer.frames.length);

  const ninth = await Peer.open(runtime, "full", "user-8");
  ninth.hello();
  const error = await ninth.next("error");
  assert.equal(error.code, "full");
  assert.deepEqual(await ninth.untilClosed(), { code: 4008, reason: "full" });

  // Frames come in order, so whatever the refusal had caused would stand before this line's echo.
  eight[0]!.chat("still here");
  await Promise.all(eight.map((peer) => peer.next("chat")));
  assert.deepEqual(
    eight.map((peer) => peer.frames.length),
    before.map((count) => count + 1),
  );
  assert.equal((await runtime.snapshot("full")).participants.length, 8);

  // A place that comes free is taken.
  eight[3]!.send({ type: "leave" });
  await eight[0]!.next("participant_left");
  await Peer.join(runtime, "full", "user-8");
});
