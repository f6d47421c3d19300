// More people than peer-to-peer is good for, at homes that little comes out of: the SFU carries them.

import { expect } from "@playwright/test";

import type { Caller } from "../e2e/support/caller.ts";
import type { Server } from "../e2e/support/server.ts";
import { receives } from "../e2e/support/tracks.ts";
import { type Come, type Home, router, test } from "./support/lab.ts";

test.describe.configure({ timeout: 240_000 });

const HOMES = ["a", "b"] as const;
const FOUR: [string, Home][] = [
  ["Ana", "a"],
  ["Ben", "b"],
  ["Cleo", "a"],
  ["Dan", "b"],
];

/** Four come, one after another. */
async function four(crowd: Come): Promise<Caller[]> {
  const people = [];
  for (const [name, home] of FOUR) people.push(await crowd(home, name));
  return people;
}

/** Waits until all are on the SFU, by one connection each, and see and hear each other there. */
async function areOnTheSfu(people: Caller[], hybrid: Server, session: string) {
  await expect.poll(async () => (await hybrid.snapshot(session)).provider).toBe("cloudflare");
  for (const one of people) {
    await expect.poll(async () => (await one.connections()).open, { message: one.name }).toBe(1);
    for (const { name } of people.filter((other) => other !== one)) {
      for (const source of ["camera", "microphone"] as const) await receives(one, name, source);
      await expect.poll(() => one.connectionTo(name), `${one.name} to ${name}`).toBe("good");
    }
  }
}

test("@long through symmetric NAT on either side four people take the SFU, which is reached directly", async ({
  crowd,
  hybrid,
}, { testId }) => {
  for (const home of HOMES) await router(home, { nat: "symmetric" });
  const people = await four(crowd);
  await areOnTheSfu(people, hybrid, `lab-${testId}`);
  for (const one of people) expect(await one.way()).toMatch(/^(host|srflx|prflx) to host$/);
});

test("through symmetric NAT that lets no UDP out four people take the SFU by the relay, by TCP", async ({
  crowd,
  hybrid,
}, { testId }) => {
  for (const home of HOMES) await router(home, { nat: "symmetric", udp: false });
  const people = await four(crowd);
  await areOnTheSfu(people, hybrid, `lab-${testId}`);
  for (const one of people) expect(await one.way()).toBe("relay by tcp to host");
});
