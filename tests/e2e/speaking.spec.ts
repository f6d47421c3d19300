// Who speaks, as everyone sees it. Chromium's fake microphone beeps all the time.

import { expect } from "@playwright/test";

import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";
import "./support/tracks.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

test("who speaks is seen by everyone, themselves included, and whoever mutes has stopped at once", async ({
  person,
}) => {
  const ana = await person(server, "demo-speaks", "Ana");
  const ben = await person(server, "demo-speaks", "Ben");
  const hers = [ben.tile("Ana"), ana.page.locator('[data-testid="tile"][data-self="true"]')];
  for (const tile of hers) {
    await expect(tile).toHaveAttribute("data-speaking");
    await expect(tile).toContainText("speaking");
  }
  // Whatever tells that she is muted tells that she does not speak.
  const seen = await ben.page.evaluateHandle(() => {
    const told: { muted: boolean; speaking: boolean }[] = [];
    window.samewireCall!.on("participant", ({ name, tracks, speaking }) => {
      const microphone = tracks.find((track) => track.source === "microphone");
      if (name === "Ana") told.push({ muted: microphone!.muted, speaking });
    });
    return told;
  });
  await ana.press("toggle-microphone");
  for (const tile of hers) await expect(tile).not.toHaveAttribute("data-speaking");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  const told = await seen.jsonValue();
  expect(told.filter(({ muted }) => muted)).not.toEqual([]);
  expect(told.filter(({ muted, speaking }) => muted && speaking)).toEqual([]);

  await ana.press("toggle-microphone");
  for (const tile of hers) await expect(tile).toHaveAttribute("data-speaking");
});

test("who is silent with an open microphone does not speak, and the others do", async ({
  person,
}) => {
  const ana = await person(server, "demo-silent", "Ana");
  const ben = await person(server, "demo-silent", "Ben");
  await expect(ben.tile("Ana")).toHaveAttribute("data-speaking");
  const falls = (silent: boolean) =>
    ana.page.evaluate((silent) => {
      const all = window.samewireCall!.localTracks;
      all.find((one) => one.source === "microphone")!.track!.enabled = !silent;
    }, silent);
  await falls(true);
  await expect(ben.tile("Ana")).not.toHaveAttribute("data-speaking");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "on");
  await expect(ana.tile("Ben")).toHaveAttribute("data-speaking");
  await falls(false);
  await expect(ben.tile("Ana")).toHaveAttribute("data-speaking");
});
