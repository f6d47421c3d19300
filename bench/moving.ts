// People in a call that moves between ways of being carried: each in a page of one Chromium, behind a
// link with a delay.

import { setTimeout as wait } from "node:timers/promises";

import { type Browser, type Page, chromium } from "@playwright/test";

import { BundleServer } from "../tests/e2e/support/bundle-server.ts";
import { installed } from "../tests/e2e/support/packages.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import config from "../tests/playwright.config.ts";
import { DevSfu } from "../tests/support/dev-sfu.ts";
import { Janus } from "../tests/support/janus.ts";

/** Chromium with a camera that gives as many pictures as are asked for. */
const { launchOptions } = config.use!;
const CAMERA = "--use-fake-device-for-media-stream";
const CHROMIUM = {
  ...launchOptions,
  args: [
    ...launchOptions!.args!.filter((argument) => !argument.startsWith(CAMERA)),
    `${CAMERA}=fps=30`,
  ],
};

/** What each page's packets wait on their way out, and again those that come in. */
const DELAY_MS = 25;

/** Whoever has not arrived by then does not come. */
const LATEST_MS = 40_000;

/** Longer than this does a bench not sleep by itself: the machine stood still, or had no time for it. */
const STOOD_STILL_MS = 400;

/** Of one other person, in one page, since it was last asked: the longest that was missing. */
export interface Missed {
  /** Milliseconds between two pictures. */
  picture: number;
  /** When there was a picture again, in milliseconds since 1970. */
  back: number;
  /** Milliseconds in which no tone was heard. */
  sound: number;
}

export interface Traffic {
  bytes: number;
  connections: number;
  roundTrips: number[];
}

interface Ticket {
  url: string;
  token: string;
}

declare global {
  interface Window {
    enter: (ticket: Ticket) => Promise<void>;
    sees: (people: number) => boolean;
    isIn: (epoch: number) => boolean;
    missed: () => Promise<Missed[]>;
    gives: () => void;
    traffic: () => Promise<Traffic>;
  }
}

/** Runs something; undefined, whatever came of it, when the machine stood still meanwhile. */
export async function undisturbed<T>(run: () => Promise<T>): Promise<T | undefined> {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const looking = setInterval(look, 20);
  try {
    const done = await run();
    look();
    return longest > STOOD_STILL_MS ? undefined : done;
  } catch (error) {
    look();
    if (longest > STOOD_STILL_MS) return undefined;
    throw error;
  } finally {
    clearInterval(looking);
  }
}

/** A Worker with two SFUs of this machine, and a page that joins there. */
export class House {
  readonly sfu: DevSfu;
  readonly runtime: Runtime;
  readonly #served: BundleServer;
  readonly #stops: (() => unknown)[];

  private constructor(
    sfu: DevSfu,
    runtime: Runtime,
    served: BundleServer,
    stops: (() => unknown)[],
  ) {
    this.sfu = sfu;
    this.runtime = runtime;
    this.#served = served;
    this.#stops = stops;
  }

  static async open(tuning: object): Promise<House> {
    const stops: (() => unknown)[] = [];
    try {
      const entry = new URL("pages/moving.js", import.meta.url).pathname;
      const packages = await installed("bench/packages", "bench-packages");
      const served = await BundleServer.of(entry, packages, { minify: true });
      stops.push(() => served.stop());
      const sfu = await DevSfu.start();
      stops.push(() => sfu.stop());
      const janus = await Janus.start();
      stops.push(() => janus.stop());
      const runtime = await Runtime.start({
        ALLOWED_ORIGINS: served.origin,
        PROVIDERS: JSON.stringify([
          { name: "p2p", kind: "p2p", priority: 1 },
          sfu.provider({ priority: 2 }),
          janus.provider({ priority: 3 }),
        ]),
        CLOUDFLARE_SFU_SECRET: sfu.secret,
        JANUS_SECRET: janus.secretText,
        TUNING: JSON.stringify(tuning),
      });
      stops.push(() => runtime.stop());
      return new House(sfu, runtime, served, stops);
    } catch (error) {
      for (const stop of stops.toReversed()) await stop();
      throw error;
    }
  }

  async close() {
    for (const stop of this.#stops.toReversed()) await stop();
  }

  /** So many people, who see and hear each other. */
  meet(session: string, people: number, settings: object = {}): Promise<Call> {
    return Call.meet(this.runtime, this.#served.origin, session, people, settings);
  }
}

/** Those of one session, in a Chromium of their own. */
export class Call {
  readonly session: string;
  readonly pages: Page[] = [];
  readonly #runtime: Runtime;
  readonly #browser: Browser;

  private constructor(session: string, runtime: Runtime, browser: Browser) {
    this.session = session;
    this.#runtime = runtime;
    this.#browser = browser;
  }

  static async meet(
    runtime: Runtime,
    origin: string,
    session: string,
    people: number,
    settings: object,
  ): Promise<Call> {
    const call = new Call(session, runtime, await chromium.launch(CHROMIUM));
    try {
      for (let i = 0; i < people; i += 1) {
        const page = await call.#browser.newPage();
        const devtools = await page.context().newCDPSession(page);
        await devtools.send("Network.emulateNetworkConditions", {
          offline: false,
          latency: DELAY_MS,
          downloadThroughput: -1,
          uploadThroughput: -1,
        });
        await page.goto(origin);
        await page.waitForFunction(() => "enter" in window);
        const token = await runtime.token(session, { userId: `user-${i}`, session: settings });
        const ticket = { url: runtime.socketUrl(session), token };
        await page.evaluate((ticket) => window.enter(ticket), ticket);
        call.pages.push(page);
      }
      await call.areTogether();
      return call;
    } catch (error) {
      await call.#browser.close();
      throw error;
    }
  }

  /** Returns when everyone sees and hears everyone. */
  async areTogether() {
    const people = this.pages.length;
    await this.each((page) => page.waitForFunction((people) => window.sees(people), people));
  }

  each<T>(what: (page: Page) => Promise<T>): Promise<T[]> {
    return Promise.all(this.pages.map(what));
  }

  /** What everyone missed of every other since this was last asked. */
  async missed(): Promise<Missed[]> {
    return (await this.each((page) => page.evaluate(() => window.missed()))).flat();
  }

  traffic(): Promise<Traffic[]> {
    return this.each((page) => page.evaluate(() => window.traffic()));
  }

  /** As an operator does: moves everyone, and returns when everyone's media comes by the new way. */
  async switches(provider: string) {
    const { epoch } = await this.snapshot();
    const path = `/v1/sessions/${this.session}/switch`;
    const answer = await this.#runtime.operate("POST", path, { provider });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    await this.arrives(epoch);
  }

  /** Most say that what carries the call is dead: the session goes elsewhere at once, without preparing it. */
  async breaks() {
    const { epoch } = await this.snapshot();
    const most = this.pages.slice(0, Math.max(2, Math.ceil(this.pages.length / 2)));
    await Promise.all(most.map((page) => page.evaluate(() => window.gives())));
    await this.arrives(epoch);
  }

  /** Returns when the session has left this epoch, and everyone's media comes in the one that it is in. */
  async arrives(left: number) {
    const late = Date.now() + LATEST_MS;
    for (;;) {
      const { epoch } = await this.snapshot();
      const isIn = (page: Page) => page.evaluate((epoch) => window.isIn(epoch), epoch);
      if (epoch > left && (await this.each(isIn)).every(Boolean)) return;
      if (Date.now() > late) {
        const last = (await this.#runtime.events(this.session)).slice(-12);
        throw new Error(
          `not everyone comes from epoch ${left} to ${epoch}: ${JSON.stringify(last)}`,
        );
      }
      await wait(50);
    }
  }

  snapshot(): Promise<{ epoch: number; provider: string }> {
    return this.#runtime.snapshot(this.session);
  }

  /** What the session decided: entries of its log of a kind, in order. */
  async log(kind: string): Promise<any[]> {
    const all = await this.#runtime.events(this.session);
    return all.filter((entry) => entry.kind === kind);
  }

  /** What is fresh is what comes after this. */
  async fresh() {
    await wait(300);
    await this.missed();
  }

  async end() {
    await this.#browser.close();
  }
}
