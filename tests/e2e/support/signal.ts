// Signals to a whole browser, as a machine that goes to sleep stops everything at once.

import type { BrowserServer } from "@playwright/test";

import { runningBelow } from "./server.ts";

/** To a browser and everything it runs. */
export async function signal(browser: BrowserServer, name: NodeJS.Signals) {
  const { pid } = browser.process();
  for (const one of [pid!, ...(await runningBelow(pid!))]) {
    try {
      process.kill(one, name);
    } catch {
      // It has gone meanwhile.
    }
  }
}
