// A desktop whose scroll bars take room.

import { expect } from "@playwright/test";

import config from "../playwright.config.ts";
import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";

test.use({
  launchOptions: { ...config.use?.launchOptions, ignoreDefaultArgs: ["--hide-scrollbars"] },
});

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

test("the grid neither trembles nor overflows sideways, in any size", async ({ person }) => {
  const ana = await person(server, "demo-bars", "Ana");
  for (const [width, height] of [
    [1280, 800],
    [800, 420],
    [640, 230],
    [390, 844],
    [300, 260],
  ] as const) {
    await ana.page.setViewportSize({ width, height });
    for (const people of [1, 2, 5, 8]) {
      const seen = await ana.page.evaluate(watchGrid, people);
      expect(seen, `${people} in ${width} by ${height}`).toEqual({
        changes: 0,
        overflow: 0,
        pushedOut: 0,
      });
    }
  }
});

/** Puts so many into the grid; once it is laid out, nothing may move it any more. */
async function watchGrid(people: number) {
  const grid = document.querySelector("call-grid") as any;
  const me = (window as any).samewireCall.participants[0];
  grid.participants = Array.from({ length: people }, (_, i) => ({ ...me, id: String(i) }));
  await grid.updateComplete;
  const frame = () => new Promise(requestAnimationFrame);
  const shape = () => grid.querySelector(".tiles").getAttribute("style");
  for (let laidOut = 0; laidOut < 3; laidOut += 1) await frame();
  let last = shape();
  let changes = 0;
  for (let frames = 0; frames < 10; frames += 1) {
    await frame();
    if (shape() !== last) changes += 1;
    last = shape();
  }
  // A bar that takes width from the row that was measured pushes its last tile into the next one.
  const boxes: DOMRect[] = [...grid.querySelectorAll("li")].map((li) => li.getBoundingClientRect());
  const [{ width, top }] = boxes as [DOMRect];
  const gap = 10;
  const fit = Math.min(people, Math.floor((grid.offsetWidth + gap) / (width + gap)));
  const pushedOut = fit - boxes.filter((box) => box.top === top).length;
  return { changes, overflow: grid.scrollWidth - grid.clientWidth, pushedOut };
}
