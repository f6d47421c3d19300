// What measuring a call costs in the page, beyond the browser's `getStats` itself: time inside the
// package, with samples of quality and without.

import { type Page, chromium } from "@playwright/test";

import { BundleServer } from "../tests/e2e/support/bundle-server.ts";
import { installed } from "../tests/e2e/support/packages.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import config from "../tests/playwright.config.ts";
import { type Table, percentile } from "./figures.ts";

const WARM_UP = 8;
const LOOKS = 40;
/** The shortest, so that every look is a sample; and the longest, so that next to none is. */
const SAMPLE = { with: 500, without: 60_000 };

interface Look {
  /** Milliseconds until the browser had the report. */
  browser: number;
  /** Milliseconds in which the package looked at it. */
  own: number;
}

interface Ticket {
  url: string;
  token: string;
}

declare global {
  interface Window {
    enter: (ticket: Ticket) => Promise<void>;
    sees: (people: number) => boolean;
    next: (count: number) => Promise<Look[]>;
  }
}

export async function sampling(): Promise<Table> {
  const started: (() => unknown)[] = [];
  try {
    const packages = await installed("bench/packages", "bench-packages");
    const entry = new URL("pages/sampled.js", import.meta.url).pathname;
    const served = await BundleServer.of(entry, packages, { minify: true }, ISOLATED);
    started.push(() => served.stop());
    const runtimes = new Map<string, Runtime>();
    for (const [kind, sample] of Object.entries(SAMPLE)) {
      const TUNING = JSON.stringify({ SAMPLE: sample });
      const runtime = await Runtime.start({ ALLOWED_ORIGINS: served.origin, TUNING });
      started.push(() => runtime.stop());
      runtimes.set(kind, runtime);
    }
    const rows: Table["rows"] = [];
    for (const people of [2, 4]) {
      for (const [kind, runtime] of runtimes) {
        const looks = await measure(runtime, served.origin, people);
        rows.push({ cells: [`a call of ${people}, ${kind} samples`, ...figures(looks)] });
      }
    }
    rows[0]!.includes = INCLUDES;
    return {
      title: "A look at the statistics of one connection, in milliseconds",
      columns: ["what", "n", "package p50", "package p95", "getStats p50"],
      rows,
    };
  } finally {
    for (const stop of started.toReversed()) await stop();
  }
}

/** What `performance.now` needs to tell five microseconds apart. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

async function measure(runtime: Runtime, origin: string, people: number): Promise<Look[]> {
  const session = `bench-sampling-${people}`;
  const browser = await chromium.launch(config.use!.launchOptions);
  try {
    const pages: Page[] = [];
    for (let i = 0; i < people; i += 1) {
      const page = await browser.newPage();
      await page.goto(origin);
      const ticket = {
        url: runtime.socketUrl(session),
        token: await runtime.token(session, { userId: `user-${i}` }),
      };
      await page.waitForFunction(() => "enter" in window);
      await page.evaluate((ticket) => window.enter(ticket), ticket);
      pages.push(page);
    }
    const [first] = pages as [Page];
    await first.waitForFunction((people) => window.sees(people), people);
    // Looks are frequent until everyone is seen, and code is slow until it is compiled.
    await first.evaluate((count) => window.next(count), WARM_UP);
    return await first.evaluate((count) => window.next(count), LOOKS);
  } finally {
    await browser.close();
  }
}

function figures(looks: Look[]): (string | number)[] {
  const own = looks.map((look) => look.own);
  const browser = looks.map((look) => look.browser);
  const shown = (value: number) => value.toFixed(3);
  return [
    looks.length,
    shown(percentile(own, 50)),
    shown(percentile(own, 95)),
    shown(percentile(browser, 50)),
  ];
}

const INCLUDES = `the package looks at the statistics of each connection every 0.5 s, to see whether \
media comes, and makes a sample of one look in six (\`SAMPLE\`, 3 s); here of every one, and below of \
one in 120. The package's time is from handing it the report until it returns: reading the report, \
what it concludes, and what it tells the page and the session, on one thread with the page. The goal \
for a sample is 0.1 ms more than a look without. \`getStats\` is from calling it until the report is \
there, most of it on other threads`;
