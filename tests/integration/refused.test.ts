// Bad input: each a stated error or close code, the session unharmed, everyone else undisturbed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { jwt as sign } from "./support/jwt.ts";
import { Peer } from "./support/peer.ts";
import { Runtime, TOKEN_SECRET } from "./support/runtime.ts";

let runtime: Runtime;
before(async () => {
  const TUNING = JSON.stringify({ HELLO_DEADLINE: 500 });
  runtime = await Runtime.start({ TUNING });
});
after(() => runtime.stop());

const jwt = (claims: object, secret = TOKEN_SECRET, alg?: string) => sign(claims, secret, alg);

function claims(session: string, more: object = {}) {
  const iat = Math.floor(Date.now() / 1000);
  return {
    sub: "mallory",
    name: "M",
    sid: session,
    role: "participant",
    iat,
    exp: iat + 60,
    jti: "x",
    ...more,
  };
}

/** Two who are in a call while somebody misbehaves beside them. */
async function bystanders(session: string) {
  const ana = await Peer.join(runtime, session, "ana");
  const ben = await Peer.join(runtime, session, "ben");
  await ana.next("participant_joined");
  const before = ana.frames.length;
  return {
    /** Frames come in order: what the misbehaviour had caused would stand before this echo. */
    async undisturbed(but = 0) {
      ben.chat("all well?");
      await Promise.all([ana.next("chat"), ben.next("chat")]);
      const told = ana.frames.slice(before).map((f) => f.type);
      assert.equal(told.length, 1 + but, `Ana was told ${told}`);
      const snapshot = await runtime.snapshot(session);
      assert.equal(snapshot.epoch, 1);
      assert.equal(snapshot.provider, "p2p");
      ana.close();
      ben.close();
    },
  };
}

const garbage: [what: string, frame: string | Uint8Array, code: string][] = [
  ["malformed JSON", "{nope", "malformed"],
  ["no object", "[1,2]", "malformed"],
  ["no type", '{"a":1}', "malformed"],
  ["a binary frame", new Uint8Array([1, 2, 3]), "malformed"],
  [
    "a frame over 64 KiB",
    JSON.stringify({ type: "chat", id: 1, text: "x".repeat(65_536) }),
    "too_large",
  ],
];

for (const [i, [what, frame, code]] of garbage.entries()) {
  test(`${what} instead of hello is an error and 4009`, async () => {
    const session = `garbage-first-${i}`;
    const others = await bystanders(session);
    const peer = await Peer.open(runtime, session, "mallory");
    peer.raw(frame);
    assert.equal((await peer.next("error")).code, code);
    assert.equal((await peer.untilClosed()).code, 4009);
    await others.undisturbed();
  });

  test(`${what} from a participant is an error and 4009`, async () => {
    const mallory = await Peer.join(runtime, `garbage-${i}`, "mallory");
    const others = await bystanders(`garbage-${i}`);
    mallory.raw(frame);
    assert.equal((await mallory.next("error")).code, code);
    assert.equal((await mallory.untilClosed()).code, 4009);
    // They are told that Mallory's socket is away, and nothing else.
    await others.undisturbed(1);
  });
}

const wrong: [what: string, frame: object, code: string][] = [
  ["an unknown type", { type: "dance" }, "unknown_type"],
  ["a field that is missing", { type: "chat", id: 1 }, "bad_field"],
  ["a field of the wrong kind", { type: "connected", epoch: "one", elapsed_ms: 0 }, "bad_field"],
  ["a second hello", { type: "hello", protocol: 1, instance: "x", drivers: [] }, "hello_twice"],
  ["a chat line that is too long", { type: "chat", id: 1, text: "x".repeat(4_001) }, "bad_field"],
  ["an empty chat line", { type: "chat", id: 2, text: " " }, "bad_field"],
  [
    "a signal to nobody",
    { type: "signal", id: 3, to: "nobody", epoch: 1, generation: 1, to_generation: 1, payload: {} },
    "unknown_participant",
  ],
];

test("an error names the chat line or the signal that it is about", async () => {
  const mallory = await Peer.join(runtime, "named", "mallory");
  for (const frame of [
    { type: "chat", id: 7, text: " " },
    { type: "signal", id: 8, to: "x", epoch: 1, generation: 1, to_generation: 1, payload: {} },
  ]) {
    mallory.send(frame);
    assert.equal((await mallory.next("error")).id, frame.id);
  }
  mallory.send({ type: "dance" });
  assert.ok(!("id" in (await mallory.next("error"))));
});

test("what one frame gets wrong is answered, and the participant stays", async () => {
  const mallory = await Peer.join(runtime, "wrong", "mallory");
  const others = await bystanders("wrong");
  for (const [what, frame, code] of wrong) {
    mallory.send(frame);
    const error = await mallory.next("error");
    assert.equal(error.code, code, what);
    assert.ok(error.message.length > 10, what);
  }
  await others.undisturbed();
  assert.equal(mallory.closed, undefined);
});

test("another first frame than hello is an error and 4009", async () => {
  const peer = await Peer.open(runtime, "no-hello", "mallory");
  peer.send({ type: "chat", id: 1, text: "hi" });
  assert.equal((await peer.next("error")).code, "hello_first");
  assert.equal((await peer.untilClosed()).code, 4009);
});

test("no hello at all is an error and 1001 at the deadline: whoever comes late may come again", async () => {
  const peer = await Peer.open(runtime, "silent", "mallory");
  assert.equal((await peer.next("error")).code, "hello_first");
  assert.equal((await peer.untilClosed()).code, 1001);
});

test("another major version is refused (R6)", async () => {
  const peer = await Peer.open(runtime, "version", "mallory");
  peer.hello(undefined, { protocol: 2 });
  assert.equal((await peer.next("error")).code, "protocol_version");
  assert.equal((await peer.untilClosed()).code, 4009);
});

test("a client without a driver of the session is refused, unsupported", async () => {
  const others = await bystanders("driverless");
  const peer = await Peer.open(runtime, "driverless", "mallory");
  peer.hello(undefined, { drivers: ["carrier-pigeon"] });
  assert.equal((await peer.next("error")).code, "unsupported");
  assert.equal((await peer.untilClosed()).code, 4009);
  await others.undisturbed();
});

const tokens: [what: string, token: (session: string) => string, message: RegExp][] = [
  ["forged", (s) => jwt(claims(s), "another secret, of more than thirty-two bytes"), /not signed/],
  ["of alg none", (s) => jwt(claims(s), TOKEN_SECRET, "none"), /not signed/],
  ["of another algorithm", (s) => jwt(claims(s), TOKEN_SECRET, "HS512"), /not signed/],
  ["of another session", () => jwt(claims("elsewhere")), /another session/],
  ["garbage", () => "garbage", /not a join token/],
  ["expired", (s) => jwt(claims(s, { iat: 1, exp: 2 })), /expired/],
];

for (const [i, [what, token, message]] of tokens.entries()) {
  test(`a token that is ${what} is refused with 4001, and opens no snapshot`, async () => {
    const session = `tokens-${i}`;
    const others = await bystanders(session);
    const peer = await Peer.open(runtime, session, "mallory", { token: token(session) });
    if (what === "expired") peer.hello();
    const error = await peer.next("error");
    assert.equal(error.code, "unauthorised");
    assert.match(error.message, message);
    assert.equal((await peer.untilClosed()).code, 4001);

    const answer = await runtime.fetch(`/v1/sessions/${session}`, {
      headers: { authorization: `Bearer ${token(session)}` },
    });
    assert.ok([401, 403].includes(answer.status), `the snapshot answered ${answer.status}`);
    await others.undisturbed();
  });
}

test("who comes back after their token has expired is let in by their secret, and by nothing else", async () => {
  const session = "expires";
  const exp = Math.floor(Date.now() / 1000) + 2;
  const token = jwt(claims(session, { exp }));
  const ana = await Peer.join(runtime, session, "mallory", { token });
  const { instance, resume } = ana;
  // The runtime's clock is this machine's.
  await ana.until("the token has expired", () => {
    ana.ping();
    return Date.now() >= exp * 1000;
  });
  ana.cut();
  await ana.untilClosed();

  for (const strangers of [{}, { instance }]) {
    const fresh = await Peer.open(runtime, session, "mallory", { token, ...strangers });
    fresh.hello();
    assert.match((await fresh.next("error")).message, /expired/);
    assert.equal((await fresh.untilClosed()).code, 4001);
  }
  const back = await Peer.join(runtime, session, "mallory", { token, instance, resume });
  assert.equal(back.welcome.resumed, true);
  assert.equal(back.welcome.participant, resume.participant);
});

test("a good token of the session is let in, so the ones above are refused for what they are", async () => {
  const peer = await Peer.join(runtime, "good", "x", { token: jwt(claims("good")) });
  assert.equal(peer.welcome.participant.length, 32);
});

test("what a client says of itself never overwrites its token (R11)", async () => {
  const ana = await Peer.join(runtime, "identity", "ana");
  const mallory = await Peer.open(runtime, "identity", "mallory");
  mallory.hello(undefined, { user_id: "ana", name: "Ana", role: "host" });
  const { participant } = await ana.next("participant_joined");
  assert.deepEqual(
    [participant.user_id, participant.name, participant.role],
    ["mallory", "mallory", "participant"],
  );
});

for (const [what, session] of [
  ["a slash", "a%2Fb"],
  ["200 characters", "x".repeat(200)],
  ["a space", "a%20b"],
] as const) {
  test(`a session name with ${what} is refused by socket and by HTTP`, async () => {
    const peer = new Peer(runtime.socketUrl(session), ["samewire.v1", "token.x"]);
    assert.equal((await peer.next("error")).code, "bad_session");
    assert.equal((await peer.untilClosed()).code, 4009);
    const answer = await runtime.fetch(`/v1/sessions/${session}`);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    const problem = (await answer.json()) as any;
    assert.equal(problem.type, "urn:samewire:problem:bad-request");
    assert.match(problem.detail, /1 to 128 characters of A-Z, a-z, 0-9, _ and -/);
  });
}

test("a session name with a bare slash is no path of ours", async () => {
  const answer = await runtime.fetch("/v1/sessions/a/b/connect");
  assert.equal(answer.status, 404);
  assert.equal(((await answer.json()) as any).type, "urn:samewire:problem:not-found");
});

test("a page of another origin is refused, null too, and no origin passes", async () => {
  const token = jwt(claims("origins"));
  const protocols = ["samewire.v1", `token.${token}`];
  for (const origin of ["https://evil.example", "null"]) {
    const peer = new Peer(runtime.socketUrl("origins"), protocols, { origin });
    assert.equal((await peer.next("error")).code, "origin");
    assert.equal((await peer.untilClosed()).code, 4001);
  }
  const own = new Peer(runtime.socketUrl("origins"), protocols, { origin: runtime.origin });
  await own.until("it is open", () => own.frames.length === 0 && own.closed === undefined);
  own.close();
});

test("a client that does not offer the subprotocol is refused with 4009", async () => {
  const peer = new Peer(runtime.socketUrl("p"), []);
  assert.equal((await peer.next("error")).code, "unsupported");
  assert.equal((await peer.untilClosed()).code, 4009);
});
