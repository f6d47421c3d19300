// Networks that are poor and stay so for a while: what the score, the sender and the ladder make of it,
// and that all is well again afterwards. A minute and a half each.

import { expect } from "@playwright/test";

import type { Caller } from "../e2e/support/caller.ts";
import { type Way, link, test } from "./support/lab.ts";
import { areRatedWell, areWell, nothingIsWrong, pair, repairedThemselves } from "./support/pair.ts";

const long = { tag: "@long" };

/** A camera that was tried too early, and given up again, is tried anew after up to four minutes. */
const CAMERA_BACK_MS = 260_000;

test.describe.configure({ timeout: 600_000 });

/** What a step of the sender's is noted as: the camera in fewer bits, smaller, and not at all. */
const FEWER_BITS = /^sends 500000 1\/1$/;
const SMALLER = /^sends 200000 1\/2$/;
const NO_CAMERA = /^sends nothing$/;

/** The network is perfect again: so are the call, its rating, and in the end the picture. */
async function becomesWell(ana: Caller, ben: Caller) {
  await link("a", {});
  await areRatedWell(ana, ben);
  await areWell(ana, ben, CAMERA_BACK_MS);
  await nothingIsWrong(ana, ben);
  // A poor way is no dead one: nothing was made anew, and nobody was moved.
  await repairedThemselves(ana, ben);
}

/** The sender gives up one thing after the other, from here on; returns where it gave up the last. */
async function givesUp(one: Caller, after: number): Promise<number> {
  let at = after;
  for (const step of [FEWER_BITS, SMALLER, NO_CAMERA]) at = await one.notesThat(step, at);
  return at;
}

test(
  "20 % loss costs the camera, not the sound, and is recommended about",
  long,
  async ({ caller }) => {
    const { ana, ben, began } = await pair(caller);
    await link("a", { loss: 20 });
    for (const [one, after] of [
      [ana, began.ana],
      [ben, began.ben],
    ] as const) {
      await one.notesThat(/^alert poor_network opens$/, after);
      await one.notesThat(/^rating failed$/, after);
      const gone = await givesUp(one, after);
      await one.notesThat(/^recommendation check_network$/, gone);
      const { lossPct } = (await one.quality())!;
      expect(lossPct).toBeGreaterThan(5);
    }
    // Sound goes on, which is why nobody is suspected.
    await hears(ana);
    await hears(ben);
    await becomesWell(ana, ben);
  },
);

for (const [what, way] of Object.entries({
  "150 kbit/s": { rate: 150, queue: 30 },
  "300 ms of delay": { delay: 300 },
} satisfies Record<string, Way>)) {
  test(
    `${what} each way make the call poor, less is sent, and nothing is made anew`,
    long,
    async ({ caller }) => {
      const { ana, ben, began } = await pair(caller);
      await link("a", way);
      for (const [one, after] of [
        [ana, began.ana],
        [ben, began.ben],
      ] as const) {
        await one.notesThat(/^alert (poor_network|congestion) opens$/, after);
        await one.notesThat(/^rating (poor|failed)$/, after);
        await one.notesThat(FEWER_BITS, after);
        await hears(one);
      }
      await becomesWell(ana, ben);
    },
  );
}

test(
  "loss that climbs from 0 to 15 % in a minute: first an alert, then less is sent, then a recommendation",
  long,
  async ({ caller }) => {
    const { ana, ben, began } = await pair(caller);
    const climb = (async () => {
      for (let second = 0; second <= 60; second += 1) {
        await link("a", { loss: second / 4 });
        await new Promise((later) => setTimeout(later, 1_000));
      }
    })();
    for (const [one, after] of [
      [ana, began.ana],
      [ben, began.ben],
    ] as const) {
      const alerted = await one.notesThat(/^alert poor_network opens$/, after);
      const given = await one.notesThat(FEWER_BITS, alerted);
      const recommended = await one.notesThat(/^recommendation check_network$/, given);
      // And not the other way round as well.
      const before = (await one.notes()).slice(after, recommended);
      expect(before.findIndex((note) => note.startsWith("recommendation"))).toBe(before.length - 1);
      expect(before.slice(0, alerted - after)).not.toContainEqual(expect.stringMatching(/^sends/));
    }
    await climb;
    await becomesWell(ana, ben);
  },
);

/** Waits until more sound comes. */
async function hears(one: Caller) {
  const before = await one.packets();
  await expect.poll(() => one.packets(), { message: one.name }).toBeGreaterThan(before + 100);
}
