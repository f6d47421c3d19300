// The Negotiator by itself between a Chromium and a Firefox: whatever either changes, and when.

import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { expect, test } from "@playwright/test";
import { WebSocketServer } from "ws";

import type { Negotiator, NegotiatorMessage } from "samewire";

import { Firefox } from "./support/firefox.ts";
import { PackageServer } from "./support/package-server.ts";
import { type Tab, tabOf } from "./support/tab.ts";

declare global {
  interface Window {
    side: {
      connection: RTCPeerConnection;
      negotiator: Negotiator;
      negotiated: number;
      glares: number;
      errors: string[];
    };
  }
}

let pages: PackageServer;
let firefox: Firefox;
/** Says to everyone else what one says. */
let relay: WebSocketServer;

test.beforeAll(async () => {
  pages = await PackageServer.start();
  firefox = await Firefox.start();
  relay = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(relay, "listening");
  relay.on("connection", (socket) =>
    socket.on("message", (message) => {
      for (const other of relay.clients) if (other !== socket) other.send(String(message));
    }),
  );
});

test.afterAll(async () => {
  relay.close();
  await firefox.stop();
  await pages.stop();
});

/** Opens one end, which says what it has to say through the relay, this much later. */
async function opens(tab: Tab, polite: boolean, delay: number) {
  await tab.goto(pages.origin);
  const { port } = relay.address() as AddressInfo;
  await tab.evaluate(open, { port, polite, delay });
}

async function open({ port, polite, delay }: { port: number; polite: boolean; delay: number }) {
  const { init, Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
  await init();
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((opened) => (socket.onopen = opened));
  const connection = new RTCPeerConnection();
  const send = (message: NegotiatorMessage) => {
    const text = JSON.stringify(message);
    setTimeout(() => socket.send(text), delay);
  };
  const negotiator = new Negotiator({ connection, polite, send });
  const errors: string[] = [];
  const side = (window.side = { connection, negotiator, negotiated: 0, glares: 0, errors });
  negotiator.on("negotiated", () => (side.negotiated += 1));
  negotiator.on("glare", () => (side.glares += 1));
  negotiator.on("error", ({ code }) => errors.push(code));
  socket.onmessage = ({ data }) => negotiator.receive(JSON.parse(data));
}

/** What both have to agree on: the kind of every line, and which way it goes as seen from the first. */
const view = (tab: Tab, mirrored: boolean) =>
  tab.evaluate((mirrored) => {
    const { connection } = window.side;
    const other = { sendonly: "recvonly", recvonly: "sendonly" } as Record<string, string>;
    // Chromium forgets what was stopped, Firefox does not.
    const lasting = connection
      .getTransceivers()
      .filter((one) => one.currentDirection !== "stopped");
    const lines = lasting.map(({ mid, receiver, currentDirection }) => {
      const way = String(currentDirection);
      return `${mid} ${receiver.track.kind} ${mirrored ? (other[way] ?? way) : way}`;
    });
    return { state: connection.signalingState, lines: lines.sort() };
  }, mirrored);

/** Waits until both are stable and agree on so many lines; returns how these go. */
async function agree(one: Tab, two: Tab, lines: number): Promise<string[]> {
  let seen: string[] = [];
  await expect
    .poll(async () => {
      const [a, b] = await Promise.all([view(one, false), view(two, true)]);
      seen = a.lines;
      const same = JSON.stringify(a) === JSON.stringify(b) && a.state === "stable";
      return same && !seen.some((line) => line.endsWith("null")) ? seen.length : { a, b };
    })
    .toBe(lines);
  return seen;
}

const adds = (tab: Tab, kind: "audio" | "video") =>
  tab.evaluate((kind) => void window.side.connection.addTransceiver(kind), kind);

/** How often an offer and its answer have come into force. */
const negotiated = (tab: Tab) => tab.evaluate(() => window.side.negotiated);

/** How often two offers have met, as both count. */
async function met(both: Tab[]): Promise<number> {
  const counts = await Promise.all(both.map((tab) => tab.evaluate(() => window.side.glares)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Both add a line of each kind in turn: at once, so that their offers meet, or one after the other. */
async function addLines(both: [Tab, Tab], atOnce: boolean): Promise<number> {
  let lines = 0;
  for (const kind of ["audio", "video", "audio", "video"] as const) {
    for (const some of atOnce ? [both] : both.map((tab) => [tab])) {
      await Promise.all(some.map((tab) => adds(tab, kind)));
      lines += some.length;
      await agree(...both, lines);
    }
  }
  return lines;
}

for (const [polite, atOnce] of [
  ["Firefox", true],
  // A Chromium that gives way still refuses an offer that numbers the header extensions of a new line
  // otherwise than its own offer did, rolled back or not: "RTP extension ID reassignment not supported".
  ["Chromium", false],
] as const) {
  const when = atOnce ? "at once" : "in turn";
  test(`R22: while ${polite} is the polite one, both add lines ${when}, turn and stop them at once, and agree`, async ({
    page,
  }) => {
    const fox = await firefox.tab();
    const chromium = tabOf(page);
    const delay = 20;
    await opens(chromium, polite === "Chromium", delay);
    await opens(fox, polite === "Firefox", delay);
    const both: [Tab, Tab] = [chromium, fox];

    const lines = await addLines(both, atOnce);
    await expect
      .poll(() => chromium.evaluate(() => window.side.connection.connectionState))
      .toBe("connected");

    // One side turns a line while the other stops one and restarts ICE.
    await Promise.all([
      chromium.evaluate(() => {
        window.side.connection.getTransceivers()[0]!.direction = "inactive";
      }),
      fox.evaluate(() => {
        window.side.connection.getTransceivers().at(-1)!.stop();
        window.side.negotiator.restartIce();
      }),
    ]);
    const left = await agree(chromium, fox, lines - 1);
    expect(left.filter((line) => line.endsWith(" inactive"))).toHaveLength(1);
    await expect
      .poll(() => fox.evaluate(() => window.side.connection.connectionState))
      .toBe("connected");

    // Both restart at once until their offers have met.
    let glares = await met(both);
    for (let round = 0; glares === 0 && round < 20; round += 1) {
      const before = await negotiated(chromium);
      await Promise.all(both.map((tab) => tab.evaluate(() => window.side.negotiator.restartIce())));
      await expect.poll(() => negotiated(chromium)).toBeGreaterThan(before);
      await agree(chromium, fox, lines - 1);
      glares = await met(both);
    }
    expect(glares, "no two offers met: the test proves nothing").toBeGreaterThan(0);
    const errors = await Promise.all(both.map((tab) => tab.evaluate(() => window.side.errors)));
    expect(errors.flat()).toEqual([]);
    expect(fox.complaints).toEqual([]);
    await fox.close();
  });
}
