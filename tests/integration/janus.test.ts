// Rooms on a real Janus: who makes them, who gets in, and what follows when Janus is not there.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { Janus } from "../support/janus.ts";
import { JanusGuest } from "./support/janus-guest.ts";
import { Peer } from "./support/peer.ts";
import { Runtime } from "./support/runtime.ts";
import { eventually, people } from "./support/session.ts";

let janus: Janus;
let runtime: Runtime;
before(async () => {
  janus = await Janus.start();
  runtime = await Runtime.start(vars());
});
after(async () => {
  await runtime.stop();
  await janus.stop();
});

const P2P = { name: "p2p", kind: "p2p", priority: 1 };

const vars = (secret = janus.secretText) => ({
  PROVIDERS: JSON.stringify([P2P, janus.provider({ priority: 2 })]),
  JANUS_SECRET: secret,
});

/** A session that an operator moves to Janus; gives each one's credentials. */
async function moved(of: Runtime, session: string, names: string[]): Promise<[Peer[], any[]]> {
  const peers = await people(of, session, names);
  await of.operate("POST", `/v1/sessions/${session}/switch`, { provider: "janus" });
  const frames = await Promise.all(peers.map((peer) => peer.next("credentials")));
  return [peers, frames];
}

test("a switch to Janus makes the session's room, and everyone's credentials open it", async () => {
  const [peers, frames] = await moved(runtime, "room", ["ana", "ben"]);
  for (const [i, frame] of frames.entries()) {
    assert.deepEqual([frame.epoch, frame.provider], [2, "janus"]);
    const prepare = peers[i]!.frames.find((f) => f.type === "prepare");
    assert.ok(prepare && prepare.seq < frame.seq, "after the prepare");
    assert.equal(prepare.credentials, undefined, "what all are told carries none");
    assert.deepEqual(Object.keys(frame.credentials).sort(), [
      "expires_at",
      "room_token",
      "token",
      "url",
    ]);
    const guest = await JanusGuest.enter(frame.credentials);
    assert.deepEqual(await guest.join("room", frame.credentials.room_token), {
      videoroom: "joined",
    });
    guest.leave();
  }
});

test("the token of one room opens no other, and none opens without one", async () => {
  const [, [one]] = await moved(runtime, "mine", ["ana", "ben"]);
  await moved(runtime, "theirs", ["cem", "dee"]);
  const guest = await JanusGuest.enter(one.credentials);
  const unauthorised = { videoroom: "event", error_code: 433 };
  assert.deepEqual(await guest.join("theirs", one.credentials.room_token), unauthorised);
  assert.deepEqual(await guest.join("mine", one.credentials.token), unauthorised);
  assert.deepEqual(await guest.join("mine", undefined), unauthorised);
  // Managing a room takes what the Worker keeps, making one the admin key.
  const manage = (body: object) => guest.ask(body).then((said) => said.error_code);
  assert.equal(await manage({ request: "destroy", room: "mine" }), 429);
  assert.equal(await manage({ request: "destroy", room: "mine", secret: "guess" }), 433);
  assert.equal(await manage({ request: "kick", room: "mine", id: "x" }), 429);
  assert.equal(await manage({ request: "create", room: "another" }), 429);
  guest.leave();
  const ends = Math.floor(Date.now() / 1_000) + 60;
  const said = `${ends},janus,janus.plugin.videoroom`;
  const forged = createHmac("sha1", "a guess").update(said).digest("base64");
  const url = one.credentials.url;
  await assert.rejects(JanusGuest.enter({ url, token: `${said}:${forged}` }), /403/);
});

test("a room that is there already is as good as one that was made", async () => {
  await moved(runtime, "again", ["ana", "ben"]);
  const token = await runtime.token("again", { userId: "cem" });
  const drivers = ["p2p", "janus"];
  const late = await Peer.join(runtime, "again", "cem", { token, drivers });
  const frame = await late.next("credentials");
  const guest = await JanusGuest.enter(frame.credentials);
  assert.deepEqual(await guest.join("again", frame.credentials.room_token), {
    videoroom: "joined",
  });
  guest.leave();
});

test("the room goes with the session", async () => {
  const tuning = { EMPTY_GRACE: 0 };
  const peers = await people(runtime, "over", ["ana", "ben"], { tuning });
  await runtime.operate("POST", "/v1/sessions/over/switch", { provider: "janus" });
  const [frame] = await Promise.all(peers.map((peer) => peer.next("credentials")));
  const guest = await JanusGuest.enter(frame!.credentials);
  assert.equal((await guest.ask({ request: "exists", room: "over" })).exists, true);
  await runtime.operate("DELETE", "/v1/sessions/over");
  await eventually("the room is gone", async () => {
    return (await guest.ask({ request: "exists", room: "over" })).exists === false;
  });
  guest.leave();
});

for (const [what, break_, mend] of [
  ["is dead", (it: Janus) => it.kill(), (it: Janus) => it.restart()],
  ["is frozen", (it: Janus) => it.freeze(), (it: Janus) => it.thaw()],
] as const) {
  test(`while Janus ${what} a switch to it is aborted, and nobody moves`, async (t) => {
    const own = await Janus.start();
    const its = await Runtime.start({
      ...vars(),
      PROVIDERS: JSON.stringify([P2P, own.provider({ priority: 2 })]),
    });
    t.after(async () => {
      await its.stop();
      await own.stop();
    });
    const [ana, ben] = (await people(its, "dead", ["ana", "ben"])) as any;
    await break_(own);
    await its.operate("POST", "/v1/sessions/dead/switch", { provider: "janus" });
    for (const peer of [ana, ben]) {
      const abort = await peer.next("abort");
      assert.deepEqual([abort.epoch, abort.cause], [2, "failed"]);
    }
    const now = await its.snapshot("dead");
    assert.deepEqual([now.state, now.epoch, now.provider], ["active", 1, "p2p"]);
    const aborted = (await its.events("dead")).find((e) => e.kind === "aborted");
    assert.match(aborted.evidence.credentials, /^Janus/);
    await mend(own);
    await its.operate("POST", "/v1/sessions/dead/switch", { provider: "janus" });
    assert.equal((await ana.next("credentials")).epoch, 3);
  });
}

test("a wrong secret is said in the log of decisions, without the secret", async (t) => {
  for (const [wrong, why] of [
    [{ adminKey: "hush-hush" }, /refused with 433/],
    [{ tokenSecret: "hush-hush" }, /refused with 403/],
  ] as const) {
    const its = await Runtime.start(vars(JSON.stringify({ ...janus.secret, ...wrong })));
    t.after(() => its.stop());
    const [ana] = (await people(its, "wrong", ["ana", "ben"])) as any;
    await its.operate("POST", "/v1/sessions/wrong/switch", { provider: "janus" });
    await ana.next("abort");
    const events = await its.events("wrong");
    assert.match(events.find((e) => e.kind === "aborted").evidence.credentials, why);
    assert.ok(!JSON.stringify([events, its.log]).includes("hush-hush"));
  }
});

test("killed between the prepare and the credentials, the object makes the room when it is back", async (t) => {
  const own = await Janus.start();
  const its = await Runtime.start({
    ...vars(),
    PROVIDERS: JSON.stringify([P2P, own.provider({ priority: 2 })]),
    TUNING: JSON.stringify({ PREPARE_DEADLINE: 30_000 }),
  });
  t.after(async () => {
    await its.stop();
    await own.stop();
  });
  const peers = await people(its, "killed", ["ana", "ben"]);
  own.freeze();
  await its.operate("POST", "/v1/sessions/killed/switch", { provider: "janus" });
  await Promise.all(peers.map((peer) => peer.next("prepare")));
  await its.killAndRestart();
  own.thaw();
  const again = await Promise.all(
    peers.map(async (peer, i) => {
      await peer.untilClosed();
      const { instance, resume } = peer;
      const drivers = ["p2p", "janus"];
      return Peer.join(its, "killed", ["ana", "ben"][i]!, { instance, resume, drivers });
    }),
  );
  for (const peer of again) {
    const frame = await peer.next("credentials");
    assert.deepEqual([frame.epoch, frame.provider], [2, "janus"]);
    peer.ready(2);
  }
  for (const peer of again) assert.equal((await peer.next("commit")).epoch, 2);
});

test("three have Janus on standby, and a fourth uses it up", async () => {
  const names = ["ana", "ben", "cem"];
  const peers = await people(runtime, "warm", names);
  for (const peer of peers) {
    const standby = await peer.next("standby");
    assert.deepEqual([standby.provider, standby.kind, standby.room], ["janus", "sfu", "warm"]);
    const { epoch, provider, credentials } = await peer.next("credentials");
    assert.deepEqual([epoch, provider], [undefined, "janus"]);
    const guest = await JanusGuest.enter(credentials);
    const joined = await guest.join("warm", credentials.room_token);
    assert.deepEqual(joined, { videoroom: "joined" });
    guest.leave();
  }
  assert.equal((await runtime.snapshot("warm")).standby, "janus");
  const token = await runtime.token("warm", { userId: "dee" });
  const dee = await Peer.join(runtime, "warm", "dee", { token, drivers: ["p2p", "janus"] });
  for (const peer of [...peers, dee]) {
    assert.equal((await peer.next("prepare")).epoch, 2);
    assert.equal((await peer.next("credentials")).epoch, 2);
    peer.ready(2);
  }
  for (const peer of [...peers, dee]) await peer.next("commit");
  const events = await runtime.events("warm");
  assert.ok(events.some((e) => e.kind === "standby"));
  assert.ok(!events.some((e) => e.kind === "standby_released"));
  const committed = events.find((e) => e.kind === "committed");
  const ids = [...peers, dee].map((peer) => peer.id).sort();
  assert.deepEqual(Object.keys(committed.evidence.readyAfterMs).sort(), ids);
  assert.ok(ids.includes(committed.evidence.last));
});

test("credentials last ten minutes, and are renewed at half of that", async () => {
  const [, [frame]] = await moved(runtime, "short", ["ana", "ben"]);
  const { expires_at } = frame.credentials;
  const lasts = expires_at - Date.now();
  assert.ok(lasts > 590_000 && lasts <= 600_000, `they last ${lasts} ms`);
  const timers = (await runtime.snapshot("short")).timers;
  const renewal = timers.find((t: any) => t.reason === "renewal" && t.at < expires_at - 290_000);
  assert.ok(renewal, "at half of their life");
});
