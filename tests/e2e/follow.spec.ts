// The client does what the session decides: it starts anew, stays away, and says who has gone silent.

import { chromium, expect } from "@playwright/test";

import { Person, test } from "./support/person.ts";
import { jwt } from "../integration/support/jwt.ts";
import { Server, TOKEN_SECRET } from "./support/server.ts";
import { signal } from "./support/signal.ts";

const PROVIDERS = '[{"name": "p2p", "kind": "p2p", "priority": 1, "baseScore": 80}]';

let server: Server;
test.beforeAll(async () => {
  // Only a probe can tell in time that somebody is gone.
  const tuning = { LEASE: 120_000, HIDDEN_LEASE: 120_000, PROBE: 1_000, RETRY_FIRST: 2_000 };
  server = await Server.start({ PROVIDERS, TUNING: JSON.stringify(tuning) });
});
test.afterAll(async () => {
  await server.stop();
});

type Join = (server: Server, session: string, name: string) => Promise<Person>;

async function pair(person: Join, session: string) {
  const ana = await person(server, session, "Ana");
  const ben = await person(server, session, "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  return { ana, ben };
}

/**
 * Counts the sockets that a page opens from now on, when it is asked and after all that would make a
 * link that waits connect at once.
 */
function sockets(person: Person): () => Promise<number> {
  let opened = 0;
  person.page.on("websocket", () => (opened += 1));
  return async () => {
    // What the page does until this returns, the browser has told before.
    await person.page.evaluate(() => {
      window.dispatchEvent(new Event("online"));
      window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      document.dispatchEvent(new Event("visibilitychange"));
    });
    return opened;
  };
}

test("whoever an operator removes is told so, stays away, and is gone for the other", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-removed");
  const opened = sockets(ben);
  const { participants } = await server.snapshot("demo-removed");
  const victim = participants.find((one: any) => one.name === "Ben");
  await server.remove("demo-removed", `/participants/${victim.id}`);
  await expect(ben.page.getByTestId("over")).toHaveAttribute("data-code", "removed");
  await expect(ben.page.getByRole("heading")).toHaveText("You were removed from the call");
  await expect(ana.tile("Ben")).toHaveCount(0, { timeout: 2_000 });
  expect((await ben.connections()).open).toBe(0);
  expect(await opened()).toBe(0);
  expect((await server.snapshot("demo-removed")).participants).toHaveLength(1);
});

test("a session that an operator ends is over for everyone, and nobody comes back by itself", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-ended");
  const opened = [sockets(ana), sockets(ben)];
  await server.remove("demo-ended");
  for (const one of [ana, ben]) {
    await expect(one.page.getByTestId("over")).toHaveAttribute("data-code", "ended");
    await expect(one.page.getByRole("heading")).toHaveText("The call has ended");
  }
  expect(await Promise.all(opened.map((count) => count()))).toEqual([0, 0]);
});

test("R30: a machine that goes to sleep with its socket open is announced within seconds", async ({
  person,
  launchOptions,
}) => {
  const ana = await person(server, "demo-asleep", "Ana");
  const other = await chromium.launchServer(launchOptions);
  const browser = await chromium.connect(other.wsEndpoint());
  try {
    const ben = await Person.arrive(browser, server, "demo-asleep", "Ben");
    await ben.isInCall();
    await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
    await ana.page.evaluate(() => {
      (window as any).alerts = [];
      window.samewireCall!.on("alert", (alert) => {
        // What the session says; the statistics here have words of their own.
        if (alert.open === undefined) (window as any).alerts.push(alert.kind);
      });
    });
    await signal(other, "SIGSTOP");
    const stopped = Date.now();
    await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "lost", { timeout: 6_000 });
    const after = `${Date.now() - stopped} ms`;
    test.info().annotations.push({ type: "announced after", description: after });
    expect(await ana.page.evaluate(() => (window as any).alerts)).toEqual(["participant_stale"]);
    // It wakes up, finds that it was given up, and comes back.
    await signal(other, "SIGCONT");
    await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
    await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  } finally {
    await signal(other, "SIGCONT");
    await other.kill();
  }
});

test("R19: media that dies for good is given up, tried again in a fresh epoch, and comes back as muted as it was", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-dead");
  await ana.press("toggle-microphone");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  await ana.page.evaluate(() => {
    const call = window.samewireCall!;
    const told: unknown[] = ((window as any).told = []);
    for (const name of ["started", "failed", "completed"] as const) {
      call.on(`transition:${name}`, ({ epoch }) => told.push(`${name} ${epoch}`));
    }
    call.on("state", (state) => told.push(state));
  });
  // Behind the client's back, and no other connection comes up before it is given up.
  await ana.page.evaluate(() => {
    for (const connection of (window as any).connections) connection.close();
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.close();
      }
    };
    window.samewireCall!.on("state", (state) => {
      if (state === "exhausted") window.RTCPeerConnection = Real;
    });
  });
  const banner = ana.page.getByTestId("banner");
  await expect(banner).toContainText("No connection to the others", { timeout: 40_000 });
  await Promise.all([ana.isInCall(), ben.isInCall()]);
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  await expect(banner).toHaveCount(0);

  expect(await ana.page.evaluate(() => (window as any).told)).toEqual([
    "exhausted",
    "started 2",
    "switching",
    "completed 2",
    "connected",
  ]);
  expect(await server.snapshot("demo-dead")).toMatchObject({ epoch: 2, state: "active" });
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  await expect(ben.tile("Ana")).toHaveAttribute("data-camera", "on");
  expect((await ben.connections()).open).toBe(1);
  await expect
    .poll(async () => {
      const { participants } = await server.snapshot("demo-dead");
      return participants.map((one: any) => one.sees.length);
    })
    .toEqual([1, 1]);
});

test("R41: a pair that is one-way is alerted, and its initiator negotiates afresh", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-one-way");
  for (const one of [ana, ben]) {
    await one.page.evaluate(() => {
      (window as any).alerts = [];
      window.samewireCall!.on("alert", (alert) => (window as any).alerts.push(alert.kind));
    });
  }
  const [before] = await ben.page.evaluate(ufrags);
  // Ben sends nothing any more and does not know it; Ana is seen by him as ever.
  await ben.page.evaluate(() => {
    const [connection] = (window as any).connections as RTCPeerConnection[];
    for (const sender of connection!.getSenders()) void sender.replaceTrack(null);
  });
  const alerts = (one: Person) => one.page.evaluate(() => (window as any).alerts);
  await expect.poll(() => alerts(ana), { timeout: 10_000 }).toContain("asymmetric");
  await expect.poll(() => alerts(ben), { timeout: 10_000 }).toContain("asymmetric");
  // Ben came second, so it is his to begin.
  await expect.poll(async () => (await ben.page.evaluate(ufrags))[0]).not.toBe(before);
});

test("@long R35: whoever talks faster than the session listens loses nothing and says nothing twice", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-fast");
  let refused = 0;
  ana.page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => (refused += Number(/too_fast/.test(`${payload}`)))),
  );
  await ana.page.reload();
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  const batch = (from: number) =>
    ana.page.evaluate((first) => {
      for (let n = first; n < first + 90; n += 1) window.samewireCall!.chat(`line ${n}`);
    }, from);
  const heard = () =>
    ben.page.evaluate(() => window.samewireCall!.messages.map((message) => message.text));
  await batch(0);
  await expect.poll(async () => (await heard()).length).toBeGreaterThanOrEqual(90);
  await batch(90);
  await expect.poll(async () => (await heard()).length).toBeGreaterThanOrEqual(180);
  // What would be said twice would be said before this.
  await ana.page.evaluate(() => window.samewireCall!.chat("that was all"));
  await expect.poll(heard).toContain("that was all");
  const wanted = Array.from({ length: 180 }, (_, n) => `line ${n}`);
  expect((await heard()).sort()).toEqual([...wanted, "that was all"].sort());
  expect(refused).toBeGreaterThan(0);
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
});

test("R33: a token that expires in mid-call disturbs no media, and its holder comes back after a cut", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-expires");
  await ben.press("leave");
  await expect(ana.tile("Ben")).toHaveCount(0);
  const { url } = await server.ticket("demo-expires", "Ben");
  const iat = Math.floor(Date.now() / 1_000);
  const exp = iat + 8;
  const claims = { sub: "ben", name: "Ben", sid: "demo-expires", role: "participant", jti: "x" };
  const token = jwt({ ...claims, iat, exp }, TOKEN_SECRET);
  await ben.page.route("**/demo/token", (route) =>
    route.fulfill({ json: { token, url, expiresAt: exp * 1_000 } }),
  );
  await ben.press("rejoin");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  const before = await Promise.all([ana, ben].map((one) => one.connections()));
  await expect.poll(() => Date.now() / 1_000).toBeGreaterThan(exp);
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  await ben.page.evaluate(() => window.samewireCall!.simulate("signalling-drop"));
  await ben.isInCall();
  await ben.says("still here");
  await expect
    .poll(() => ana.page.evaluate(() => window.samewireCall!.messages.at(-1)?.text))
    .toBe("still here");
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  // The connections that were there, and not one more.
  expect(await Promise.all([ana, ben].map((one) => one.connections()))).toEqual(before);
});

test("R34: renewed TURN credentials restart the connections that go through a relay, and no other", async ({
  person,
}) => {
  const turn = { urls: ["turn:127.0.0.1:9"], hmac: { secret: "TURN_SECRET", ttlSeconds: 10 } };
  const renewing = await Server.start({
    PROVIDERS,
    ICE_SERVERS: JSON.stringify([turn]),
    TURN_SECRET: "the secret that coturn has, too",
  });
  try {
    const ana = await person(renewing, "demo-turn", "Ana");
    const ben = await person(renewing, "demo-turn", "Ben");
    const cleo = await person(renewing, "demo-turn", "Cleo");
    await Promise.all([ana.sees("Ben"), ana.sees("Cleo"), ben.sees("Cleo"), cleo.sees("Ben")]);
    // Ana's ways go through a relay, by what her browser says. She does not initiate, and asks.
    await ana.page.evaluate(callThePairRelayed);
    const username = (one: Person) =>
      one.page.evaluate(() => {
        const [connection] = (window as any).connections as RTCPeerConnection[];
        return connection!.getConfiguration().iceServers![0]!.username;
      });
    const before = await Promise.all([ana, ben, cleo].map(username));
    const [toAna, toCleo] = await ben.page.evaluate(ufrags);
    for (const [i, one] of [ana, ben, cleo].entries()) {
      await expect.poll(() => username(one), { timeout: 40_000 }).not.toBe(before[i]);
    }
    await expect.poll(async () => (await ben.page.evaluate(ufrags))[0]).not.toBe(toAna);
    // On a busy machine media may stall, which restarts ICE as well, and is told.
    const restarted = (await ben.page.evaluate(ufrags))[1] !== toCleo;
    const stalled = await ben.page.evaluate(suspects, "Cleo");
    expect({ restarted, stalled }).not.toEqual({ restarted: true, stalled: false });
    await Promise.all([ana, ben, cleo].map((one) => one.receivesMedia()));
    for (const one of [ana, ben, cleo]) expect((await one.connections()).made).toBe(2);
  } finally {
    await renewing.stop();
  }
});

/** Whether the call told that nothing came from somebody for a while. */
function suspects(name: string): boolean {
  const call = window.samewireCall!;
  const { id } = call.participants.find((one) => one.name === name)!;
  return call.trace().entries.some((entry) => entry.what === "suspect" && entry.participant === id);
}

/** The user name fragments of every connection of a page: an ICE restart changes them. */
function ufrags(): (string | undefined)[] {
  return ((window as any).connections as RTCPeerConnection[]).map(
    (connection) => /a=ice-ufrag:(\S+)/.exec(connection.localDescription?.sdp ?? "")?.[1],
  );
}

/** From now on every own candidate is said to be a relay's. */
function callThePairRelayed() {
  const real = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function (this: RTCPeerConnection) {
    const report = await real.call(this);
    const told = new Map<string, any>();
    report.forEach((entry: any, id: string) => {
      told.set(id, entry.type === "local-candidate" ? { ...entry, candidateType: "relay" } : entry);
    });
    return told as unknown as RTCStatsReport;
  } as typeof real;
}
