// The Negotiator with a peer at the other end that knows nothing of it. An adapter between the two puts
// a number on the other's offers, and on its answers that of the offer they are to: a Negotiator wants
// one, and a path that keeps the order makes it plain which it is.
//
// With a checkout of web-platform-tests, `SAMEWIRE_WPT=…/wpt playwright test -c tests plain-peer` puts
// its own helper in the peer's place.

import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test, type Page } from "@playwright/test";

import type { Negotiator, NegotiatorMessage } from "samewire";

import { delays } from "./support/delays.ts";
import { PackageServer } from "./support/package-server.ts";

const checkout = process.env["SAMEWIRE_WPT"];
const PEER = checkout
  ? path.join(checkout, "webrtc/RTCPeerConnection-perfect-negotiation-helper.js")
  : fileURLToPath(new URL("pages/plain-peer.js", import.meta.url));

declare global {
  interface Window {
    /** Of the plain peer, in its frame. */
    peer: (other: Window, polite: boolean) => RTCPeerConnection;
    theirs: RTCPeerConnection;
    /** Of the Negotiator, in the page. */
    ours: RTCPeerConnection;
    negotiator: Negotiator;
    heard: { glares: number; errors: string[] };
  }
}

let server: PackageServer;
test.beforeAll(async () => {
  server = await PackageServer.start();
});
test.afterAll(async () => {
  await server.stop();
});

test.beforeEach(({ page }) => page.addInitScript(delays));

interface Way {
  seed: number;
  longest: number;
  polite: boolean;
}

/** A page with a Negotiator, and in a frame of it the plain peer in the other role. */
async function meet(page: Page, way: Way) {
  await page.goto(server.origin);
  await page.evaluate(() => document.body.append(document.createElement("iframe")));
  const frame = page.frames()[1]!;
  await frame.goto(`${server.origin}/peer`);
  await frame.addScriptTag({ path: PEER });
  await page.evaluate(connect, way);
  await frame.evaluate((polite) => {
    window.theirs = window.peer(window.parent, polite);
  }, !way.polite);
}

/** The Negotiator, and the adapter between it and the frame. */
async function connect({ seed, longest, polite }: Way) {
  const { init, Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
  await init();
  const { channel } = window.delays(seed, longest);
  const heard = (window.heard = { glares: 0, errors: [] as string[] });
  let asked = 0;
  let theirOffers = 0;

  const toThem = channel((message: object) => window.frames[0]!.postMessage(message, "*"));
  const toUs = channel((message: NegotiatorMessage) => window.negotiator.receive(message));
  window.addEventListener("message", ({ data }) => {
    if ("error" in data) heard.errors.push(`theirs: ${data.error}`);
    const { description, candidate } = data;
    if (description?.type === "offer") toUs({ description, offer: (theirOffers += 1) });
    if (description?.type === "answer") toUs({ description, offer: asked });
    if (candidate) toUs({ candidate });
  });

  window.ours = new RTCPeerConnection();
  window.negotiator = new Negotiator({
    connection: window.ours,
    polite,
    send: (message) => {
      if ("description" in message) {
        if (message.description.type === "offer") asked = message.offer;
        toThem({ description: message.description });
      } else {
        toThem(message);
      }
    },
  });
  window.negotiator.on("glare", () => (heard.glares += 1));
  window.negotiator.on("error", ({ code }) => heard.errors.push(`ours: ${code}`));
}

/** Both ends as they are, once both are connected, agree, and have so many things to send between them. */
async function agreeOn(page: Page, lines: number) {
  await expect
    .poll(() => page.evaluate(standing), { message: `both agree on ${lines}` })
    .toEqual({
      states: ["stable connected", "stable connected"],
      lines: [lines, lines],
      open: 0,
      errors: [],
    });
}

function standing() {
  const { ours, heard, frames } = window;
  const both = [ours, (frames[0] as Window).theirs];
  return {
    states: both.map((one) => `${one.signalingState} ${one.connectionState}`),
    lines: both.map((one) => one.getTransceivers().length),
    open: both.flatMap((one) => one.getTransceivers()).filter((one) => !one.currentDirection)
      .length,
    errors: heard.errors,
  };
}

/** The plain peer's own command, which is over when what it adds is agreed upon. */
function theyAdd(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const id = crypto.randomUUID();
        window.addEventListener("message", ({ data }) => id in data && resolve(data[id]));
        window.frames[0]!.postMessage({ run: { cmd: "addTransceiver", id } }, "*");
      }),
  );
}

const weAdd = (page: Page) => page.evaluate(() => void window.ours.addTransceiver("video"));

/** An ICE restart changes them on both sides. */
const ufrags = (page: Page) =>
  page.evaluate(() =>
    [window.ours, (window.frames[0] as Window).theirs].map(
      (one) => /a=ice-ufrag:(\S+)/.exec(one.currentLocalDescription?.sdp ?? "")?.[1],
    ),
  );

for (const polite of [true, false]) {
  const role = polite ? "polite" : "impolite";

  test(`R22 a plain peer negotiates with a Negotiator that is ${role}, whoever begins`, async ({
    page,
  }) => {
    await meet(page, { seed: 1, longest: 0, polite });
    await weAdd(page);
    await agreeOn(page, 1);
    expect(await theyAdd(page)).toBe(2);
    await agreeOn(page, 2);
    for (const restart of [
      () => window.negotiator.restartIce(),
      () => (window.frames[0] as Window).theirs.restartIce(),
    ]) {
      const [ours, theirs] = await ufrags(page);
      await page.evaluate(restart);
      await expect
        .poll(() => ufrags(page))
        .toEqual([expect.not.stringMatching(ours!), expect.not.stringMatching(theirs!)]);
      await agreeOn(page, 2);
    }
    expect(await theyAdd(page)).toBe(3);
  });

  test(`R22 a plain peer and a Negotiator that is ${role} offer at once through 0–40 ms of delay, and always settle`, async ({
    page,
  }) => {
    let glares = 0;
    for (let seed = 1; seed <= 6; seed += 1) {
      await meet(page, { seed, longest: (seed % 3) * 20, polite });
      for (let round = 1; round <= 4; round += 1) {
        await page.evaluate(
          (restarts) => {
            window.ours.addTransceiver("video");
            const them = window.frames[0] as Window;
            if (restarts) {
              window.negotiator.restartIce();
              them.theirs.restartIce();
            }
            them.postMessage({ run: { cmd: "addTransceiver", id: "added" } }, "*");
          },
          round % 2 === 0,
        );
        await agreeOn(page, 2 * round);
      }
      glares += await page.evaluate(() => window.heard.glares);
    }
    expect(glares, "no two offers met: the test proves nothing").toBeGreaterThan(6);
  });
}
