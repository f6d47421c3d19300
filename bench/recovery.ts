// From a fault to the picture again, and which rung of the ladder mended it. Every constant is as it is
// shipped.

import { type Browser, chromium } from "@playwright/test";

import { BundleServer } from "../tests/e2e/support/bundle-server.ts";
import { installed } from "../tests/e2e/support/packages.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import config from "../tests/playwright.config.ts";
import { startTurn } from "./coturn.ts";
import { type Table, ms, percentile } from "./figures.ts";

/** At the same time, each in a page of its own: most of the time is waiting. */
const PAIRS = 5;
const ROUNDS = 2;

/** The faults of `pages/recovering.js`. */
const FAULTS = {
  "ICE fails": { fault: "ice", turn: false },
  "only a relay would carry media": { fault: "direct", turn: true },
  "the connection carries nothing": { fault: "connection", turn: false },
  "the connection is closed": { fault: "closed", turn: false },
};

interface Recovery {
  ms: number;
  /** What was done last before the picture came again. */
  by: string;
}

interface Ticket {
  url: string;
  token: string;
}

declare global {
  interface Window {
    meet: (tickets: Ticket[]) => Promise<void>;
    isSeen: () => boolean;
    recovers: (fault: string) => Promise<Recovery>;
  }
}

export async function recovery(): Promise<Table> {
  const started: (() => unknown)[] = [];
  try {
    const packages = await installed("bench/packages", "bench-packages");
    const entry = new URL("pages/recovering.js", import.meta.url).pathname;
    const served = await BundleServer.of(entry, packages, { minify: true });
    started.push(() => served.stop());
    const coturn = await startTurn();
    started.push(() => coturn.stop());
    const vars = { ALLOWED_ORIGINS: served.origin };
    const direct = await Runtime.start(vars);
    started.push(() => direct.stop());
    const relayed = await Runtime.start({ ...vars, ICE_SERVERS: JSON.stringify(coturn.servers) });
    started.push(() => relayed.stop());
    const browser = await chromium.launch(config.use!.launchOptions);
    started.push(() => browser.close());
    const rows: Table["rows"] = [];
    for (const [what, { fault, turn }] of Object.entries(FAULTS)) {
      const samples: Recovery[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const pairs = Array.from({ length: PAIRS }, (_, i) => {
          const session = `bench-${fault}-${round}-${i}`;
          return recovers(browser, served.origin, turn ? relayed : direct, session, fault);
        });
        samples.push(...(await Promise.all(pairs)));
      }
      const times = [50, 95, 100].map((percent) => {
        return ms(
          percentile(
            samples.map((sample) => sample.ms),
            percent,
          ),
        );
      });
      const rungs = [...new Set(samples.map((sample) => sample.by))].sort().join(", ");
      const cells = [what, rungs, samples.length, ...times];
      rows.push({ cells, includes: INCLUDES[fault]! });
    }
    return {
      title: "From a fault to the picture again, in milliseconds",
      columns: ["fault", "mended by", "n", "p50", "p95", "most"],
      rows,
    };
  } finally {
    for (const stop of started.toReversed()) await stop();
  }
}

async function recovers(
  browser: Browser,
  origin: string,
  runtime: Runtime,
  session: string,
  fault: string,
): Promise<Recovery> {
  const page = await browser.newPage();
  try {
    await page.goto(origin);
    await page.waitForFunction(() => "meet" in window);
    const ticket = async (userId: string): Promise<Ticket> => ({
      url: runtime.socketUrl(session),
      token: await runtime.token(session, { userId }),
    });
    await page.evaluate((two) => window.meet(two), [await ticket("first"), await ticket("second")]);
    await page.waitForFunction(() => window.isSeen());
    return await page.evaluate((fault) => window.recovers(fault), fault);
  } finally {
    await page.close();
  }
}

const INCLUDES: Record<string, string> = {
  ice: `two of one call in one page, whose small video one sends to the other; ${PAIRS} such pages at \
the same time. ICE fails at one end (\`simulate("ice-failure")\`), and media stops both ways. A stall \
is noticed after \`STALLED\`, 1.5 s, and ICE restarts \`PATIENCE\`, 1.5 s, later; or as soon as the \
browser calls the connection failed`,
  direct: `what one sends arrives by a relay only, with coturn on this machine, while the direct way \
still answers ICE. Two restarts are tried before the relay, of 2 and 4 s, which is 3 + 6 s; then \
a connection is made anew that goes through the relay only`,
  connection: `nothing that one sends arrives on that connection any more, and there is no relay to try: \
3 + 6 s again, and a new connection with ICE and DTLS`,
  closed: `the connection is made anew at once: this is what a new one takes`,
};
