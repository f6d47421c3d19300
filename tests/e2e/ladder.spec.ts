// Media that stops is repaired rung by rung, and the link comes back from whatever a page lives through.

import { type Browser, type Page, expect } from "@playwright/test";

import type { Call } from "samewire";

import { PackageServer } from "./support/package-server.ts";
import { type Person, test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

type Join = (server: Server, session: string, name: string) => Promise<Person>;

async function pair(person: Join, session: string, at = server) {
  const ana = await person(at, session, "Ana");
  const ben = await person(at, session, "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  for (const one of [ana, ben]) await one.page.evaluate(noteWhatIsTold);
  return { ana, ben };
}

/** Waits until both receive, after something that stopped it. */
async function heals(ana: Person, ben: Person) {
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
  await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
}

const simulate = (one: Person, fault: Parameters<Call["simulate"]>[0]) =>
  one.page.evaluate((fault) => window.samewireCall!.simulate(fault), fault);

const told = (one: Person): Promise<string[]> => one.page.evaluate(() => (window as any).told);

/** What a page's client sends, by kind, from now on. */
function sent(one: Person): string[] {
  const kinds: string[] = [];
  one.page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const text = String(payload);
      kinds.push(text === "ping" ? text : JSON.parse(text).type);
    }),
  );
  return kinds;
}

for (const [who, other] of [
  ["Ana", "who waits for offers"],
  ["Ben", "who makes them"],
] as const) {
  test(`${who === "Ben" ? "@long " : ""}R24: ICE that fails at the one ${other} is healed by a restart, on the connection that was there`, async ({
    person,
  }) => {
    const { ana, ben } = await pair(person, `demo-ice-${who}`);
    await ana.press("toggle-microphone");
    await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
    const before = await ben.page.evaluate(ufrag);
    await simulate(who === "Ana" ? ana : ben, "ice-failure");
    await expect.poll(() => ben.page.evaluate(ufrag)).not.toBe(before);
    await ben.sees("Ana");
    await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
    await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
    await ana.receivesMedia();
    await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
    for (const one of [ana, ben]) {
      expect(await one.connections()).toEqual({ open: 1, made: 1 });
      expect((await told(one)).filter((what) => /left|transition|error/.test(what))).toEqual([]);
      expect(one.complaints).toEqual([]);
    }
    expect((await server.snapshot(`demo-ice-${who}`)).epoch).toBe(1);
  });
}

for (const who of ["Ana", "Ben"]) {
  test(`${who === "Ana" ? "@long " : ""}a connection that is closed under ${who} is made anew on both sides, and nobody leaves or is unmuted`, async ({
    person,
  }) => {
    const session = `demo-closed-${who}`;
    const { ana, ben } = await pair(person, session);
    await ana.press("toggle-microphone");
    await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
    const before = await server.snapshot(session);
    await simulate(who === "Ana" ? ana : ben, "connection-failure");
    for (const one of [ana, ben]) {
      await expect.poll(() => one.connections()).toEqual({ open: 1, made: 2 });
    }
    // A picture that moves, on the new connection of either.
    for (const one of [ana, ben]) {
      const frames = async () => (await one.received()).framesDecoded;
      const first = await frames();
      await expect.poll(frames).toBeGreaterThan(first + 30);
    }
    await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
    await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
    await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
    await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
    expect(await ben.page.evaluate(audioOfTheLast)).toBe(0);
    await ana.press("toggle-microphone");
    await expect.poll(() => ben.page.evaluate(audioOfTheLast)).toBeGreaterThan(30);
    const after = await server.snapshot(session);
    const roster = (s: any) => s.participants.map((p: any) => [p.id, p.ordinal, p.generation]);
    expect(roster(after)).toEqual(roster(before));
    expect(after.epoch).toBe(before.epoch);
    for (const one of [ana, ben]) {
      expect((await told(one)).filter((what) => /left|transition|error/.test(what))).toEqual([]);
      expect(one.complaints).toEqual([]);
    }
  });
}

test("@long both ends that make their connection anew at the same moment end up with the same one", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-both");
  await Promise.all([simulate(ana, "connection-failure"), simulate(ben, "connection-failure")]);
  for (const one of [ana, ben]) {
    await expect.poll(async () => (await one.connections()).made).toBeGreaterThan(1);
  }
  await heals(ana, ben);
  for (const one of [ana, ben]) expect((await one.connections()).open).toBe(1);
});

test("@long R20: where restarts do not help, the relay alone is tried before the connection is made anew", async ({
  person,
}) => {
  test.slow();
  const turn = { urls: ["turn:127.0.0.1:9"], username: "u", credential: "c" };
  const relaying = await Server.start({ ICE_SERVERS: JSON.stringify([turn]) });
  try {
    const { ana, ben } = await pair(person, "demo-rungs", relaying);
    await ben.page.evaluate(notePolicies);
    // Whatever Ben's connection does from now on, nothing of Ana's comes through it.
    await ana.page.evaluate(() => {
      const [connection] = (window as any).connections as RTCPeerConnection[];
      for (const sender of connection!.getSenders()) void sender.replaceTrack(null);
    });
    const made = async () => (await ben.connections()).made;
    await expect.poll(made, { timeout: 60_000 }).toBeGreaterThan(1);
    await heals(ana, ben);
    const steps: string[] = await ben.page.evaluate(() => (window as any).steps);
    const climbed = steps.filter((step, i) => step !== steps[i - 1]);
    expect(climbed).toEqual(["restart", "new, relay", "new, all"]);
  } finally {
    await relaying.stop();
  }
});

test("a network that changed restarts ICE at once, asked for by whichever end it is", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-network");
  for (const one of [ana, ben]) {
    const before = await ben.page.evaluate(ufrag);
    await one.page.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect.poll(() => ben.page.evaluate(ufrag)).not.toBe(before);
    await heals(ana, ben);
  }
  expect((await ana.connections()).made).toBe(1);
  expect((await ben.connections()).made).toBe(1);
});

test("R30: signalling that drops comes back by itself, and media never notices", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-drop");
  const kinds = sent(ana);
  await simulate(ana, "signalling-drop");
  await expect.poll(() => told(ana)).toEqual(["reconnecting", "connected"]);
  expect(kinds[0]).toBe("hello");
  await heals(ana, ben);
  expect((await ana.connections()).made).toBe(1);
  const { participants } = await server.snapshot("demo-drop");
  expect(participants.map((one: any) => one.generation)).toEqual([1, 1]);
  await ben.openChat();
  await ana.says("back");
  await expect.poll(() => ben.chat()).toEqual(["back"]);
});

test("R28: a page that is frozen is not gone, and resumes when it thaws", async ({ person }) => {
  const { ana, ben } = await pair(person, "demo-freeze");
  await simulate(ana, "freeze");
  await expect.poll(() => told(ana)).toEqual(["reconnecting", "connected"]);
  await heals(ana, ben);
  expect((await told(ben)).filter((what) => /left/.test(what))).toEqual([]);
});

test("R28: a page in the back/forward cache is away without leaving, and resumes when it is shown again", async ({
  person,
}) => {
  const { ana, ben } = await pair(person, "demo-bfcache");
  const before = await server.snapshot("demo-bfcache");
  const kinds = sent(ana);
  const turns = (name: string) =>
    ana.page.evaluate((name) => {
      window.dispatchEvent(new PageTransitionEvent(name, { persisted: true }));
    }, name);
  await turns("pagehide");
  await expect.poll(() => told(ana)).toEqual(["reconnecting"]);
  // Media that goes on outweighs a socket that is away.
  await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
  await turns("pageshow");
  await expect.poll(() => told(ana)).toEqual(["reconnecting", "connected"]);
  expect(kinds).not.toContain("leave");
  await heals(ana, ben);
  const after = await server.snapshot("demo-bfcache");
  const roster = (s: any) => s.participants.map((p: any) => [p.id, p.generation]);
  expect(roster(after)).toEqual(roster(before));
  expect((await told(ben)).filter((what) => /left/.test(what))).toEqual([]);
});

for (const [what, before] of Object.entries({
  "with timers that a browser slows down": slowTimers,
  "whose policy allows no worker, by its own timers": noWorkers,
})) {
  test(`${before === noWorkers ? "@long " : ""}R28: a hidden tab ${what} beats on and keeps its lease`, async ({
    person,
  }) => {
    const tuning = { HEARTBEAT: 1_000, LEASE: 3_000, HIDDEN_LEASE: 3_000, PROBE: 500 };
    const strict = await Server.start({ TUNING: JSON.stringify(tuning) });
    try {
      const ana = await person(strict, "demo-hidden", "Ana", before);
      await ana.page.evaluate(noteWhatIsTold);
      await ana.page.evaluate(() => {
        Object.defineProperty(document, "hidden", { get: () => true });
        (window as any).slow = true;
        (window as any).pings = 0;
        document.dispatchEvent(new Event("visibilitychange"));
      });
      const beats = () => ana.page.evaluate(() => (window as any).pings);
      await expect.poll(beats, { timeout: 30_000 }).toBeGreaterThan(8);
      expect(await told(ana)).toEqual([]);
      const [one] = (await strict.snapshot("demo-hidden")).participants;
      expect([one.hidden, one.connection, one.generation]).toEqual([true, "good", 1]);
    } finally {
      await strict.stop();
    }
  });
}

test("R40: whoever joins without a network is told so, and when to try again", async ({
  browser,
}) => {
  await besideNobody(browser, async (page, joins) => {
    await page.context().setOffline(true);
    // A browser that is offline may still reach its own machine.
    const problem = { name: "SamewireError", code: "offline", retryAfterMs: 5_000 };
    expect(await joins()).toEqual(problem);
  });
});

test("R40: whoever joins where nobody answers is told so, and when to try again", async ({
  browser,
}) => {
  await besideNobody(browser, async (page, joins) => {
    await page.clock.install();
    let problem: unknown;
    void joins().then((told) => (problem = told));
    const later = async () => {
      await page.clock.runFor(1_000);
      return problem;
    };
    await expect
      .poll(later, { intervals: [50] })
      .toEqual({ name: "SamewireError", code: "unreachable", retryAfterMs: 5_000 });
  });
});

test("a token that is no longer accepted ends the call with that word", async ({ person }) => {
  const { ana } = await pair(person, "demo-expired");
  await simulate(ana, "token-expiry");
  await expect(ana.page.getByTestId("over")).toHaveAttribute("data-code", "unauthorised");
});

test("a way that is called dead in a call of two moves both", async ({ person }) => {
  const { ana, ben } = await pair(person, "demo-provider");
  await simulate(ana, "provider-failure");
  await expect.poll(async () => (await server.snapshot("demo-provider")).epoch).toBeGreaterThan(1);
  await Promise.all([ana.isInCall(), ben.isInCall()]);
  await heals(ana, ben);
});

test("there is no fault of another name", async ({ person }) => {
  const ana = await person(server, "demo-fault", "Ana");
  const code = await ana.page.evaluate(() => {
    try {
      window.samewireCall!.simulate("earthquake" as never);
      return "none";
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  expect(code).toBe("misuse");
});

/** Keeps the states, transitions, errors and departures that the page is told of from now on. */
function noteWhatIsTold() {
  const told: string[] = ((window as any).told = []);
  const call = window.samewireCall!;
  call.on("state", (state) => told.push(state));
  call.on("transition:started", () => told.push("transition"));
  call.on("error", (error) => told.push(`error ${error.code}`));
  call.on("participant", ({ change, name }) => {
    if (change === "left") told.push(`${name} left`);
  });
}

/** An ICE restart changes it. */
function ufrag(): string | undefined {
  const connection = ((window as any).connections as RTCPeerConnection[]).at(-1)!;
  return /a=ice-ufrag:(\S+)/.exec(connection.localDescription?.sdp ?? "")?.[1];
}

/** The packets of audio that the newest connection has received. */
async function audioOfTheLast(): Promise<number> {
  const connection = ((window as any).connections as RTCPeerConnection[]).at(-1)!;
  let packets = 0;
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio") packets += report.packetsReceived;
  }
  return packets;
}

/** Keeps what is tried: restarts, the policy that is set, and new connections with theirs. */
function notePolicies() {
  const steps: string[] = ((window as any).steps = []);
  const { restartIce, setConfiguration } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.restartIce = function () {
    steps.push("restart");
    restartIce.call(this);
  };
  RTCPeerConnection.prototype.setConfiguration = function (configuration) {
    steps.push(configuration!.iceTransportPolicy!);
    setConfiguration.call(this, configuration);
  };
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      steps.push(`new, ${configuration!.iceTransportPolicy}`);
    }
  };
}

/** Counts heartbeats; and once `slow` is set, no timer of the page fires within the test. */
function slowTimers() {
  const real = window.setTimeout;
  window.setTimeout = ((handler: TimerHandler, delay = 0, ...rest: unknown[]) =>
    real(handler, (window as any).slow ? 3_600_000 : delay, ...rest)) as typeof setTimeout;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (frame) {
    if (frame === "ping") (window as any).pings += 1;
    send.call(this, frame);
  };
}

/** Counts heartbeats; a worker of a blob breaks as it does under a content security policy. */
function noWorkers() {
  window.Worker = class extends EventTarget {
    constructor() {
      super();
      queueMicrotask(() => this.dispatchEvent(new Event("error")));
    }
    postMessage() {}
    terminate() {}
  } as never;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (frame) {
    if (frame === "ping") (window as any).pings += 1;
    send.call(this, frame);
  };
}

/** In a page that has the package, and joins at a port at which nobody listens; nothing traps. */
async function besideNobody(
  browser: Browser,
  act: (page: Page, joins: () => Promise<unknown>) => Promise<void>,
) {
  const blank = await PackageServer.start();
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const traps: string[] = [];
    page.on("pageerror", (error) => traps.push(error.message));
    await page.goto(blank.origin);
    await page.evaluate(async () => {
      const samewire = (await import("/index.js" as string)) as typeof import("samewire");
      await samewire.init();
      (window as any).samewire = samewire;
    });
    await act(page, () =>
      page.evaluate(() => {
        const { join } = (window as any).samewire as typeof import("samewire");
        const media = { audio: false, video: false };
        return join({ url: "ws://127.0.0.1:9/v1/sessions/x/connect", token: "t", media }).then(
          () => undefined,
          ({ name, code, retryAfterMs }) => ({ name, code, retryAfterMs }),
        );
      }),
    );
    expect(traps).toEqual([]);
  } finally {
    await context.close();
    await blank.stop();
  }
}
