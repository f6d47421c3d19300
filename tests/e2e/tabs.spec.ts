// What becomes of a call when its tab is hidden, killed, opened twice or brought back, and when the
// machine under it sleeps or its clock is set.

import { chromium, expect } from "@playwright/test";

import { OwnBrowser, type Tab } from "./support/own-browser.ts";
import { PackageServer } from "./support/package-server.ts";
import { Person, test } from "./support/person.ts";
import { Server } from "./support/server.ts";
import { signal } from "./support/signal.ts";

const HEARTBEAT = 1_000;
const LEASE = 3_000;

let server: Server;
let pages: PackageServer;
test.beforeAll(async () => {
  pages = await PackageServer.start();
  const tuning = { HEARTBEAT, LEASE, HIDDEN_LEASE: LEASE, PROBE: 2_000, SAMPLE: 600 };
  server = await Server.start({ TUNING: JSON.stringify(tuning), ALLOWED_ORIGINS: pages.origin });
});
test.afterAll(async () => {
  await server?.stop();
  await pages?.stop();
});

const participants = async (session: string, at = server): Promise<any[]> =>
  (await at.snapshot(session)).participants;

/** Who is there, and how often each has come anew. */
const roster = async (session: string) =>
  (await participants(session)).map(({ id, generation }) => [id, generation]);

/** Opens the demo page in a tab of an own browser, and counts its heartbeats from then on. */
async function enters(browser: OwnBrowser, at: Server, session: string, name: string) {
  const tab = await browser.open(`${at.origin}/?session=${session}&name=${name}&join=1`);
  await expect.poll(() => tab.run("window.samewireCall?.state")).toBe("connected");
  await tab.run(`(${countBeats})()`);
  return tab;
}

const beats = (tab: Tab) => tab.run<number>("window.beats");

test("@long R28: a tab that is hidden for many leases stays in the call, is seen all the time, and says when it is back", async ({
  person,
}) => {
  const own = await OwnBrowser.launch();
  try {
    const ben = await person(server, "demo-hidden-tab", "Ben");
    const ana = await enters(own, server, "demo-hidden-tab", "Ana");
    await ben.sees("Ana");
    const before = await roster("demo-hidden-tab");
    const hidden = async () => (await participants("demo-hidden-tab"))[1].hidden;
    await own.open("about:blank");
    expect(await ana.run("document.visibilityState")).toBe("hidden");
    await expect.poll(hidden).toBe(true);
    const began = await beats(ana);
    await expect.poll(() => beats(ana)).toBeGreaterThan(began + (6 * LEASE) / HEARTBEAT);
    expect(await ana.run("window.told")).toEqual([]);
    expect((await participants("demo-hidden-tab"))[1].connection).toBe("good");
    await ben.receivesMedia();
    await ana.show();
    await expect.poll(hidden).toBe(false);
    expect(await roster("demo-hidden-tab")).toEqual(before);
    expect(await ana.run("window.told")).toEqual([]);
  } finally {
    await own.close();
  }
});

test("@long R28: a tab that is hidden for six minutes keeps its lease, with every constant as it is shipped", async () => {
  test.setTimeout(600_000);
  const [own, shipped] = await Promise.all([OwnBrowser.launch(), Server.start()]);
  try {
    // Alone, for a browser slows a page with a connection less, and only after five minutes most.
    const ana = await enters(own, shipped, "demo-hidden-long", "Ana");
    const [before] = await participants("demo-hidden-long", shipped);
    await own.open("about:blank");
    await expect.poll(() => beats(ana), { timeout: 500_000 }).toBeGreaterThanOrEqual(24);
    expect(await ana.run("document.visibilityState")).toBe("hidden");
    expect(await ana.run("window.told")).toEqual([]);
    expect(await participants("demo-hidden-long", shipped)).toEqual([{ ...before, hidden: true }]);
  } finally {
    await own.close();
    await shipped.stop();
  }
});

test("a tab that is killed is lost to the other, gone when its lease is over, and what it said of its quality stays", async ({
  person,
}) => {
  const ana = await person(server, "demo-killed", "Ana");
  const ben = await person(server, "demo-killed", "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  const health = async () => (await server.snapshot("demo-killed/health")).participants[1];
  await expect.poll(async () => (await health()).quality?.summary).toBeTruthy();
  const session = await ben.page.context().newCDPSession(ben.page);
  const crashed = ben.page.waitForEvent("crash");
  // It is never answered: who would answer is gone.
  session.send("Page.crash").catch(() => {});
  await crashed;
  const { quality } = await health();
  await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "lost", { timeout: LEASE });
  const left = await health();
  expect(left.connection).toBe("lost");
  expect(left.quality).toEqual(quality);
  expect(left.quality.summary.latency_ms.avg).toBeGreaterThanOrEqual(0);
  await expect(ana.tile("Ben")).toHaveCount(0);
  await ana.isInCall();
  const events = (await server.snapshot("demo-killed/events?limit=1000")).rows;
  const gone = events.find(({ kind }: { kind: string }) => kind === "left");
  expect(gone.summary).toEqual(quality.summary);
});

for (const [policy, told] of Object.entries({
  takeover: ["replaced", "connected"],
  reject: ["connected", "already_here"],
})) {
  test(`${policy === "reject" ? "@long " : ""}R9: of two tabs of one user, ${policy} leaves one in the call, and neither fights for it`, async ({
    person,
  }) => {
    const strict = await Server.start({ SAME_USER: policy });
    try {
      const session = `demo-two-tabs-${policy}`;
      const ben = await person(strict, session, "Ben");
      const first = await person(strict, session, "Ana");
      await ben.sees("Ana");
      let sockets = 0;
      first.page.on("websocket", () => (sockets += 1));
      const second = await first.copiesTab();
      await expect.poll(async () => [await stands(first), await stands(second)]).toEqual(told);
      const [stays, goes] = policy === "takeover" ? [second, first] : [first, second];
      await Promise.all([ben.sees("Ana"), stays.sees("Ben")]);
      await expect(ben.tile("Ana")).toHaveCount(1);
      expect(await participants(session, strict)).toHaveLength(2);
      // Whatever would make a link that waits connect at once.
      await goes.page.evaluate(() => {
        window.dispatchEvent(new Event("online"));
        document.dispatchEvent(new Event("visibilitychange"));
      });
      expect(await stands(goes)).toBe(told[policy === "takeover" ? 0 : 1]);
      expect(sockets).toBe(0);
      await stays.isInCall();
    } finally {
      await strict.stop();
    }
  });
}

test("R28: a page that comes back out of the back/forward cache is the same participant, and sees who came meanwhile", async ({
  person,
}) => {
  const [own, patient] = await Promise.all([
    OwnBrowser.launch(),
    Server.start({ ALLOWED_ORIGINS: pages.origin }),
  ]);
  try {
    // A browser keeps no page that captures, nor one that media comes to.
    const ana = await own.open(pages.origin);
    const ticket = await patient.ticket("demo-restored", "Ana");
    await ana.run(`(${joinsToWatch})(${JSON.stringify(ticket)})`);
    const [before] = await participants("demo-restored", patient);
    const first = async () => (await participants("demo-restored", patient))[0];
    await ana.run("setTimeout(() => location.assign('/elsewhere')), 0");
    // A page that is leaving may go before it answers.
    const comesTo = (what: string, is: unknown) =>
      expect(async () => expect(await ana.run(what)).toBe(is)).toPass();
    await comesTo("location.pathname", "/elsewhere");
    await expect.poll(async () => (await first()).connection).toBe("lost");
    const ben = await person.arrives(patient, "demo-restored", "Ben");
    await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "lost");
    await ana.run("setTimeout(() => history.back()), 0");
    await comesTo("window.restored", true);
    await expect.poll(() => ana.run(`(${framesDecoded})()`)).toBeGreaterThan(10);
    expect(await ana.run("window.call.state")).toBe("connected");
    await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
    await expect(ben.page.getByTestId("tile")).toHaveCount(2);
    const { id, generation, connection } = await first();
    expect([id, generation, connection]).toEqual([before.id, before.generation, "good"]);
  } finally {
    await own.close();
    await patient.stop();
  }
});

test("R29: a machine that sleeps for three heartbeats is asked before anybody is declared dead", async ({
  person,
  launchOptions,
}) => {
  const patient = await Server.start({ TUNING: JSON.stringify({ HEARTBEAT, PROBE: 20_000 }) });
  const other = await chromium.launchServer(launchOptions);
  const browser = await chromium.connect(other.wsEndpoint());
  try {
    const ana = await person(patient, "demo-naps", "Ana");
    const ben = await Person.arrive(browser, patient, "demo-naps", "Ben");
    await ben.isInCall();
    await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
    for (const one of [ana, ben]) await one.page.evaluate(noteStates);
    const before = await participants("demo-naps", patient);
    await signal(other, "SIGSTOP");
    const stopped = Date.now();
    await expect.poll(() => Date.now() - stopped).toBeGreaterThan(3 * HEARTBEAT);
    // It has been asked, and an answer is waited for.
    await expect
      .poll(async () => (await patient.snapshot("demo-naps")).timers.map((t: any) => t.reason))
      .toContain("probe");
    await signal(other, "SIGCONT");
    await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
    await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
    const same = ({ id, generation }: any) => [id, generation];
    expect((await participants("demo-naps", patient)).map(same)).toEqual(before.map(same));
    for (const one of [ana, ben]) {
      expect(await one.page.evaluate(() => (window as any).told)).not.toContain("left");
    }
  } finally {
    await signal(other, "SIGCONT");
    await other.kill();
    await patient.stop();
  }
});

for (const [where, hours] of Object.entries({ forward: 1, back: -1 })) {
  // Forward looks like sleep, which is shown above.
  test(`${hours > 0 ? "@long " : ""}R29: a clock that is set ${where} by an hour ends no call, and heartbeats go on`, async ({
    person,
  }) => {
    const session = `demo-clock-${where}`;
    const ana = await person(server, session, "Ana");
    const ben = await person(server, session, "Ben", aClockToSet);
    await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
    const before = await roster(session);
    await ben.page.evaluate(countBeats);
    await ben.page.evaluate((ms) => ((window as any).ahead = ms), hours * 3_600_000);
    const count = () => ben.page.evaluate(() => (window as any).beats);
    await expect.poll(count).toBeGreaterThan((2 * LEASE) / HEARTBEAT);
    await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
    expect(await roster(session)).toEqual(before);
    expect(await ben.page.evaluate(() => (window as any).told)).toEqual([]);
    await expect(ana.tile("Ben")).toHaveAttribute("data-connection", "good");
  });
}

/** The state of somebody's call, or why it is over. */
async function stands(one: Person): Promise<string | null> {
  const over = one.page.getByTestId("over");
  if (await over.isVisible()) return over.getAttribute("data-code");
  const state = one.page.getByTestId("call-state");
  return (await state.isVisible()) ? state.getAttribute("data-state") : null;
}

/** Keeps the states that a page's call goes through from now on, and whoever leaves it. */
function noteStates() {
  const told: string[] = ((window as any).told = []);
  window.samewireCall!.on("state", (state) => told.push(state));
  window.samewireCall!.on("participant", ({ change }) => {
    if (change === "left") told.push("left");
  });
}

/** Counts heartbeats from now on, and keeps the states. */
function countBeats() {
  const page = window as any;
  page.beats = 0;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (frame) {
    if (frame === "ping") page.beats += 1;
    send.call(this, frame);
  };
  page.told = [];
  window.samewireCall!.on("state", (state) => page.told.push(state));
}

/** The page's clock is so many ms ahead. */
function aClockToSet() {
  const { now } = Date;
  (window as any).ahead = 0;
  Date.now = () => now() + (window as any).ahead;
}

/** Joins with neither camera nor microphone, in a page that says when it was restored. */
async function joinsToWatch({ url, token }: { url: string; token: string }) {
  const page = window as any;
  const Real = window.RTCPeerConnection;
  page.connections = [];
  window.RTCPeerConnection = class extends Real {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      page.connections.push(this);
    }
  };
  const { join } = (await import("/index.js" as string)) as typeof import("samewire");
  page.call = await join({ url, token, media: { audio: false, video: false } });
  addEventListener("pageshow", ({ persisted }) => (page.restored = persisted));
}

/** Of all connections of the page. */
async function framesDecoded(): Promise<number> {
  let frames = 0;
  for (const connection of (window as any).connections as RTCPeerConnection[]) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "inbound-rtp") frames += report.framesDecoded ?? 0;
    }
  }
  return frames;
}
