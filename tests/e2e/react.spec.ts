// `samewire/react` in real React, in StrictMode, against a real Worker.

import { type Page, expect, test } from "@playwright/test";

import type { Call } from "samewire";

import { isAccessible } from "./support/axe.ts";
import { BundleServer } from "./support/bundle-server.ts";
import { Server } from "./support/server.ts";
import { type Ticket, Visitor } from "./support/visitor.ts";

declare global {
  interface Window {
    answers: [how: string, one: Call][];
    shown: { call: Call | null; send: (text: string) => void; state: string };
  }
}

let pages: BundleServer;
let server: Server;
test.beforeAll(async () => {
  pages = await BundleServer.start("react");
  server = await Server.start({ ALLOWED_ORIGINS: pages.origin });
});
test.afterAll(async () => {
  await server?.stop();
  await pages?.stop();
});

const inRoom = ({ room, token }: Ticket) => ({ server: server.origin, room, token });
const whileMounted = ({ url, token }: Ticket) => ({ with: "useCall", url, token });

async function says(page: Page, text: string) {
  await page.evaluate((line) => window.shown.send(line), text);
}

for (const [hook, query] of Object.entries({
  useHybridConnection: inRoom,
  useCall: whileMounted,
})) {
  test(`two pages are in a call through ${hook}: both are seen, heard of and counted, and nobody joins twice`, async ({
    browser,
  }) => {
    const room = `react-${hook}`;
    const ana = await Visitor.comes(browser, pages, query(await server.ticket(room, "Ana")));
    const ben = await Visitor.comes(browser, pages, query(await server.ticket(room, "Ben")));
    for (const { page } of [ana, ben]) {
      await expect(page.getByTestId("state")).toHaveText("connected");
      await expect(page.getByTestId("count")).toHaveText("2");
      await expect(page.getByTestId("mode")).toHaveText("p2p");
      await expect(page.getByTestId("indicator")).toHaveText(/connect/i);
    }
    await expect.poll(() => ana.plays("Ben")).toBe(true);
    await expect.poll(() => ben.plays("Ana")).toBe(true);

    await says(ana.page, "one");
    await expect(ben.page.getByTestId("chat")).toHaveText("one");
    await says(ben.page, "two");
    await expect(ana.page.getByTestId("chat").getByRole("listitem")).toHaveText(["one", "two"]);

    await ana.page.getByRole("button", { name: "Share screen" }).click();
    await expect.poll(() => ben.plays("Ana, screen")).toBe(true);
    await ana.page.getByRole("button", { name: "Stop sharing" }).click();
    await expect(ben.page.getByLabel("Ana, screen")).toHaveCount(0);
    await expect(ana.page.getByRole("button", { name: "Share screen" })).toBeVisible();

    expect([ana.sockets, ben.sockets]).toEqual([1, 1]);
    // One microphone and one camera: nothing was captured twice.
    expect((await ana.open()).tracks).toBe(2);
    expect(await ana.page.evaluate(() => window.made.tracks.length)).toBe(2);
    // StrictMode mounts twice: who asked first has the call, too.
    const answers = await ana.page.evaluate(() =>
      window.answers.map(([how, one]) => [how, one === window.shown.call]),
    );
    expect(answers).toEqual(hook === "useCall" ? [] : Array(2).fill(["joined", true]));
    expect((await server.snapshot(room)).participants).toHaveLength(2);
    expect([...ana.complaints, ...ben.complaints]).toEqual([]);
    await Promise.all([ana.goes(), ben.goes()]);
  });

  test(`a component with ${hook} that unmounts leaves, and comes back with one call`, async ({
    browser,
  }) => {
    const room = `react-unmount-${hook}`;
    const ana = await Visitor.comes(browser, pages, query(await server.ticket(room, "Ana")));
    const ben = await Visitor.comes(browser, pages, query(await server.ticket(room, "Ben")));
    await expect(ana.page.getByTestId("count")).toHaveText("2");
    await ben.page.getByRole("button", { name: "Unmount" }).click();
    await expect(ana.page.getByTestId("count")).toHaveText("1");
    expect(await ben.open()).toEqual({ connections: 0, tracks: 0 });
    await ben.page.getByRole("button", { name: "Mount", exact: true }).click();
    await expect(ana.page.getByTestId("count")).toHaveText("2");
    await expect(ben.page.getByTestId("state")).toHaveText("connected");
    expect(ben.sockets).toBe(2);
    expect(ben.complaints).toEqual([]);
    await Promise.all([ana.goes(), ben.goes()]);
  });
}

test("a room that is left is left at once, and what is wrong with a join is said and thrown at nobody", async ({
  browser,
}) => {
  const ana = await Visitor.comes(browser, pages, inRoom(await server.ticket("react-left", "Ana")));
  await expect(ana.page.getByTestId("count")).toHaveText("1");
  await ana.page.getByRole("button", { name: "Leave" }).click();
  await expect(ana.page.getByTestId("state")).toHaveText("left");
  await expect(ana.page.getByTestId("count")).toHaveText("0");
  expect(await ana.open()).toEqual({ connections: 0, tracks: 0 });
  await ana.page.getByRole("button", { name: "Join without a token" }).click();
  await expect(ana.page.getByTestId("error")).toHaveText(
    /^misuse: joinRoom needs a room and a token/,
  );
  await expect(ana.page.getByTestId("state")).toHaveText("idle");
  expect(ana.complaints).toEqual([]);
  await ana.goes();
});

test("a call that an operator ends is `left` with its reason, and joining again is tried once", async ({
  browser,
}) => {
  const ticket = await server.ticket("react-ended", "Ana");
  const ana = await Visitor.comes(browser, pages, whileMounted(ticket));
  await expect(ana.page.getByTestId("count")).toHaveText("1");
  const { participants } = await server.snapshot("react-ended");
  await server.remove("react-ended", `/participants/${participants[0].id}`);
  await expect(ana.page.getByTestId("state")).toHaveText("left");
  await expect(ana.page.getByTestId("error")).toHaveText(/^removed: /);
  await ana.page.getByRole("button", { name: "Join again" }).click();
  // Tried, and refused: whoever was removed stays away.
  await expect(ana.page.getByTestId("state")).toHaveText("idle");
  await expect(ana.page.getByTestId("error")).toHaveText(/^removed: /);
  expect(ana.sockets).toBe(2);
  expect(ana.complaints).toEqual([]);
  await ana.goes();
});

test("the indicator says in words how the call goes, and axe has nothing against it", async ({
  browser,
}) => {
  const ana = await Visitor.comes(browser, pages, inRoom(await server.ticket("react-axe", "Ana")));
  await expect(ana.page.getByRole("status")).toHaveText(/connect/i);
  await isAccessible(ana.page);
  await ana.goes();
});
