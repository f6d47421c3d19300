// `samewire/elements` in a plain page, against a real Worker.

import { expect, test } from "@playwright/test";

import { isAccessible } from "./support/axe.ts";
import { BundleServer } from "./support/bundle-server.ts";
import { Server } from "./support/server.ts";
import { Visitor } from "./support/visitor.ts";

declare global {
  interface Window {
    element: HTMLElement;
    fired: [name: string, code: string | null][];
  }
}

let pages: BundleServer;
let server: Server;
test.beforeAll(async () => {
  pages = await BundleServer.start("elements");
  server = await Server.start({ ALLOWED_ORIGINS: pages.origin });
});
test.afterAll(async () => {
  await server?.stop();
  await pages?.stop();
});

async function comes(
  browser: Parameters<typeof Visitor.comes>[0],
  room: string,
  name: string,
  more = {},
) {
  const { url, token } = await server.ticket(room, name);
  return Visitor.comes(browser, pages, { url, token, ...more });
}

const fired = ({ page }: Visitor) => page.evaluate(() => window.fired.map(([name]) => name));
const tile = ({ page }: Visitor, name: string | RegExp) => page.getByRole("article", { name });
const press = ({ page }: Visitor, name: string) =>
  page.getByRole("button", { name, exact: true }).click();

test("two pages with <samewire-call> see, hear of and write to each other", async ({ browser }) => {
  const ana = await comes(browser, "elements-call", "Ana");
  const ben = await comes(browser, "elements-call", "Ben");
  for (const { page } of [ana, ben]) {
    await expect(page.getByText("People in the call: 2")).toBeVisible();
    await expect(page.getByText(/^Connected · 2 people/)).toBeVisible();
  }
  await expect.poll(() => ana.plays("Ben")).toBe(true);
  await expect.poll(() => ben.plays("Ana")).toBe(true);
  await expect(tile(ana, "Ana (you)")).toBeVisible();

  await press(ben, "Chat");
  await expect(ben.page.getByLabel("Message to everyone")).toBeFocused();
  await ben.page.getByLabel("Message to everyone").fill("hello <b>you</b>");
  await ben.page.keyboard.press("Enter");
  await press(ana, "Chat");
  await expect(ana.page.getByRole("log")).toContainText("hello <b>you</b>");
  await expect(ana.page.getByRole("log").locator("p")).toHaveCount(1);

  expect([ana.sockets, ben.sockets]).toEqual([1, 1]);
  expect([await fired(ana), await fired(ben)]).toEqual([["joined"], ["joined"]]);
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
  await Promise.all([ana.goes(), ben.goes()]);
});

test("mute and camera are told in words on both sides", async ({ browser }) => {
  const ana = await comes(browser, "elements-mute", "Ana");
  const ben = await comes(browser, "elements-mute", "Ben");
  await expect(tile(ben, "Ana")).toBeVisible();
  await press(ana, "Mute");
  await press(ana, "Stop camera");
  await expect(tile(ben, "Ana, microphone off, camera off")).toBeVisible();
  await press(ana, "Unmute");
  await press(ana, "Start camera");
  await expect(tile(ben, /^Ana$/)).toBeVisible();
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
  await Promise.all([ana.goes(), ben.goes()]);
});

test("a screen is shared and stopped by a button, and shown beside its owner", async ({
  browser,
}) => {
  const ana = await comes(browser, "elements-screen", "Ana");
  const ben = await comes(browser, "elements-screen", "Ben");
  await press(ana, "Share screen");
  await expect.poll(() => ben.plays("Ana’s screen")).toBe(true);
  await expect(ben.page.getByRole("button", { name: "Leave" })).toBeInViewport({ ratio: 1 });
  await expect.poll(() => ben.plays("Ana")).toBe(true);
  await expect(tile(ana, "Your screen")).toBeVisible();
  await press(ana, "Stop sharing");
  await expect(tile(ben, "Ana’s screen")).toHaveCount(0);
  await expect(ana.page.getByRole("button", { name: "Share screen" })).toBeVisible();
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
  await Promise.all([ana.goes(), ben.goes()]);
});

test("who speaks is ringed and told, and whoever is muted does not", async ({ browser }) => {
  const ana = await comes(browser, "elements-speaking", "Ana");
  const ben = await comes(browser, "elements-speaking", "Ben");
  await expect(tile(ben, "Ana")).toContainText("speaking");
  await press(ana, "Mute");
  await expect(tile(ben, "Ana, microphone off")).not.toContainText("speaking");
  await Promise.all([ana.goes(), ben.goes()]);
});

test("an element that is moved stays in its call, and one that is taken out leaves", async ({
  browser,
}) => {
  const ana = await comes(browser, "elements-move", "Ana");
  const ben = await comes(browser, "elements-move", "Ben");
  await expect.poll(() => ana.plays("Ben")).toBe(true);
  await ana.page.evaluate(() => document.querySelector("main")!.append(window.element));
  await expect.poll(() => ana.plays("Ben")).toBe(true);
  expect(ana.sockets).toBe(1);
  await ana.page.evaluate(() => window.element.remove());
  await expect(ben.page.getByText("People in the call: 1")).toBeVisible();
  await expect(ben.page.getByText("Ana left")).toBeAttached();
  expect(await ana.open()).toEqual({ connections: 0, tracks: 0 });
  await Promise.all([ana.goes(), ben.goes()]);
});

test("whoever leaves may join again, by the buttons", async ({ browser }) => {
  const ana = await comes(browser, "elements-leave", "Ana");
  await press(ana, "Leave");
  await expect(ana.page.getByText("Not in the call")).toBeVisible();
  expect(await ana.open()).toEqual({ connections: 0, tracks: 0 });
  await press(ana, "Join");
  await expect(tile(ana, "Ana (you)")).toBeVisible();
  expect(await fired(ana)).toEqual(["joined", "left", "joined"]);
  await ana.goes();
});

test("a join that is refused says why, in the page and as an event", async ({ browser }) => {
  const { url } = await server.ticket("elements-refused", "Ana");
  const ana = await Visitor.comes(browser, pages, { url, token: "not.a.token" });
  await expect(ana.page.getByRole("alert")).toHaveText(/\S/);
  await expect(ana.page.getByRole("button", { name: "Join" })).toBeVisible();
  expect(await ana.page.evaluate(() => window.fired)).toEqual([["error", "unauthorised"]]);
  expect(await ana.open()).toEqual({ connections: 0, tracks: 0 });
  await ana.goes();
});

test("words may be of another language", async ({ browser }) => {
  const ana = await comes(browser, "elements-words", "Ana", { german: "" });
  await expect(tile(ana, "Ana (ich)")).toBeVisible();
  await expect(ana.page.getByRole("button", { name: "Auflegen" })).toBeVisible();
  await expect(ana.page.getByRole("button", { name: "Stumm" })).toBeVisible();
  await ana.goes();
});

test("axe has nothing against a call with its chat open, in light and in dark, nor does a phone's width", async ({
  browser,
}) => {
  const ana = await comes(browser, "elements-axe", "Ana");
  await press(ana, "Chat");
  await ana.page.getByLabel("Message to everyone").fill("hello");
  await ana.page.keyboard.press("Enter");
  await expect(ana.page.getByRole("log")).toContainText("hello");
  await isAccessible(ana.page);
  await ana.page.setViewportSize({ width: 360, height: 640 });
  const wider = await ana.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(wider).toBe(0);
  await ana.page.screenshot({ path: test.info().outputPath("phone.png"), fullPage: true });
  await ana.page.setViewportSize({ width: 1000, height: 700 });
  await ana.page.screenshot({ path: test.info().outputPath("desk.png"), fullPage: true });
  await ana.goes();
});
