// Credentials for TURN, and tokens: short-lived, and renewed before they end (R33, R34).

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";

const TURN_SECRET = "the secret that coturn has, too";

const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

/** What coturn expects, by another implementation than the Worker's. */
function assertGood(server: any, user: string, ttl: number) {
  const [expiry, name] = server.username.split(":");
  assert.equal(name, user);
  const lasts = Number(expiry) - Date.now() / 1_000;
  assert.ok(lasts > ttl - 10 && lasts <= ttl + 1, `it lasts ${lasts} s`);
  const expected = createHmac("sha1", TURN_SECRET).update(server.username).digest("base64");
  assert.equal(server.credential, expected);
}

const hmac = (ttlSeconds?: number) => [
  { urls: "stun:stun.example" },
  { urls: ["turn:turn.example"], hmac: { secret: "TURN_SECRET", ttlSeconds } },
];

async function start(t: TestContext, servers: object, more: Record<string, string> = {}) {
  const runtime = await Runtime.start({
    ICE_SERVERS: JSON.stringify(servers),
    TURN_SECRET,
    ...more,
  });
  t.after(() => runtime.stop());
  return runtime;
}

test("credentials for coturn come with welcome and over HTTP, and the secret does not", async (t) => {
  const runtime = await start(t, hmac(600));
  const token = await runtime.token("ice", { userId: "ana" });
  const ana = await Peer.join(runtime, "ice", "ana", { token });
  const [stun, turn] = ana.welcome.ice_servers;
  assert.deepEqual(stun, { urls: ["stun:stun.example"] });
  assert.deepEqual(turn.urls, ["turn:turn.example"]);
  assertGood(turn, "ana", 600);

  const answer: any = await runtime.json("/v1/ice-servers", as(token));
  assertGood(answer.iceServers[1], "ana", 600);
  assert.equal(answer.expiresAt, Number(answer.iceServers[1].username.split(":")[0]) * 1_000);
  assert.ok(!JSON.stringify([ana.frames, answer]).includes(TURN_SECRET));
  // Somebody who never joined may ask, too; nobody else.
  const ben = await runtime.token("never-begun", { userId: "ben" });
  assertGood(((await runtime.json("/v1/ice-servers", as(ben))) as any).iceServers[1], "ben", 600);
  for (const init of [{}, as("x.y.z"), as("integration-api-key")]) {
    assert.equal((await runtime.fetch("/v1/ice-servers", init)).status, 401);
  }
  assert.equal((await runtime.operate("GET", "/v1/sessions/never-begun")).status, 404);
});

test("a wrong ICE_SERVERS is refused, and what may be a secret is not repeated", async (t) => {
  const servers = [{ urls: "turn:t", hmac: { secret: "hush-hush" } }];
  const runtime = await start(t, servers);
  const said: any = await runtime.json("/healthz");
  assert.match(said.detail, /ICE_SERVERS: \[0\]\.hmac\.secret is no name of a secret/);
  assert.ok(!said.detail.includes("hush-hush"));
});

/** A stand-in for Cloudflare's TURN service. */
async function cloudflare(t: TestContext) {
  const asked: any[] = [];
  const control = { fail: false };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      const { authorization } = request.headers;
      asked.push({ path: request.url, method: request.method, authorization, body });
      if (control.fail) return response.writeHead(500).end("{}");
      const n = asked.length;
      const iceServers = [
        { urls: ["stun:stun.cloudflare.example:3478"] },
        { urls: ["turn:turn.cloudflare.example:3478"], username: `u${n}`, credential: `c${n}` },
      ];
      response.writeHead(201, { "content-type": "application/json" });
      response.end(JSON.stringify({ iceServers }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entry = { cloudflare: { keyId: "key1", secret: "TURN_SECRET", ttlSeconds: 60, url } };
  return { asked, control, servers: [{ urls: "stun:own.example" }, entry] };
}

test("Cloudflare's credentials are fetched for welcome and over HTTP", async (t) => {
  const turn = await cloudflare(t);
  const runtime = await start(t, turn.servers);
  const token = await runtime.token("cf", { userId: "ana" });
  const ana = await Peer.join(runtime, "cf", "ana", { token });
  assert.deepEqual(turn.asked, [
    {
      path: "/v1/turn/keys/key1/credentials/generate-ice-servers",
      method: "POST",
      authorization: `Bearer ${TURN_SECRET}`,
      body: '{"ttl":60}',
    },
  ]);
  assert.deepEqual(
    ana.welcome.ice_servers.map((s: any) => [s.urls[0], s.username]),
    [
      ["stun:own.example", undefined],
      ["stun:stun.cloudflare.example:3478", undefined],
      ["turn:turn.cloudflare.example:3478", "u1"],
    ],
  );
  const answer: any = await runtime.json("/v1/ice-servers", as(token));
  assert.equal(answer.iceServers[2].username, "u2");
  const lasts = answer.expiresAt - Date.now();
  assert.ok(lasts > 50_000 && lasts <= 60_000);
  turn.control.fail = true;
  const failed = await runtime.fetch("/v1/ice-servers", as(token));
  assert.equal(failed.status, 503);
});

test("when Cloudflare does not answer, people come in all the same and get credentials later", async (t) => {
  const turn = await cloudflare(t);
  turn.control.fail = true;
  const runtime = await start(t, turn.servers);
  const ana = await Peer.join(runtime, "cf", "ana");
  assert.deepEqual(
    ana.welcome.ice_servers.map((s: any) => s.urls[0]),
    ["stun:own.example"],
  );
  turn.control.fail = false;
  const { ice_servers } = await ana.next("ice_servers");
  assert.equal(ice_servers[2].urls[0], "turn:turn.cloudflare.example:3478");
});

test("tokens and credentials are renewed over the socket at half of their life", async (t) => {
  const runtime = await start(t, hmac(60), { LOG_LEVEL: "debug" });
  const token = await runtime.token("renewed", { userId: "ana", ttlSeconds: 60 });
  const ana = await Peer.join(runtime, "renewed", "ana", { token });
  const beat = setInterval(() => ana.ping(), 5_000);
  t.after(() => clearInterval(beat));
  const began = Date.now();
  const [ice, renewed] = await Promise.all([
    ana.until("credentials came", () => ana.frames.some((f) => f.type === "ice_servers")),
    ana.until("a token came", () => ana.frames.some((f) => f.type === "token")),
  ]).then(() => ["ice_servers", "token"].map((type) => ana.frames.find((f) => f.type === type)!));
  const waited = Date.now() - began;
  assert.ok(waited > 24_000 && waited < 40_000, `it came after ${waited} ms`);
  assertGood(ice!.ice_servers[1], "ana", 60);

  const lasts = renewed!.expires_at - Date.now();
  assert.ok(lasts > 50_000 && lasts <= 60_000, `the new token lasts ${lasts} ms`);
  const part = (jwt: string) => JSON.parse(Buffer.from(jwt.split(".")[1]!, "base64url").toString());
  assert.equal(part(renewed!.token).jti, part(token).jti, "it keeps the name that can be barred");
  assert.equal((await runtime.fetch("/v1/sessions/renewed", as(renewed!.token))).status, 200);
  assert.ok(!JSON.stringify(runtime.log).includes(renewed!.token), "no token stands in a log");

  // Whoever is removed with the old one is barred with the new one.
  await runtime.operate("DELETE", `/v1/sessions/renewed/participants/${ana.id}`);
  const back = await Peer.open(runtime, "renewed", "ana", { token: renewed!.token });
  back.hello();
  assert.equal((await back.untilClosed()).code, 4003);
});
