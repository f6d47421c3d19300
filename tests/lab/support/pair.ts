// Two people in a call, each at home, and what becomes of it.

import { expect } from "@playwright/test";

import type { Caller } from "../../e2e/support/caller.ts";
import type { Home } from "./lab.ts";

/** The rating takes a while to be good again: a score rises slowly (R39). */
const PATIENCE = { timeout: 100_000 };

/** Ana, who is at a and waits for offers, and Ben, who is at b and makes them: nothing is wrong yet. */
export async function pair(caller: (home: Home, name: string) => Promise<Caller>) {
  const ana = await caller("a", "Ana");
  const ben = await caller("b", "Ben");
  await areWell(ana, ben);
  await nothingIsWrong(ana, ben);
  const began = { ana: (await ana.notes()).length, ben: (await ben.notes()).length };
  return { ana, ben, began };
}

/** Waits until both decode all of each other, and say so. */
export async function areWell(ana: Caller, ben: Caller, timeout?: number) {
  await Promise.all([sees(ana, ben, timeout), sees(ben, ana, timeout)]);
}

async function sees(one: Caller, other: Caller, timeout?: number) {
  await one.receivesMedia(timeout);
  await expect
    .poll(() => one.connectionTo(other.name), { message: `${one.name} to ${other.name}` })
    .toBe("good");
  await expect.poll(() => one.state(), { message: `${one.name}'s state` }).toBe("connected");
}

/** Waits until both are told that the call is good, or excellent. */
export async function areRatedWell(ana: Caller, ben: Caller) {
  for (const one of [ana, ben]) {
    await expect
      .poll(async () => (await one.quality())?.rating, { ...PATIENCE, message: one.name })
      .toMatch(/good|excellent/);
  }
}

/** Waits until no alert of the statistics is open any more. */
export async function nothingIsWrong(ana: Caller, ben: Caller) {
  for (const one of [ana, ben]) {
    await expect.poll(() => one.openAlerts(), { ...PATIENCE, message: one.name }).toEqual([]);
  }
}

/** Expects that the two repaired the way between them by themselves: on this many connections, and nobody moved. */
export async function repairedThemselves(ana: Caller, ben: Caller, made = 1) {
  for (const one of [ana, ben]) {
    expect(await one.connections(), one.name).toEqual({ open: 1, made });
    const notes = await one.notes();
    expect(notes.filter((note) => /sent failed|transition|error|left/.test(note))).toEqual([]);
  }
}
