// The HTTP API: what it answers, and what it says when it cannot.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ADMIN_KEY, API_KEY, Runtime } from "./support/runtime.ts";
import { Peer } from "./support/peer.ts";

let runtime: Runtime;
before(async () => {
  runtime = await Runtime.start({
    DEMO: "true",
    ALLOWED_ORIGINS: "https://app.example",
    ICE_SERVERS: JSON.stringify([{ urls: "stun:stun.example:3478" }]),
  });
});
after(() => runtime.stop());

const asBackend = { authorization: `Bearer ${API_KEY}` };
const asAdmin = { authorization: `Bearer ${ADMIN_KEY}` };

async function problem(
  answer: Response,
): Promise<{ type: string; status: number; detail: string }> {
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const body = (await answer.json()) as { type: string; status: number; detail: string };
  assert.equal(body.status, answer.status);
  return body;
}

test("/healthz says that the service lives, and its version", async () => {
  const { status, version } = await runtime.json("/healthz");
  assert.equal(status, "ok");
  assert.equal((await runtime.fetch("/healthz", { method: "HEAD" })).status, 200);
  assert.match(version, /^\d+\.\d+\.\d+$/);
});

test("a backend gets a token that joins, with title and constants of the first one", async () => {
  const made = async (userId: string, title: string, HEARTBEAT: number) =>
    runtime.json("/v1/sessions/titled/tokens", {
      method: "POST",
      headers: asBackend,
      body: JSON.stringify({
        userId,
        name: userId.toUpperCase(),
        ttlSeconds: 120,
        session: { title, tuning: { HEARTBEAT } },
      }),
    });
  const first = await made("ana", "Stand-up", 7_000);
  assert.equal(first.url, runtime.socketUrl("titled"));
  const lasts = first.expiresAt - Date.now();
  assert.ok(lasts > 110_000 && lasts <= 120_000, `it lasts ${lasts} ms`);
  const ana = await Peer.join(runtime, "titled", "ana", { token: first.token });
  const second = await made("ben", "Something else", 9_000);
  const ben = await Peer.join(runtime, "titled", "ben", { token: second.token });
  for (const { welcome } of [ana, ben]) {
    assert.equal(welcome.session.title, "Stand-up");
    assert.equal(welcome.config.heartbeat_ms, 7_000);
    assert.deepEqual(welcome.ice_servers, [{ urls: ["stun:stun.example:3478"] }]);
  }
  assert.equal(ben.welcome.participants[0].name, "ANA");
});

test("a token needs the API key, and the admin key is none", async () => {
  for (const headers of [{}, { authorization: "Bearer wrong" }, asAdmin]) {
    const answer = await runtime.fetch("/v1/sessions/s/tokens", {
      method: "POST",
      headers,
      body: "{}",
    });
    assert.equal((await problem(answer)).type, "urn:samewire:problem:unauthorised");
  }
});

test("what is good elsewhere is said to be so where an admin key is wanted", async () => {
  const ask = async (key: string) =>
    problem(await runtime.fetch("/v1/sessions", { headers: { authorization: `Bearer ${key}` } }));
  const backend = await ask(API_KEY);
  assert.equal(backend.type, "urn:samewire:problem:forbidden");
  assert.match(backend.detail, /this is the API key/);
  const joining = await ask(await runtime.token("s", { userId: "ana" }));
  assert.equal(joining.type, "urn:samewire:problem:unauthorised");
  assert.match(joining.detail, /a join token does not do here/);
});

test("a method that a path does not take is told which it takes", async () => {
  for (const [path, allow] of [
    ["/healthz", "GET, HEAD"],
    ["/v1/sessions/s", "GET, PATCH, DELETE"],
    ["/v1/sessions/s/switch", "POST"],
    ["/v1/live", "GET"],
  ]) {
    const answer = await runtime.fetch(path!, { method: "PUT" });
    assert.equal(answer.headers.get("allow"), allow);
    assert.equal((await problem(answer)).detail, `${path} takes ${allow}, not PUT`);
  }
});

test("a wrong body is said to be wrong, with what would be right", async () => {
  const wrong: [body: string, detail: RegExp][] = [
    ["nope", /it is a JSON object, and this begins with "n"/],
    ["", /it is a JSON object, and this is empty/],
    ["{}", /userId/],
    ['{"userId":"a","ttlSeconds":1}', /ttlSeconds is 1; it is 60 to 86400/],
    ['{"userId":"a","colour":"red"}', /colour/],
    [
      '{"userId":"a","session":{"tuning":{"LEASES":1}}}',
      /"LEASES" is no constant; there are HEARTBEAT/,
    ],
  ];
  for (const [body, detail] of wrong) {
    const answer = await runtime.fetch("/v1/sessions/s/tokens", {
      method: "POST",
      headers: asBackend,
      body,
    });
    const said = await problem(answer);
    assert.equal(said.type, "urn:samewire:problem:bad-request");
    assert.match(said.detail, detail);
  }
});

test("a list for the object, and a body beyond any that could be right, are refused", async () => {
  const post = (body: string) =>
    runtime.fetch("/v1/sessions/s/tokens", { method: "POST", headers: asBackend, body });
  assert.equal((await problem(await post('["ana"]'))).type, "urn:samewire:problem:bad-request");
  const huge = await problem(await post(`{"${"x".repeat(100_000)}":1}`));
  assert.equal(huge.type, "urn:samewire:problem:too-large");
  const long = await problem(await post(`{"${"x".repeat(10_000)}":1}`));
  assert.ok(long.detail.length < 400, "what was sent is not repeated whole");
});

test("the snapshot is for admins and for tokens of the session; who is not there is not found", async () => {
  const token = await runtime.token("seen", { userId: "ana" });
  const asAna = { authorization: `Bearer ${token}` };
  const early = await runtime.fetch("/v1/sessions/seen", { headers: asAdmin });
  assert.equal((await problem(early)).type, "urn:samewire:problem:not-found");
  await Peer.join(runtime, "seen", "ana", { token });
  for (const headers of [asAdmin, asAna]) {
    assert.equal((await runtime.json("/v1/sessions/seen", { headers })).provider, "p2p");
  }
  const strangers: Record<string, string>[] = [{}, { authorization: "Bearer x.y.z" }];
  for (const headers of strangers) {
    const answer = await runtime.fetch("/v1/sessions/seen", { headers });
    assert.equal((await problem(answer)).type, "urn:samewire:problem:unauthorised");
  }
  const backend = await runtime.fetch("/v1/sessions/seen", { headers: asBackend });
  assert.equal((await problem(backend)).type, "urn:samewire:problem:forbidden");
  const other = await runtime.fetch("/v1/sessions/other", { headers: asAna });
  assert.equal((await problem(other)).type, "urn:samewire:problem:forbidden");
});

test("the demo's tokens are for demo sessions", async () => {
  const ask = (body: object) =>
    runtime.fetch("/demo/token", { method: "POST", body: JSON.stringify(body) });
  const made = (await (await ask({ session: "demo-x", name: "Ana" })).json()) as any;
  const ana = await Peer.join(runtime, "demo-x", "", { token: made.token });
  assert.match(ana.welcome.participants[0].user_id, /^demo-/);
  assert.match(
    (await problem(await ask({ session: "x", name: "Ana" }))).detail,
    /begin with "demo-"/,
  );
});

test("the demo is not there unless it is switched on", async (t) => {
  const plain = await Runtime.start();
  t.after(() => plain.stop());
  const answer = await plain.fetch("/demo/token", { method: "POST", body: "{}" });
  assert.equal((await problem(answer)).type, "urn:samewire:problem:not-found");
});

test("a wrong method, a path of nothing and a socket without upgrade are problems", async () => {
  const type = async (path: string, init?: RequestInit) =>
    (await problem(await runtime.fetch(path, init))).type.split(":").at(-1);
  assert.equal(await type("/healthz", { method: "POST" }), "method-not-allowed");
  assert.equal(await type("/v1/sessions/s/tokens"), "method-not-allowed");
  assert.equal(await type("/v1/nothing"), "not-found");
  assert.equal(await type("/v1/sessions/s/connect"), "upgrade-required");
});

test("CORS lets in the origins that are listed, and no other", async () => {
  const allowed = async (origin: string) => {
    const answer = await runtime.fetch("/v1/sessions/s/tokens", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    assert.equal(answer.status, 204);
    return answer.headers.get("access-control-allow-origin");
  };
  assert.equal(await allowed("https://app.example"), "https://app.example");
  assert.equal(await allowed("https://evil.example"), null);
  assert.equal(await allowed("null"), null);
});

test("a configuration that is wrong is refused with its key, what it holds and what it may", async (t) => {
  const broken = await Runtime.start({ TUNING: '{"LEASE":"soon"}' });
  t.after(() => broken.stop());
  const said = await problem(await broken.fetch("/healthz"));
  assert.equal(said.type, "urn:samewire:problem:misconfigured");
  assert.match(
    said.detail,
    /TUNING: "LEASE" is "soon"; it is a whole number of milliseconds from 200/,
  );
});
