// A page in which somebody joins and leaves all day is as light in the evening as in the morning.

import { type Browser, type CDPSession, type Page, expect, test } from "@playwright/test";

import type { Call } from "samewire";

import { PackageServer } from "./support/package-server.ts";
import { Server } from "./support/server.ts";
import type { Ticket } from "./support/visitor.ts";

/** How often garbage is collected: what is let go is then freed, as it would be in the long run. */
const BATCH = 20;

let pages: PackageServer;
let server: Server;
test.beforeAll(async () => {
  pages = await PackageServer.start();
  server = await Server.start({ ALLOWED_ORIGINS: pages.origin });
});
test.afterAll(async () => {
  await server?.stop();
  await pages?.stop();
});

declare global {
  interface Window {
    call: Call;
  }
}

/** What is alive in a page once its garbage is gone. */
interface Alive {
  heap: number;
  wasm: number;
  functions: number;
  connections: number;
  sockets: number;
  tracks: number;
}

const KINDS = {
  functions: "Function",
  connections: "RTCPeerConnection",
  sockets: "WebSocket",
  tracks: "MediaStreamTrack",
  memories: "WebAssembly.Memory",
};

class Scales {
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async of(page: Page): Promise<Scales> {
    return new Scales(page, await page.context().newCDPSession(page));
  }

  async collect() {
    // Twice: what is freed when its handle has been collected is collected then.
    for (let round = 0; round < 2; round += 1) {
      await this.#session.send("HeapProfiler.collectGarbage");
      await this.#page.evaluate(() => new Promise((later) => setTimeout(later)));
    }
  }

  async weigh(): Promise<Alive> {
    await this.collect();
    const { usedSize } = await this.#session.send("Runtime.getHeapUsage");
    const counts = {} as Record<keyof typeof KINDS, number>;
    for (const [name, kind] of Object.entries(KINDS)) {
      const of = name === "memories" ? "sum" : "count";
      counts[name as keyof typeof KINDS] = await this.#all(kind, of);
    }
    const { memories: wasm, ...rest } = counts;
    return { heap: usedSize, wasm, ...rest };
  }

  /** How many objects of a class there are, or how many bytes they hold. */
  async #all(kind: string, of: "count" | "sum"): Promise<number> {
    const objectGroup = "scales";
    const { result } = await this.#session.send("Runtime.evaluate", {
      expression: `${kind}.prototype`,
      objectGroup,
    });
    const { objects } = await this.#session.send("Runtime.queryObjects", {
      prototypeObjectId: result.objectId!,
      objectGroup,
    });
    const functionDeclaration =
      of === "count"
        ? "function () { return this.length; }"
        : "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }";
    const answer = await this.#session.send("Runtime.callFunctionOn", {
      objectId: objects.objectId!,
      functionDeclaration,
      returnByValue: true,
    });
    await this.#session.send("Runtime.releaseObjectGroup", { objectGroup });
    return answer.result.value;
  }
}

/** A blank page; nothing of the test's is in it, which would keep what it watches. */
async function arrive(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ permissions: ["microphone"] });
  const page = await context.newPage();
  await page.goto(pages.origin);
  return page;
}

async function stays(page: Page, ticket: Ticket) {
  await page.evaluate(async ({ url, token }) => {
    const { join } = (await import("/index.js" as string)) as typeof import("samewire");
    window.call = await join({ url, token, media: { audio: true, video: false } });
  }, ticket);
}

/** Joins, is connected among so many people, and leaves, again and again. */
async function comesAndGoes(page: Page, ticket: Ticket, times: number, people: number) {
  await page.evaluate(
    async ({ url, token, times, people }) => {
      const { join } = (await import("/index.js" as string)) as typeof import("samewire");
      for (let time = 0; time < times; time += 1) {
        const call = await join({ url, token, media: { audio: true, video: false } });
        const heard = () => call.state === "connected" && call.participants.length === people;
        await new Promise<void>((resolve) => {
          const look = () => heard() && resolve();
          call.on("participant", look);
          call.on("state", look);
          look();
        });
        await call.leave();
      }
    },
    { ...ticket, times, people },
  );
}

/** Closes a connection while its first offer is being made, again and again. */
async function cutsOff(page: Page, times: number) {
  await page.evaluate(async (times) => {
    const { init, Negotiator } = (await import("/index.js" as string)) as typeof import("samewire");
    await init();
    for (let time = 0; time < times; time += 1) {
      const connection = new RTCPeerConnection();
      const negotiator = new Negotiator({ connection, polite: true, send: () => {} });
      connection.createDataChannel("cut off");
      await new Promise((needed) => connection.addEventListener("negotiationneeded", needed));
      negotiator.close();
      connection.close();
    }
  }, times);
}

/** What the last of many joins may leave more of than the first ones: noise, and far less than one each. */
const MORE: Alive = {
  heap: 150_000,
  // One page, in which a thousand small things find room.
  wasm: 65_536,
  // The tools that look leave a few; a closure that a join leaves would be two for each.
  functions: 40,
  connections: 2,
  sockets: 0,
  tracks: 5,
};

/** Expects that page after page weighs what it did. Some of what is gone the browser frees in its own time. */
async function areAsLight(scales: Scales[], before: Alive[], more = MORE) {
  const grown = async (one: Scales, known: Alive) => {
    const now = await one.weigh();
    const kinds = Object.keys(more) as (keyof Alive)[];
    return kinds
      .filter((kind) => now[kind] - known[kind] > more[kind])
      .map((kind) => `${kind}: ${known[kind]} → ${now[kind]}`);
  };
  await expect
    .poll(() => Promise.all(scales.map((one, at) => grown(one, before[at]!))))
    .toEqual(scales.map(() => []));
}

for (const [often, tag] of [
  [80, ""],
  [200, "@long "],
] as const) {
  test(`${tag}${often} joins and leaves of somebody alone leave neither heap nor sockets nor closures behind`, async ({
    browser,
  }) => {
    const ana = await arrive(browser);
    const scales = await Scales.of(ana);
    const ticket = await server.ticket("leak-alone", "Ana");
    // What is made once is made by now: caches, compiled code, the memory of the WebAssembly.
    await comesAndGoes(ana, ticket, 2 * BATCH, 1);
    const before = await scales.weigh();
    for (let joined = 0; joined < often; joined += BATCH) {
      await comesAndGoes(ana, ticket, BATCH, 1);
      await scales.collect();
    }
    await areAsLight([scales], [before]);
  });
}

test("R40: a hundred negotiations that are cut off, which no browser ever settles, leave no closure behind", async ({
  browser,
}) => {
  const ana = await arrive(browser);
  const scales = await Scales.of(ana);
  await cutsOff(ana, 10);
  const before = await scales.weigh();
  await cutsOff(ana, 100);
  await areAsLight([scales], [before]);
});

test("@long 200 joins and leaves beside somebody who stays leave neither heap nor connections nor closures behind, with either", async ({
  browser,
}) => {
  test.setTimeout(900_000);
  const [ana, ben] = await Promise.all([arrive(browser), arrive(browser)]);
  await stays(ana, await server.ticket("leak", "Ana"));
  const ticket = await server.ticket("leak", "Ben");
  const scales = [await Scales.of(ana), await Scales.of(ben)];
  await comesAndGoes(ben, ticket, 2 * BATCH, 2);
  const before = await Promise.all(scales.map((one) => one.weigh()));
  for (let joined = 0; joined < 200; joined += BATCH) {
    await comesAndGoes(ben, ticket, BATCH, 2);
    for (const one of scales) await one.collect();
  }
  await expect.poll(() => ana.evaluate(() => window.call.participants.length)).toBe(1);
  // Whoever stays keeps a trace of it all, up to 5,000 entries of some hundred bytes.
  await areAsLight(scales, before, { ...MORE, heap: 750_000 });
});
