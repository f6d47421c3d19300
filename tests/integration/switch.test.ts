// The move between providers: all of a session move or none does, whoever asks for it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";
import { PROVIDERS, people } from "./support/session.ts";

let runtime: Runtime;
before(async () => (runtime = await Runtime.start({ PROVIDERS })));
after(() => runtime.stop());

const move = (session: string, provider: string, reason?: string) =>
  runtime.operate("POST", `/v1/sessions/${session}/switch`, { provider, reason });

const kinds = async (session: string) => (await runtime.events(session)).map((e) => e.kind);

test("a switch is prepared by all, and committed when all are ready (R12)", async () => {
  const [ana, ben, eva] = (await people(runtime, "barrier", ["ana", "ben", "eva"])) as any;
  const answer = await move("barrier", "east", "a look at the SFU");
  assert.equal(answer.status, 202);
  assert.deepEqual(await answer.json(), { epoch: 2 });
  for (const peer of [ana, ben, eva]) {
    const prepare = await peer.next("prepare");
    assert.deepEqual(
      [prepare.epoch, prepare.provider, prepare.kind, prepare.room, prepare.cause],
      [2, "east", "sfu", "barrier", "operator"],
    );
    assert.ok(prepare.deadline_ms > 3_000 && prepare.deadline_ms <= 5_000);
  }
  ana.ready(2);
  ben.ready(2);
  ben.chat("here already?");
  await ben.next("chat");
  const during = await runtime.snapshot("barrier");
  assert.deepEqual([during.state, during.epoch, during.provider], ["switching", 1, "p2p"]);
  assert.deepEqual(during.switch.waitingFor, [eva.id]);
  assert.deepEqual(during.switch.ready, [ana.id, ben.id].sort());

  eva.ready(2);
  for (const peer of [ana, ben, eva]) {
    const commit = await peer.next("commit");
    assert.deepEqual([commit.epoch, commit.provider], [2, "east"]);
  }
  const now = await runtime.snapshot("barrier");
  assert.deepEqual(
    [now.state, now.epoch, now.provider, now.kind, now.pinnedBy],
    ["active", 2, "east", "sfu", "olga"],
  );
  const events = await runtime.events("barrier");
  const prepared = events.find((e) => e.kind === "prepared");
  assert.deepEqual(prepared.by, { kind: "admin", name: "olga" });
  assert.deepEqual(prepared.evidence, { reason: "a look at the SFU" });
  assert.ok(prepared.alternatives.some((a: any) => a.provider === "west"));
  // Of an old epoch, it is answered with what is.
  ana.connected(1, [ben]);
  assert.equal((await ana.next("session")).session.epoch, 2);
});

test("a switch that one is never ready for is aborted at its deadline, and nobody moves", async () => {
  const tuning = { PREPARE_DEADLINE: 800 };
  const [ana, ben] = (await people(runtime, "late", ["ana", "ben"], { tuning })) as any;
  assert.equal((await move("late", "west")).status, 202);
  await Promise.all([ana.next("prepare"), ben.next("prepare")]);
  ana.ready(2);
  // He is there, and says so; he is only not ready.
  await ben.next("probe").then((probe: any) => ben.send({ type: "probe", nonce: probe.nonce }));
  for (const peer of [ana, ben]) {
    const abort = await peer.next("abort");
    assert.deepEqual([abort.epoch, abort.cause], [2, "deadline"]);
  }
  const now = await runtime.snapshot("late");
  assert.deepEqual([now.state, now.epoch, now.provider], ["active", 1, "p2p"]);
  const aborted = (await runtime.events("late")).find((e) => e.kind === "aborted");
  assert.deepEqual(aborted.evidence, { notReady: [ben.id] });
  // The number is used up (R1).
  assert.deepEqual(await (await move("late", "east")).json(), { epoch: 3 });
});

test("a provider that fails for both is left at once, in one switch (R14, R19)", async () => {
  const [ana, ben] = (await people(runtime, "dead", ["ana", "ben"])) as any;
  ana.failed(1, "p2p");
  ben.failed(1, "p2p");
  for (const peer of [ana, ben]) {
    const commit = await peer.next("commit");
    assert.deepEqual([commit.epoch, commit.provider, commit.cause], [2, "east", "failed"]);
    assert.ok(!peer.frames.some((f: any) => f.type === "prepare"), "there was nothing to protect");
  }
  ana.connected(2, [ben]);
  ben.connected(2, [ana]);
  await ana.next("participant_updated", (f: any) => f.participant.connection === "good");
  const now = await runtime.snapshot("dead");
  assert.deepEqual([now.epoch, now.provider], [2, "east"]);
  const log = await kinds("dead");
  assert.equal(log.filter((kind) => kind === "committed").length, 1);
  assert.ok(log.includes("recovered"));
  assert.ok(now.barred.p2p > Date.now());
});

test("when the committed provider dies during a switch, the prepared one is committed at once", async () => {
  const [ana, ben] = (await people(runtime, "both", ["ana", "ben"])) as any;
  assert.equal((await move("both", "west")).status, 202);
  await Promise.all([ana.next("prepare"), ben.next("prepare")]);
  ana.failed(1, "p2p");
  const commits = await Promise.all([ana.next("commit"), ben.next("commit")]);
  assert.deepEqual(
    commits.map((c) => [c.epoch, c.provider]),
    [
      [2, "west"],
      [2, "west"],
    ],
  );
});

test("a switch that cannot be is a conflict that says why", async () => {
  const [ana] = (await people(runtime, "conflicts", ["ana", "ben"])) as any;
  const why = async (provider: string) => {
    const answer = await move("conflicts", provider);
    assert.equal(answer.status, 409);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    const problem = (await answer.json()) as any;
    assert.equal(problem.type, "urn:samewire:problem:conflict");
    return problem.detail;
  };
  assert.match(await why("zoom"), /no provider "zoom"; there are p2p, east, west/);
  assert.match(await why("p2p"), /on "p2p" already/);
  await runtime.operate("PATCH", "/v1/sessions/conflicts", { lock: "stay" });
  assert.match(await why("west"), /locked to where it is/);
  await runtime.operate("PATCH", "/v1/sessions/conflicts", { lock: null });
  assert.equal((await move("conflicts", "west")).status, 202);
  assert.match(await why("east"), /a switch to "west" is under way in epoch 2/);
  ana.ready(2);
  assert.equal((await move("nobody-here", "west")).status, 404);
  const wrong = await runtime.operate("POST", "/v1/sessions/conflicts/switch", { to: "west" });
  assert.equal(wrong.status, 400);
});

test("a switch keeps the session there until it is unpinned", async () => {
  const tuning = { MIN_DWELL: 0, SETTLED: 0 };
  const [ana, ben] = (await people(runtime, "pinned", ["ana", "ben"], { tuning })) as any;
  await move("pinned", "east");
  for (const peer of [ana, ben]) {
    await peer.next("prepare");
    peer.ready(2);
  }
  await Promise.all([ana.next("commit"), ben.next("commit")]);
  ana.chat("still here");
  await ana.next("chat");
  assert.equal((await runtime.snapshot("pinned")).pinnedBy, "olga");
  const answer = await runtime.operate("PATCH", "/v1/sessions/pinned", { unpin: true });
  assert.equal(answer.status, 200);
  // Free again, it goes back to what ranks better for two.
  const back = await ana.next("prepare");
  assert.deepEqual([back.epoch, back.provider, back.cause], [3, "p2p", "returned"]);
  assert.ok((await kinds("pinned")).includes("unpinned"));
});

test("a switch under way survives kill -9, and ends", async (t) => {
  const own = await Runtime.start({ PROVIDERS });
  t.after(() => own.stop());
  const tuning = { PREPARE_DEADLINE: 3_000 };
  const [ana, ben] = (await people(own, "killed", ["ana", "ben"], { tuning })) as any;
  await own.operate("POST", "/v1/sessions/killed/switch", { provider: "west" });
  await Promise.all([ana.next("prepare"), ben.next("prepare")]);
  await own.killAndRestart();
  await Promise.all([ana.untilClosed(), ben.untilClosed()]);
  const again = await Promise.all(
    [ana, ben].map((peer: any, i) =>
      Peer.join(own, "killed", ["ana", "ben"][i]!, {
        instance: peer.instance,
        resume: peer.resume,
        drivers: ["p2p", "east", "west"],
      }),
    ),
  );
  const snapshot = await own.snapshot("killed");
  if (snapshot.switch) {
    for (const peer of again) peer.ready(2);
    for (const peer of again) assert.equal((await peer.next("commit")).epoch, 2);
  } else {
    // Starting took longer than the deadline, which had to be kept.
    assert.deepEqual([snapshot.epoch, snapshot.provider], [1, "p2p"]);
    for (const peer of again) assert.equal((await peer.next("abort")).epoch, 2);
  }
});
