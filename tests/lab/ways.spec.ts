// Every network that people sit behind has a way to the others.

import { expect } from "@playwright/test";

import { router, test } from "./support/lab.ts";
import { areWell, pair, repairedThemselves } from "./support/pair.ts";

const HOMES = ["a", "b"] as const;

test("through symmetric NAT on either side the call takes the relay, by UDP", async ({
  caller,
}) => {
  for (const home of HOMES) await router(home, { nat: "symmetric" });
  const { ana, ben } = await pair(caller);
  // One relay is enough: the other side may reach it directly.
  const ways = [await ana.way(), await ben.way()];
  expect(ways).toContainEqual(expect.stringMatching(/^relay by udp to /));
  for (const way of ways) expect(way).toMatch(/relay/);
  await repairedThemselves(ana, ben);
});

test("through symmetric NAT that lets no UDP out it takes the relay, by TCP, and is healed there", async ({
  caller,
}) => {
  for (const home of HOMES) await router(home, { nat: "symmetric", udp: false });
  const { ana, ben } = await pair(caller);
  for (const one of [ana, ben]) {
    expect(await one.way()).toBe("relay by tcp to relay");
    await expect.poll(async () => (await one.quality())?.pair).toBe("relay/tcp");
  }
  await ben.tab.evaluate(() => window.samewireCall!.simulate("ice-failure"));
  await expect.poll(() => ben.restarts()).toBe(1);
  await areWell(ana, ben);
  await repairedThemselves(ana, ben);
});

test("@long two who talk directly take the relay by TCP when a firewall lets no UDP out any more", async ({
  caller,
}) => {
  const { ana, ben, began } = await pair(caller);
  for (const one of [ana, ben]) {
    expect(await one.way()).toMatch(/^(host|srflx|prflx) to (srflx|prflx)$/);
    await expect.poll(async () => (await one.quality())?.pair).toBe("direct/udp");
  }
  await router("a", { nat: "cone", udp: false });
  await ben.notesThat(/^sent suspect$/, began.ben);
  await expect.poll(() => ana.way()).toMatch(/^relay by tcp to /);
  await areWell(ana, ben);
  await repairedThemselves(ana, ben);
});
