// What operators do and see: remove, end, change, the decision log, and who may.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Peer } from "./support/peer.ts";
import { ADMIN_KEY, API_KEY, OPERATOR_KEY, Runtime } from "./support/runtime.ts";
import { DRIVERS, PROVIDERS, eventually, people } from "./support/session.ts";

let runtime: Runtime;
before(async () => (runtime = await Runtime.start({ PROVIDERS })));
after(() => runtime.stop());

const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

async function problem(answer: Response, status: number): Promise<string> {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  return ((await answer.json()) as any).detail;
}

test("a key of the role viewer looks, one of the role operator acts", async () => {
  const [ana] = await people(runtime, "roles", ["ana", "ben"]);
  const acts: [method: string, path: string, body?: object][] = [
    ["PATCH", "/v1/sessions/roles", { title: "x" }],
    ["POST", "/v1/sessions/roles/switch", { provider: "west" }],
    ["DELETE", `/v1/sessions/roles/participants/${ana!.id}`],
    ["DELETE", "/v1/sessions/roles"],
  ];
  for (const [method, path, body] of acts) {
    const send = (key: string) =>
      runtime.fetch(path, { method, body: body && JSON.stringify(body), ...as(key) });
    const viewer = await problem(await send(ADMIN_KEY), 403);
    assert.match(viewer, /"tester" has the role "viewer".*to act takes "operator"/);
    await problem(await send(API_KEY), 403);
    await problem(await runtime.fetch(path, { method }), 401);
  }
  const looks = ["", "/health", "/alerts", "/events"].map((view) => `/v1/sessions/roles${view}`);
  for (const path of [...looks, "/v1/sessions", "/v1/alerts"]) {
    for (const key of [ADMIN_KEY, OPERATOR_KEY]) {
      assert.equal((await runtime.fetch(path, as(key))).status, 200, path);
    }
    await problem(await runtime.fetch(path, as(API_KEY)), 403);
    await problem(await runtime.fetch(path), 401);
  }
  assert.equal((await runtime.snapshot("roles")).participants.length, 2, "nothing was done");
});

test("a token of the session sees how it is, and not what operators decided", async () => {
  const token = await runtime.token("own", { userId: "ana" });
  const ana = await Peer.join(runtime, "own", "ana", { token });
  const ben = await Peer.join(runtime, "own", "ben");
  ana.connected(1, [ben]);
  await ben.next("participant_updated");
  const health: any = await runtime.json("/v1/sessions/own/health", as(token));
  assert.deepEqual(
    health.participants.map((p: any) => [p.id, p.connection, p.presence, p.sees]),
    [
      [ana.id, "good", "socket_only", [ben.id]],
      [ben.id, "connecting", "whole", []],
    ],
  );
  assert.deepEqual(await runtime.json("/v1/sessions/own/alerts", as(token)), { rows: [] });
  await problem(await runtime.fetch("/v1/sessions/own/events", as(token)), 401);
  await problem(await runtime.fetch("/v1/sessions", as(token)), 401);
});

test("whoever is removed is out, and the token is good nowhere any more (4003)", async () => {
  const token = await runtime.token("removed", { userId: "mallory" });
  const ana = await Peer.join(runtime, "removed", "ana");
  const mallory = await Peer.join(runtime, "removed", "mallory", { token });
  const remove = await runtime.operate("DELETE", `/v1/sessions/removed/participants/${mallory.id}`);
  assert.equal(remove.status, 204);
  assert.equal((await mallory.next("bye")).reason, "removed");
  assert.equal((await mallory.untilClosed()).code, 4003);
  const left = await ana.next("participant_left");
  assert.deepEqual([left.participant.id, left.reason], [mallory.id, "removed"]);

  const back = await Peer.open(runtime, "removed", "mallory", { token });
  back.hello();
  assert.equal((await back.next("error")).code, "removed");
  assert.equal((await back.untilClosed()).code, 4003);
  const resumed = await Peer.open(runtime, "removed", "mallory", {
    token,
    instance: mallory.instance,
  });
  resumed.hello(mallory.resume);
  assert.equal((await resumed.untilClosed()).code, 4003);
  for (const path of ["", "/health", "/alerts"].map((view) => `/v1/sessions/removed${view}`)) {
    assert.match(await problem(await runtime.fetch(path, as(token)), 403), /operator removed/);
  }
  await problem(await runtime.fetch("/v1/ice-servers", as(token)), 403);

  // It was the token that was barred, not the user.
  await Peer.join(runtime, "removed", "mallory");
  await problem(
    await runtime.operate("DELETE", `/v1/sessions/removed/participants/${mallory.id}`),
    404,
  );
});

test("a user who is removed does not come back with any token, kill or no kill", async (t) => {
  const own = await Runtime.start();
  t.after(() => own.stop());
  const ana = await Peer.join(own, "user", "ana");
  const tabs = [await Peer.join(own, "user", "mallory"), await Peer.join(own, "user", "mallory")];
  await own.operate("DELETE", `/v1/sessions/user/participants/${tabs[0]!.id}?user=true`);
  for (const tab of tabs) assert.equal((await tab.untilClosed()).code, 4003);
  await own.killAndRestart();
  const fresh = await Peer.open(own, "user", "mallory");
  fresh.hello();
  assert.equal((await fresh.untilClosed()).code, 4003);
  await Peer.join(own, "user", "ana", { instance: ana.instance, resume: ana.resume });
  const wrong = await own.operate("DELETE", `/v1/sessions/user/participants/${ana.id}?user=yes`);
  assert.match(await problem(wrong, 400), /user is true/);
});

test("an operator ends a session: 4004 for all, its log stays, and its id begins anew", async () => {
  const [ana, ben] = await people(runtime, "over", ["ana", "ben"]);
  assert.equal((await runtime.operate("DELETE", "/v1/sessions/over")).status, 204);
  for (const peer of [ana!, ben!]) {
    assert.equal((await peer.next("bye")).reason, "ended");
    assert.equal((await peer.untilClosed()).code, 4004);
  }
  await problem(await runtime.operate("GET", "/v1/sessions/over"), 404);
  await problem(await runtime.operate("DELETE", "/v1/sessions/over"), 404);
  const before = await runtime.events("over");
  const ended = before.at(-1);
  assert.deepEqual([ended.kind, ended.reason, ended.by.name], ["ended", "deleted", "olga"]);
  assert.equal(ended.summary.participants, 2);

  const again = await Peer.join(runtime, "over", "ana");
  assert.notEqual(again.welcome.session.incarnation, ana!.welcome.session.incarnation);
  const events = await runtime.events("over");
  assert.deepEqual(events.slice(0, before.length), before);
  assert.equal(events[before.length].kind, "began");
});

test("what an operator changes is told to all, and what makes no sense is not changed", async () => {
  const [ana, ben] = await people(runtime, "changed", ["ana", "ben"]);
  const patch = (body: object) => runtime.operate("PATCH", "/v1/sessions/changed", body);
  assert.equal((await patch({ title: "Réunion", lock: "stay", p2pLimit: 5 })).status, 200);
  for (const peer of [ana!, ben!]) {
    assert.equal((await peer.next("session")).session.title, "Réunion");
  }
  assert.equal((await runtime.snapshot("changed")).lock, "stay");
  await patch({ title: null });
  assert.equal((await ana!.next("session")).session.title, undefined);
  const wrong: [body: object, detail: RegExp][] = [
    [{ title: "x".repeat(129) }, /"title" has 1 to 128 characters/],
    [{ p2pLimit: 0 }, /"p2pLimit" is 0; it is a whole number of people from 1/],
    [{ lock: "tight" }, /tight/],
    [{ colour: "red" }, /colour/],
  ];
  for (const [body, detail] of wrong) assert.match(await problem(await patch(body), 400), detail);
  const changed = (await runtime.events("changed")).filter((e) => e.kind === "changed");
  assert.equal(changed.length, 2);
  assert.deepEqual(
    [changed[0].title, changed[0].lock, changed[0].p2pLimit],
    ["Réunion", "stay", 5],
  );
});

test("the decision log is complete, in order, and read by pages", async () => {
  const [ana, ben] = await people(runtime, "log", ["ana", "ben"]);
  await runtime.operate("POST", "/v1/sessions/log/switch", { provider: "east" });
  for (const peer of [ana!, ben!]) {
    await peer.next("prepare");
    peer.ready(2);
  }
  await ana!.next("commit");
  ben!.send({ type: "leave" });
  await ana!.next("participant_left");
  const events = await runtime.events("log");
  assert.deepEqual(
    events.map((e) => e.seq),
    events.map((_, i) => i + 1),
  );
  assert.deepEqual(
    events.map((e) => [e.kind, e.epoch, e.by.kind]),
    [
      ["began", 1, events[0].by.kind],
      ["joined", 1, events[1].by.kind],
      ["joined", 1, events[2].by.kind],
      ["prepared", 2, "admin"],
      ["committed", 2, "participant"],
      ["pinned", 2, "participant"],
      ["left", 2, "participant"],
    ],
  );
  assert.ok(events.every((e) => e.incarnation === ana!.welcome.session.incarnation));
  assert.deepEqual(
    events[0].alternatives.map((a: any) => a.provider),
    ["east", "west"],
  );

  const paged: any[] = [];
  let page = await runtime.look("/v1/sessions/log/events?limit=3");
  for (;;) {
    paged.push(...page.rows);
    if (page.next === undefined) break;
    assert.equal(page.next, page.rows.at(-1).seq);
    page = await runtime.look(`/v1/sessions/log/events?limit=3&after=${page.next}`);
  }
  assert.deepEqual(paged, events);
  assert.deepEqual(await runtime.look("/v1/sessions/log/events?after=7"), { rows: [] });
  const wrong = await runtime.operate("GET", "/v1/sessions/log/events?after=x");
  assert.match(await problem(wrong, 400), /after is "x"; it is a whole number from 0/);
  await problem(await runtime.operate("GET", "/v1/sessions/never/events"), 404);
});

test("a log that was kept for long enough goes, with all there was", async (t) => {
  const TUNING = JSON.stringify({ RETENTION: 1_000, EMPTY_GRACE: 0 });
  const own = await Runtime.start({ TUNING });
  t.after(() => own.stop());
  const ana = await Peer.join(own, "swept", "ana");
  ana.send({ type: "leave" });
  await ana.untilClosed();
  await eventually("the log is gone", async () => {
    return (await own.operate("GET", "/v1/sessions/swept/events")).status === 404;
  });
  const again = await Peer.join(own, "swept", "ana");
  assert.equal(again.welcome.session.epoch, 1);
  assert.equal((await own.events("swept"))[0].seq, 1);
});

test("an object that was only knocked at is let go of, and does not stir again", async (t) => {
  const TUNING = JSON.stringify({ HELLO_DEADLINE: 300 });
  const own = await Runtime.start({ LOG_LEVEL: "debug", TUNING });
  t.after(() => own.stop());
  const rude = await Peer.open(own, "knocked", "mallory");
  rude.raw("{nope");
  assert.equal((await rude.untilClosed()).code, 4009);
  const silent = await Peer.open(own, "silent", "mallory");
  assert.equal((await silent.untilClosed()).code, 1001);
  const quiet = await Peer.open(own, "gone", "mallory");
  quiet.close();
  await quiet.untilClosed();
  for (const session of ["knocked", "silent", "gone"]) {
    const path = `/v1/sessions/${session}/events`;
    await eventually(`${session} is let go of`, async () => {
      return (await own.operate("GET", path)).status === 404;
    });
  }
  await own.wakes("close", 2);
  const errors = own.log.filter((line) => line.level === "ERROR");
  assert.deepEqual(errors, []);
});

test("SAME_USER decides what becomes of a second tab (R9)", async (t) => {
  const [first, second] = [
    await Peer.join(runtime, "tabs", "ana"),
    await Peer.join(runtime, "tabs", "ana"),
  ];
  assert.equal((await runtime.snapshot("tabs")).participants.length, 2, "allow is the default");
  assert.deepEqual([first.closed, second.closed], [undefined, undefined]);

  const takeover = await Runtime.start({ SAME_USER: "takeover", PROVIDERS });
  t.after(() => takeover.stop());
  const old = await Peer.join(takeover, "tabs", "ana", { drivers: DRIVERS });
  const ben = await Peer.join(takeover, "tabs", "ben", { drivers: DRIVERS });
  const taken = await Peer.join(takeover, "tabs", "ana", { drivers: DRIVERS });
  assert.equal((await old.untilClosed()).code, 4000);
  const left = await ben.next("participant_left");
  assert.deepEqual([left.participant.id, left.reason], [old.id, "replaced"]);
  assert.deepEqual(
    (await takeover.snapshot("tabs")).participants.map((p: any) => p.id),
    [ben.id, taken.id],
  );

  const reject = await Runtime.start({ SAME_USER: "reject" });
  t.after(() => reject.stop());
  const here = await Peer.join(reject, "tabs", "ana");
  const late = await Peer.open(reject, "tabs", "ana");
  late.hello();
  assert.equal((await late.next("error")).code, "already_here");
  assert.equal((await late.untilClosed()).code, 4009);
  here.chat("still here");
  await here.next("chat");
  // The same tab may come back.
  here.cut();
  await Peer.join(reject, "tabs", "ana", { instance: here.instance, resume: here.resume });
});
