// A Chromium and a Firefox in one call: that it stands, what is switched off, and what heals it.

import { expect } from "@playwright/test";

import type { Caller } from "./support/caller.ts";
import { received } from "./support/connections.ts";
import { ORDERS, areWell, press, test, tile } from "./support/two-browsers.ts";

/**
 * Waits until no more of this comes. A Firefox that has no camera to send goes on with one black
 * picture a second, whatever a page does.
 */
async function comesNoMore(one: Caller, from: Caller, what: "framesDecoded" | "audioPackets") {
  const black = from.name === "Firefox" && what === "framesDecoded" ? 2 : 0;
  let last = 0;
  await expect
    .poll(
      async () => {
        const before = last;
        last = (await one.tab.evaluate(received))[what];
        return last - before;
      },
      { message: `${what} at ${one.name}`, intervals: [1_000] },
    )
    .toBeLessThanOrEqual(black);
}

for (const [first, second] of ORDERS) {
  // The other order takes as long again.
  const long = first === "Firefox" ? "@long " : "";
  test(`${first} comes, then ${second}: they see, hear and read each other`, async ({ come }) => {
    const people = await come(first, second);
    for (const [from, to] of [
      [people.Chromium, people.Firefox],
      [people.Firefox, people.Chromium],
    ] as const) {
      expect(await from.connections()).toEqual({ open: 1, made: 1 });
      await from.tab.evaluate((text) => window.samewireCall!.chat(text), `I am ${from.name}`);
      for (const one of [from, to])
        await one.notesThat(RegExp(`^${from.name}: I am ${from.name}$`));
    }
  });

  test(`@long ${first} comes, then ${second}: what one switches off and on again, the other stops and begins to receive`, async ({
    come,
  }) => {
    const people = await come(first, second);
    for (const [from, to] of [
      [people.Chromium, people.Firefox],
      [people.Firefox, people.Chromium],
    ] as const) {
      for (const [control, kind] of [
        ["microphone", "audioPackets"],
        ["camera", "framesDecoded"],
      ] as const) {
        await press(from, `toggle-${control}`);
        await expect.poll(async () => (await tile(to, from.name))[control]).toBe("off");
        await comesNoMore(to, from, kind);
        await press(from, `toggle-${control}`);
        await areWell(people);
      }
    }
    for (const one of Object.values(people)) {
      // None of it needed another connection or a repair.
      expect(await one.connections()).toEqual({ open: 1, made: 1 });
      expect(await one.restarts()).toBe(0);
    }
  });

  test(`${long}R24: ${first} comes, then ${second}: ICE that fails at either restarts, and the call is healed`, async ({
    come,
  }) => {
    const people = await come(first, second);
    for (const one of Object.values(people)) {
      const before = await one.restarts();
      await one.tab.evaluate(() => window.samewireCall!.simulate("ice-failure"));
      await expect.poll(() => one.restarts()).toBeGreaterThan(before);
      await areWell(people);
    }
    for (const one of Object.values(people)) {
      const { open, made } = await one.connections();
      expect(open).toBe(1);
      // A Firefox that answers a restart sometimes loses every way, without any code of ours: the
      // ladder's next rungs are what heals the call then.
      if (second === "Firefox") expect(made).toBe(1);
    }
  });

  test(`@long ${first} comes, then ${second}: a connection that is closed under either is made anew`, async ({
    come,
  }) => {
    const people = await come(first, second);
    for (const [nth, one] of Object.values(people).entries()) {
      await one.tab.evaluate(() => window.samewireCall!.simulate("connection-failure"));
      for (const each of Object.values(people)) {
        await expect.poll(() => each.connections()).toEqual({ open: 1, made: nth + 2 });
      }
      await areWell(people);
    }
  });
}

test("R32: what either browser's statistics say becomes finite numbers, and a good call is rated so", async ({
  come,
}) => {
  const people = await come("Chromium", "Firefox");
  for (const one of Object.values(people)) {
    await expect
      .poll(async () => (await one.quality())?.rating, { message: one.name })
      .toMatch(/good|excellent/);
    const { rating, pair, availableKbps, ...numbers } = (await one.quality())!;
    expect(pair).toBe("direct/udp");
    // Firefox does not say what it could send.
    if (one.name === "Chromium") expect(availableKbps).toBeGreaterThan(0);
    expect(Object.keys(numbers).sort()).toEqual(
      [
        ["audio", "bitrateKbps", "fps", "height", "jitterMs", "lossPct", "mos", "network"],
        ["rttMs", "score", "video", "width"],
      ].flat(),
    );
    for (const [name, value] of Object.entries(numbers)) {
      expect(Number.isFinite(value), `${one.name}: ${name} is ${value}`).toBe(true);
    }
  }
});
