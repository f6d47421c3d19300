// A page of any browser, as far as the tests need it: Playwright's Chromium, or a Firefox of ours.

import type { Page } from "@playwright/test";

import type { Call } from "samewire";

declare global {
  interface Window {
    /** The call of the page, where it has one. */
    samewireCall?: Call;
  }
}

export interface Tab {
  goto(url: string): Promise<unknown>;
  /** Runs this in every page that comes, before anything of the page's own. */
  before(script: () => void): Promise<unknown>;
  /** Runs this in the page. What goes in and what comes out is plain data. */
  evaluate<Result>(run: () => Result): Promise<Awaited<Result>>;
  evaluate<Result, Given>(run: (given: Given) => Result, given: Given): Promise<Awaited<Result>>;
}

/** A page of Playwright's. */
export const tabOf = (page: Page): Tab => ({
  goto: (url) => page.goto(url),
  before: (script) => page.addInitScript(script),
  evaluate: (run: any, given?: any) => page.evaluate(run, given) as Promise<any>,
});
