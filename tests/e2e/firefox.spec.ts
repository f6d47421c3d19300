// A Chromium and a Firefox in one call. Whoever comes second makes the offers, so each comes second once.

import { expect, test as base } from "@playwright/test";

import { Caller } from "./support/caller.ts";
import { received } from "./support/connections.ts";
import { Firefox } from "./support/firefox.ts";
import { Server } from "./support/server.ts";
import { tabOf } from "./support/tab.ts";

type Name = "Chromium" | "Firefox";

/** They come in this order. */
type Come = (first: Name, second: Name) => Promise<Record<Name, Caller>>;

const test = base.extend<{ come: Come }, { firefox: Firefox; server: Server }>({
  firefox: [
    async ({}, use) => {
      const firefox = await Firefox.start();
      await use(firefox);
      await firefox.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  server: [
    async ({}, use) => {
      const server = await Server.start({ TUNING: JSON.stringify({ SAMPLE: 600 }) });
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],
  come: async ({ browser, firefox, server }, use, { testId }) => {
    const context = await browser.newContext({ permissions: ["camera", "microphone"] });
    const chromium = await context.newPage();
    const fox = await firefox.tab();
    const complaints = fox.complaints;
    chromium.on("pageerror", (error) => complaints.push(error.message));
    const tabs = { Chromium: tabOf(chromium), Firefox: fox };
    const comes = (name: Name) => Caller.opens(name, tabs[name], server, `demo-${testId}`);
    await use(async (first, second) => {
      const early = await comes(first);
      const late = await comes(second);
      const people = { [first]: early, [second]: late } as Record<Name, Caller>;
      await areWell(people);
      return people;
    });
    await Promise.all([context.close(), fox.close()]);
    expect(complaints).toEqual([]);
  },
});

/** How somebody looks on the page of another. */
const tile = (one: Caller, name: string) =>
  one.tab.evaluate((name) => {
    const tiles = document.querySelectorAll<HTMLElement>(
      '[data-testid="tile"]:not([data-self="true"])',
    );
    const tile = [...tiles].find((tile) => tile.textContent.includes(name));
    const video = tile?.querySelector("video");
    return {
      connection: tile?.dataset["connection"],
      microphone: tile?.dataset["mic"],
      camera: tile?.dataset["camera"],
      plays: Boolean(video && video.videoWidth > 0 && video.currentTime > 0),
    };
  }, name);

const press = (one: Caller, control: string) =>
  one.tab.evaluate((control) => {
    document.querySelector<HTMLElement>(`[data-testid="${control}"]`)!.click();
  }, control);

const WELL = { connection: "good", microphone: "on", camera: "on", plays: true };

/** Waits until each decodes the other's sound and picture, and their pages show it. */
async function areWell({ Chromium, Firefox }: Record<Name, Caller>) {
  const sees = async (one: Caller, other: Caller) => {
    await one.receivesMedia();
    await expect.poll(() => tile(one, other.name), { message: one.name }).toEqual(WELL);
    await expect.poll(() => one.state(), { message: one.name }).toBe("connected");
  };
  await Promise.all([sees(Chromium, Firefox), sees(Firefox, Chromium)]);
}

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

for (const [first, second] of [
  ["Chromium", "Firefox"],
  ["Firefox", "Chromium"],
] as const) {
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

  test(`${long}${first} comes, then ${second}: what one switches off and on again, the other stops and begins to receive`, async ({
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

  test(`${long}${first} comes, then ${second}: a connection that is closed under either is made anew`, async ({
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
