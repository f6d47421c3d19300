// A Chromium and a Firefox in one call. Whoever comes second makes the offers, so each comes second once.

import { expect, test as base } from "@playwright/test";

import { Caller } from "./caller.ts";
import { Firefox } from "./firefox.ts";
import { Server } from "./server.ts";
import { tabOf } from "./tab.ts";

export type Name = "Chromium" | "Firefox";
export type People = Record<Name, Caller>;

export const ORDERS = [
  ["Chromium", "Firefox"],
  ["Firefox", "Chromium"],
] as const;

/** They come in this order. */
type Come = (first: Name, second: Name) => Promise<People>;

export const test = base.extend<{ come: Come }, { firefox: Firefox; server: Server }>({
  firefox: [
    async ({}, use) => {
      const firefox = await Firefox.start();
      await use(firefox);
      await firefox.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  server: [
    async ({}, use) => {
      const server = await Server.start({ TUNING: JSON.stringify({ SAMPLE: 600 }) });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  come: async ({ browser, firefox, server }, use, { testId }) => {
    const context = await browser.newContext({ permissions: ["camera", "microphone"] });
    const chromium = await context.newPage();
    const fox = await firefox.tab();
    const complaints = fox.complaints;
    chromium.on("pageerror", (error) => complaints.push(error.message));
    const tabs = { Chromium: tabOf(chromium), Firefox: fox };
    const comes = (name: Name) => Caller.opens(name, tabs[name], server, `demo-${testId}`);
    await use(async (first, second) => {
      const early = await comes(first);
      const late = await comes(second);
      const people = { [first]: early, [second]: late } as People;
      await areWell(people);
      return people;
    });
    await Promise.all([context.close(), fox.close()]);
    expect(complaints).toEqual([]);
  },
});

/** How somebody looks on the page of another. */
export const tile = (one: Caller, name: string) =>
  one.tab.evaluate((name) => {
    const tiles = document.querySelectorAll<HTMLElement>(
      '[data-testid="tile"]:not([data-self="true"])',
    );
    const tile = [...tiles].find((tile) => tile.textContent.includes(name));
    const video = tile?.querySelector("video");
    return {
      connection: tile?.dataset["connection"],
      microphone: tile?.dataset["mic"],
      camera: tile?.dataset["camera"],
      plays: Boolean(video && video.videoWidth > 0 && video.currentTime > 0),
    };
  }, name);

export const press = (one: Caller, control: string) =>
  one.tab.evaluate((control) => {
    document.querySelector<HTMLElement>(`[data-testid="${control}"]`)!.click();
  }, control);

const WELL = { connection: "good", microphone: "on", camera: "on", plays: true };

/** Waits until each decodes the other's sound and picture, and their pages show it. */
export async function areWell({ Chromium, Firefox }: People) {
  const sees = async (one: Caller, other: Caller) => {
    await one.receivesMedia();
    await expect.poll(() => tile(one, other.name), { message: one.name }).toEqual(WELL);
    await expect.poll(() => one.state(), { message: one.name }).toBe("connected");
  };
  await Promise.all([sees(Chromium, Firefox), sees(Firefox, Chromium)]);
}
