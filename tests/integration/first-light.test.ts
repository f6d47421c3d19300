// One session, two participants: the whole way through the Worker, the object and its storage.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";

let runtime: Runtime;
before(async () => (runtime = await Runtime.start()));
after(() => runtime.stop());

test("two participants are told of one provider, one room and one epoch", async () => {
  const ana = await Peer.join(runtime, "pair", "ana");
  const ben = await Peer.join(runtime, "pair", "ben");
  assert.deepEqual(ben.welcome.session, ana.welcome.session);
  assert.deepEqual(
    { ...ana.welcome.session, incarnation: "" },
    {
      id: "pair",
      incarnation: "",
      epoch: 1,
      provider: "p2p",
      kind: "p2p",
      room: "pair",
      state: "active",
      mode: "call",
    },
  );
  const joined = await ana.next("participant_joined");
  assert.equal(joined.participant.user_id, "ben");
  assert.ok(ben.welcome.ordinal > ana.welcome.ordinal);
});

test("the snapshot shows who sees whom (R41)", async () => {
  const ana = await Peer.join(runtime, "sees", "ana");
  const ben = await Peer.join(runtime, "sees", "ben");
  const [a, b] = [ana.welcome.participant, ben.welcome.participant];
  ana.send({ type: "connected", epoch: 1, elapsed_ms: 120, sees: [b] });
  await ben.next("participant_updated", (f) => f.participant.connection === "good");
  const snapshot = await runtime.snapshot("sees");
  assert.deepEqual(
    snapshot.participants.map((p: any) => [p.userId, p.connection, p.sees]),
    [
      ["ana", "good", [b]],
      ["ben", "connecting", []],
    ],
  );
  assert.equal(snapshot.participants[0].id, a);
});
