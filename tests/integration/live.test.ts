// The index: every session that is live, what it is on, and what happens, as it happens.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Follower } from "./support/follower.ts";
import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";
import { DRIVERS, PROVIDERS, eventually, people } from "./support/session.ts";

const ids = (list: any) => list.rows.map((row: any) => row.id);

/** Waits until the list holds exactly these. */
function listed(runtime: Runtime, expected: string[], query = ""): Promise<any> {
  return eventually(`${expected} are listed`, async () => {
    const list = await runtime.look(`/v1/sessions${query}`);
    return JSON.stringify(ids(list)) === JSON.stringify(expected) && list;
  });
}

test("the list says who is on what, by state, session and user, and by pages", async (t) => {
  const runtime = await Runtime.start({ PROVIDERS });
  t.after(() => runtime.stop());
  assert.deepEqual(await runtime.look("/v1/sessions"), { rows: [] });
  const began = Date.now();
  await people(runtime, "alpha", ["ana", "ben"], { title: "Alpha" });
  await people(runtime, "beta", ["ana"]);
  const [eva] = await people(runtime, "gamma", ["eva"]);
  const { rows } = await listed(runtime, ["alpha", "beta", "gamma"]);
  const { startedAt, updatedAt, version, incarnation, ...alpha } = rows[0];
  assert.deepEqual(alpha, {
    id: "alpha",
    epoch: 1,
    provider: "p2p",
    kind: "p2p",
    state: "active",
    title: "Alpha",
    participants: 2,
    users: ["ana", "ben"],
    alerts: [],
  });
  assert.ok(began <= startedAt && startedAt <= updatedAt && updatedAt <= Date.now());
  assert.equal(incarnation, (await runtime.snapshot("alpha")).incarnation);
  assert.equal(version, 2);

  await listed(runtime, ["alpha", "beta"], "?user=ana");
  await listed(runtime, ["beta"], "?session=bet");
  await listed(runtime, [], "?user=an");
  await runtime.operate("POST", "/v1/sessions/gamma/switch", { provider: "west" });
  await listed(runtime, ["gamma"], "?state=switching");
  eva!.ready(2);
  await eva!.next("commit");
  await eventually("it is on the SFU", async () => {
    const row = (await runtime.look("/v1/sessions?session=gamma")).rows[0];
    return row.provider === "west" && row.kind === "sfu" && row.epoch === 2;
  });
  const first = await runtime.look("/v1/sessions?limit=2");
  assert.deepEqual([ids(first), first.next], [["alpha", "beta"], "beta"]);
  const second = await runtime.look(`/v1/sessions?limit=2&cursor=${first.next}`);
  assert.deepEqual([ids(second), second.next], [["gamma"], undefined]);
  for (const query of ["state=gone", "limit=0", "session=a%20b", "cursor=%27"]) {
    const answer = await runtime.operate("GET", `/v1/sessions?${query}`);
    assert.equal(answer.status, 400, query);
  }

  await runtime.operate("DELETE", "/v1/sessions/beta");
  await listed(runtime, ["alpha", "gamma"]);
});

test("who follows is told what is there, and then each change, with a sign of life", async (t) => {
  const TUNING = JSON.stringify({ HEARTBEAT: 300, EMPTY_GRACE: 0 });
  const runtime = await Runtime.start({ PROVIDERS, TUNING });
  t.after(() => runtime.stop());
  const here = await Peer.join(runtime, "here", "ana");
  await listed(runtime, ["here"]);
  const follower = await Follower.open(runtime);
  t.after(() => follower.stop());
  const current = await follower.next("all there is", (e) => e.kind === "current");
  assert.deepEqual(current.data, { sessions: 1 });
  assert.deepEqual([follower.events[0]!.kind, follower.events[0]!.data.id], ["session", "here"]);

  const gone = await Follower.open(runtime);
  gone.stop();
  await Peer.join(runtime, "here", "ben");
  const joined = await follower.next("the second", (e) => e.data?.participants === 2);
  assert.deepEqual(joined.data.users, ["ana", "ben"]);
  await follower.next("a sign of life", (e) => e.kind === ":");
  const { incarnation } = here.welcome.session;
  await runtime.operate("DELETE", "/v1/sessions/here");
  const ended = await follower.next("the end", (e) => e.kind === "ended");
  assert.deepEqual(ended.data, { id: "here", incarnation });
  assert.equal(follower.over, false);

  assert.equal((await runtime.fetch("/v1/live")).status, 401);
});

test("neither heartbeats nor chat nor signals are news to the index", async (t) => {
  const runtime = await Runtime.start({ LOG_LEVEL: "debug" });
  t.after(() => runtime.stop());
  const [ana, ben] = [
    await Peer.join(runtime, "quiet", "ana"),
    await Peer.join(runtime, "quiet", "ben"),
  ];
  const told = () => runtime.log.filter((line) => line.message === "told").length;
  await eventually("both are told of", async () => told() === 2);
  for (let i = 0; i < 20; i += 1) {
    ana.ping();
    ana.chat(`line ${i}`);
    await ben.next("chat");
    const fence = { epoch: 1, generation: 1, to_generation: 1 };
    ben.send({ type: "signal", id: i + 1, to: ana.id, ...fence, payload: { i } });
    await ana.next("signal");
  }
  ana.send({ type: "ack", ack: ana.frames.at(-1)!.seq });
  ana.connected(1, [ben]);
  await ben.next("participant_updated");
  // The log comes with a delay, and in order: this news stands in it after any before it.
  ben.send({ type: "leave" });
  await eventually("he is gone", async () => told() >= 3);
  assert.equal(told(), 3);
  assert.equal((await runtime.look("/v1/sessions")).rows[0].version, 3);
});

test("the list survives kill -9, and what happened then is in it", async (t) => {
  const TUNING = JSON.stringify({ LEASE: 2_000, HEARTBEAT: 1_000, EMPTY_GRACE: 500 });
  const runtime = await Runtime.start({ PROVIDERS, TUNING });
  t.after(() => runtime.stop());
  const [ana] = await people(runtime, "stays", ["ana", "ben"]);
  const [eva] = await people(runtime, "goes", ["eva"]);
  await listed(runtime, ["goes", "stays"]);
  // Killed at once: whether the index was told of the third is nobody's guess.
  const token = await runtime.token("third", { userId: "kim" });
  const kim = await Peer.join(runtime, "third", "kim", { token, drivers: DRIVERS });
  await runtime.killAndRestart();
  await Promise.all([ana!.untilClosed(), eva!.untilClosed(), kim.untilClosed()]);
  const back = await Peer.join(runtime, "stays", "ana", {
    instance: ana!.instance,
    resume: ana!.resume,
    drivers: DRIVERS,
  });
  const beat = setInterval(() => back.ping(), 500);
  t.after(() => clearInterval(beat));
  // Nobody comes back to the others: their own alarms end them, and the index hears of it.
  const { rows } = await listed(runtime, ["stays"]);
  assert.equal(rows[0].incarnation, ana!.welcome.session.incarnation);
  await eventually("Ben is gone", async () => {
    const list = await runtime.look("/v1/sessions?session=stays");
    return JSON.stringify(list.rows[0].users) === '["ana"]';
  });
});

test("news that the index could not be told before a kill is told after it", async (t) => {
  // The alarm that looks after whoever was here tells the index, too: 2 s after the kill.
  const TUNING = JSON.stringify({ LEASE: 2_000, HEARTBEAT: 1_000, EMPTY_GRACE: 60_000 });
  const runtime = await Runtime.withDeafIndex({ PROVIDERS, TUNING });
  t.after(() => runtime.stop());
  const sessions = Array.from({ length: 8 }, (_, i) => `kill-${i}`);
  const tokens = await Promise.all(
    sessions.map((session) => runtime.token(session, { userId: "ana" })),
  );
  // Every one of them is welcomed: a session needs no index.
  const peers = await Promise.all(
    sessions.map((session, i) => Peer.join(runtime, session, "ana", { token: tokens[i]! })),
  );
  const refused = () => runtime.log.filter((line) => /could not be told/.test(line.message ?? ""));
  await eventually("each was refused", async () => refused().length >= sessions.length);
  const list = await runtime.operate("GET", "/v1/sessions");
  assert.equal(list.status, 503, await list.text());
  await runtime.killAndRestart();
  await Promise.all(peers.map((peer) => peer.untilClosed()));
  await listed(runtime, sessions);
});

test("alerts are listed over all sessions while they are open", async (t) => {
  const TUNING = JSON.stringify({ ONE_WAY_ALERT: 100, ONE_WAY_VERDICT: 60_000 });
  const runtime = await Runtime.start({ TUNING });
  t.after(() => runtime.stop());
  await Peer.join(runtime, "fine", "kim");
  const [ana, ben] = [
    await Peer.join(runtime, "one-way", "ana"),
    await Peer.join(runtime, "one-way", "ben"),
  ];
  const tracks = [{ id: "cam", source: "camera", muted: false }];
  for (const peer of [ana, ben]) peer.send({ type: "tracks", epoch: 1, tracks });
  ana.connected(1, [ben]);
  ben.connected(1, []);
  for (const peer of [ana, ben]) {
    assert.equal((await peer.next("alert")).kind, "asymmetric");
  }
  const { rows } = await eventually("the alert is listed", async () => {
    const list = await runtime.look("/v1/alerts?state=open");
    return list.rows.length === 1 && list;
  });
  assert.deepEqual(
    [rows[0].session, rows[0].kind, rows[0].participant],
    ["one-way", "asymmetric", ben.id],
  );
  const own = await runtime.look("/v1/sessions/one-way/alerts");
  const { session: _, ...alert } = rows[0];
  assert.deepEqual(own, { rows: [alert] });
  ben.connected(1, [ana]);
  await eventually("it is over", async () => (await runtime.look("/v1/alerts")).rows.length === 0);
  const wrong = await runtime.operate("GET", "/v1/alerts?state=closed");
  assert.equal(wrong.status, 400);
  assert.equal((await runtime.fetch("/v1/alerts", { headers: {} })).status, 401);
});
