// A network that breaks, and one that becomes another: the call comes back by itself.

import { expect } from "@playwright/test";

import type { Caller } from "../e2e/support/caller.ts";
import { link, moves, rebinds, test } from "./support/lab.ts";
import { areWell, pair, repairedThemselves } from "./support/pair.ts";

type Began = { ana: number; ben: number };

/** Nothing comes for either: the session is told at once, and the score has failed. */
async function isDead(ana: Caller, ben: Caller, began: Began) {
  await ana.notesThat(/^sent suspect$/, began.ana);
  await ben.notesThat(/^sent suspect$/, began.ben);
  await ana.notesThat(/^rating failed$/, began.ana);
  await ben.notesThat(/^rating failed$/, began.ben);
}

test("a cut of 12 s is survived on the connection that was there", async ({ caller }) => {
  const { ana, ben, began } = await pair(caller);
  await link("a", { cut: true });
  const over = new Promise((over) => setTimeout(over, 12_000)).then(() => link("a", {}));
  await isDead(ana, ben, began);
  await ana.notesThat(/^Ben updated poor$/, began.ana);
  await ben.notesThat(/^Ana updated lost$/, began.ben);
  await over;
  await areWell(ana, ben);
  await repairedThemselves(ana, ben);
  expect(await ana.restarts()).toBeGreaterThan(0);
  // Signalling was cut, too, and is back.
  const cut = await ana.notesThat(/^state reconnecting$/, began.ana);
  await ana.notesThat(/^state connected$/, cut);
});

test("@long a computer that gets another address goes on in the call", async ({ caller }) => {
  const { ana, ben, began } = await pair(caller);
  await moves("a", 3);
  await isDead(ana, ben, began);
  await areWell(ana, ben);
  await repairedThemselves(ana, ben);
  expect(await ana.restarts()).toBeGreaterThan(0);
});

test("a router that gets another address, and forgets every flow, is noticed by what no longer comes", async ({
  caller,
}) => {
  const { ana, ben, began } = await pair(caller);
  await rebinds("a", 21);
  await isDead(ana, ben, began);
  await areWell(ana, ben);
  await repairedThemselves(ana, ben);
  expect(await ana.restarts()).toBeGreaterThan(0);
});
