// axe in a page, in light and in dark.

import path from "node:path";

import { type Page, expect } from "@playwright/test";

import { packages } from "./packages.ts";

/** Expects that axe finds nothing to say against the page, in either scheme. */
export async function isAccessible(page: Page): Promise<void> {
  await page.addScriptTag({ path: path.join(await packages(), "axe-core/axe.min.js") });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const violations = await page.evaluate(async () => {
      const { violations } = await (window as any).axe.run(document);
      return violations.map(({ id, nodes }: any) => [id, ...nodes.map((n: any) => n.html)]);
    });
    expect(violations, colorScheme).toEqual([]);
  }
}
