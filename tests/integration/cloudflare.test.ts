// The way to Cloudflare's SFU through the Worker: what passes, and what does not.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Runtime } from "./support/runtime.ts";
import { people } from "./support/session.ts";
import { APP_SECRET, SfuStandIn } from "./support/sfu-stand-in.ts";

const PAGE = "https://app.example";

let sfu: SfuStandIn;
let runtime: Runtime;
/** Two of one session and one of another, each with a token and an SFU session of its own. */
let ana: Caller, ben: Caller, eve: Caller;
before(async () => {
  sfu = await SfuStandIn.start();
  runtime = await Runtime.start({
    PROVIDERS: JSON.stringify([
      { name: "p2p", kind: "p2p", priority: 1 },
      sfu.provider({ priority: 2 }),
    ]),
    APP_SECRET,
    ALLOWED_ORIGINS: PAGE,
  });
  [ana, ben] = (await callers("ours", ["ana", "ben"])) as [Caller, Caller];
  [eve] = (await callers("theirs", ["eve", "fay"])) as [Caller];
});
after(async () => {
  await runtime.stop();
  await sfu.stop();
});
beforeEach(() => (sfu.next = undefined));

/** A participant who calls the SFU. */
class Caller {
  readonly token: string;
  /** What stands for its session on the SFU. */
  handle = "";

  constructor(token: string) {
    this.token = token;
  }

  call(method: string, path: string, body?: unknown, headers: object = {}): Promise<Response> {
    const text = typeof body === "string" ? body : body && JSON.stringify(body);
    return runtime.fetch(`/v1/sfu/cloudflare/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      ...(text !== undefined && { body: text as string }),
    });
  }

  /** Says what it pulls. */
  pull(from: string, trackName = "camera"): Promise<Response> {
    const tracks = [{ location: "remote", sessionId: from, trackName }];
    return this.call("POST", `sessions/${this.handle}/tracks/new`, { tracks });
  }
}

async function callers(session: string, names: string[]): Promise<Caller[]> {
  const peers = await people(runtime, session, names);
  await runtime.operate("POST", `/v1/sessions/${session}/switch`, { provider: "cloudflare" });
  const all: Caller[] = [];
  for (const peer of peers) {
    const { credentials } = await peer.next("credentials");
    assert.deepEqual(Object.keys(credentials).sort(), ["expires_at", "token"]);
    const caller = new Caller(credentials.token);
    const answer = await caller.call("POST", "sessions/new", {});
    assert.equal(answer.status, 201);
    caller.handle = ((await answer.json()) as any).sessionId;
    all.push(caller);
  }
  return all;
}

/** That nothing reached the SFU, and what the problem says. */
async function refused(status: number, answering: Promise<Response>): Promise<string> {
  const before = sfu.calls.length;
  const answer = await answering;
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  assert.equal(sfu.calls.length, before, "it reached the SFU");
  return ((await answer.json()) as any).detail;
}

test("own calls pass with the app's secret, and ids are told by handles", async () => {
  const description = { type: "offer", sdp: "v=0" };
  const tracks = [{ location: "local", mid: "0", trackName: "camera" }];
  const path = `sessions/${ana.handle}/tracks/new`;
  const answer = await ana.call("POST", path, { sessionDescription: description, tracks });
  assert.deepEqual([answer.status, await answer.json()], [200, { tracks }]);
  const id = ana.handle.split(".")[0];
  assert.deepEqual(sfu.last, {
    method: "POST",
    path: `/v1/apps/app1/sessions/${id}/tracks/new`,
    authorization: `Bearer ${APP_SECRET}`,
    body: { sessionDescription: description, tracks },
  });
  for (const [method, rest] of [
    ["PUT", "/renegotiate"],
    ["PUT", "/tracks/update"],
    ["PUT", "/tracks/close"],
    ["GET", ""],
  ] as const) {
    const passed = await ana.call(
      method,
      `sessions/${ana.handle}${rest}`,
      method === "PUT" ? {} : undefined,
    );
    assert.equal(passed.status, 200, rest);
    assert.deepEqual(
      [sfu.last.method, sfu.last.path],
      [method, `/v1/apps/app1/sessions/${id}${rest}`],
    );
  }
});

test("a track of another participant of the session is pulled by its handle", async () => {
  const answer = await ana.pull(ben.handle);
  assert.equal(answer.status, 200);
  assert.equal(sfu.last.body.tracks[0].sessionId, ben.handle.split(".")[0]);
  assert.equal(((await answer.json()) as any).tracks[0].sessionId, ben.handle);
});

test("nobody acts on another's session, or pulls from another session", async () => {
  for (const rest of ["", "/renegotiate", "/tracks/new", "/tracks/update", "/tracks/close"]) {
    const method = rest === "" ? "GET" : rest === "/tracks/new" ? "POST" : "PUT";
    const body = method === "GET" ? undefined : {};
    const act = (of: string) => ana.call(method, `sessions/${of}${rest}`, body);
    assert.match(await refused(403, act(ben.handle)), /another participant's/);
    assert.match(await refused(403, act(eve.handle)), /no session that the SFU gave you/);
  }
  assert.match(await refused(403, ana.pull(eve.handle)), /nobody was given here/);
});

test("a forged handle is none", async () => {
  const [id, participant, signature] = ben.handle.split(".") as [string, string, string];
  const [own] = ana.handle.split(".") as [string];
  for (const forged of [
    id,
    `${id}.${participant}`,
    `${id}.${participant}.`,
    `${own}.${participant}.${signature}`,
    `${id}x.${participant}.${signature}`,
    `${id}.${participant}.${signature.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`,
    eve.handle,
    "",
    "../../apps/other",
  ]) {
    await refused(403, ana.pull(forged));
  }
});

test("a token is its participant's, and only while it lasts", async () => {
  const asking = (authorization: string) => ana.call("POST", "sessions/new", {}, { authorization });
  const [said, signature] = ana.token.split(".") as [string, string];
  const claims = JSON.parse(Buffer.from(said, "base64url").toString());
  const twist = (change: object) =>
    `${Buffer.from(JSON.stringify({ ...claims, ...change })).toString("base64url")}.${signature}`;
  const join = await runtime.token("ours", { userId: "ana" });
  for (const token of [
    twist({ expires_at: claims.expires_at + 1 }),
    twist({ participant: "someone" }),
    said,
    `${said}.`,
    "x.y",
    "",
    join,
    APP_SECRET,
  ]) {
    await refused(401, asking(`Bearer ${token}`));
  }
  await refused(401, asking("Basic abc"));
  // Whose token it is decides, whoever shows it: with ben's, ana's session is another's.
  const path = `sessions/${ana.handle}/renegotiate`;
  await refused(403, ben.call("PUT", path, {}));
});

test("no path leads anywhere else, and each takes its own method", async () => {
  const { handle } = ana;
  for (const path of [
    "",
    "sessions",
    "sessions/",
    "sessions/new/tracks",
    `sessions/${handle}/tracks/all`,
    `sessions/${handle}/../new/x`,
    `sessions/%2e%2e/apps`,
    `sessions/${handle}/tracks/new/more`,
    "apps/other/sessions/new",
  ]) {
    await refused(404, ana.call("POST", path, {}));
  }
  for (const [method, path, allow] of [
    ["GET", "sessions/new", "POST"],
    ["DELETE", `sessions/${handle}`, "GET"],
    ["POST", `sessions/${handle}/renegotiate`, "PUT"],
    ["PUT", `sessions/${handle}/tracks/new`, "POST"],
  ] as const) {
    const answering = ana.call(method, path);
    await refused(405, answering);
    assert.equal((await answering).headers.get("allow"), allow);
  }
  const other = await runtime.fetch("/v1/sfu/janus/sessions/new", { method: "POST" });
  assert.equal(other.status, 404);
});

test("a body is an object of what is known, and of so many bytes", async () => {
  const path = `sessions/${ana.handle}/tracks/new`;
  for (const body of [
    "[]",
    "{",
    "7",
    '{"appId":"x"}',
    '{"tracks":[{"url":"x"}]}',
    '{"tracks":7}',
  ]) {
    await refused(400, ana.call("POST", path, body));
  }
  const tracks = Array.from({ length: 65 }, () => ({ location: "local" }));
  assert.match(await refused(400, ana.call("POST", path, { tracks })), /a list of 64 at most/);
  const sdp = "v".repeat(256 * 1024);
  const huge = { sessionDescription: { type: "offer", sdp } };
  assert.match(await refused(413, ana.call("POST", path, huge)), /at most 262144/);
});

test("what the SFU answers is passed on, in its own words where they are words", async () => {
  const look = () => ana.call("GET", `sessions/${ana.handle}`);
  const gone = { errorCode: "session_error", errorDescription: "gone" };
  for (const status of [400, 406, 410, 425, 429, 500, 503]) {
    sfu.next = [status, JSON.stringify(gone)];
    const answer = await look();
    assert.deepEqual([answer.status, await answer.json()], [status, gone]);
  }
  for (const [next, why] of [
    [[500, "<html>"], /status 500 and no JSON/],
    [[200, "[]"], /no JSON object/],
    [[200, ""], /no JSON object/],
    [[401, "{}"], /refused the app that is configured/],
    [[302, "{}"], /answered with status 302/],
    [[200, JSON.stringify({ long: "x".repeat(1_100_000) })], /too long/],
  ] as const) {
    sfu.next = next as [number, string];
    const answer = await look();
    assert.equal(answer.status, 502);
    const problem = (await answer.json()) as any;
    assert.equal(problem.type, "urn:samewire:problem:bad-gateway");
    assert.match(problem.detail, why);
    assert.ok(!JSON.stringify(problem).includes(APP_SECRET));
  }
  // A name that is none is not told on.
  sfu.next = [201, JSON.stringify({ sessionId: "../x" })];
  assert.equal((await ana.call("POST", "sessions/new", {})).status, 502);
  // What nobody here was told of is not told in an answer.
  sfu.next = [200, JSON.stringify({ tracks: [{ sessionId: "somebody's", mid: "0" }] })];
  assert.deepEqual(await (await look()).json(), { tracks: [{ mid: "0" }] });
});

test("an SFU that says nothing is a timeout", async () => {
  sfu.next = "silence";
  const answer = await ana.call("GET", `sessions/${ana.handle}`);
  assert.equal(answer.status, 504);
  assert.equal(((await answer.json()) as any).type, "urn:samewire:problem:gateway-timeout");
});

test("pages of an allowed origin may call, with PUT and the authorization header", async () => {
  const preflight = await runtime.fetch(`/v1/sfu/cloudflare/sessions/${ana.handle}/renegotiate`, {
    method: "OPTIONS",
    headers: { origin: PAGE, "access-control-request-method": "PUT" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), PAGE);
  assert.match(preflight.headers.get("access-control-allow-methods")!, /\bPUT\b/);
  assert.match(preflight.headers.get("access-control-allow-headers")!, /authorization/);
  const wrong = await ana.call("GET", "sessions/nothing", undefined, { origin: PAGE });
  assert.equal(wrong.headers.get("access-control-allow-origin"), PAGE, "errors can be read");
});

test("a provider that is configured wrong is said, with where and what would be right", async (t) => {
  const wrong = await Runtime.start({
    PROVIDERS: JSON.stringify([sfu.provider({ config: {} })]),
    APP_SECRET,
  });
  t.after(() => wrong.stop());
  const answer = await wrong.fetch("/healthz");
  assert.equal(answer.status, 500);
  const { type, detail } = (await answer.json()) as any;
  assert.equal(type, "urn:samewire:problem:misconfigured");
  assert.match(
    detail,
    /PROVIDERS: \[0\]\.config\.appId is missing; it is the id of a Realtime SFU app/,
  );
});
