// Between a Chromium and a Firefox: screens beside the cameras, other devices, and who speaks.

import { expect } from "@playwright/test";

import type { Source } from "samewire";

import type { Caller } from "./support/caller.ts";
import {
  announced,
  countsDescriptions,
  devices,
  own,
  receives,
  rejection,
  sharesDrawing,
} from "./support/tracks.ts";
import { ORDERS, type People, areWell, press, test } from "./support/two-browsers.ts";

declare global {
  interface Window {
    /** What the page has signalled and is held back. */
    held: { offers: number; release: () => void };
  }
}

/** Unlike any camera or display. */
const UPRIGHT = { width: 240, height: 480 };

const draws = (one: Caller) => sharesDrawing(one, UPRIGHT.width, UPRIGHT.height);

/** A display in Chromium, which gives one without asking; a drawing in Firefox. */
const shares = (one: Caller) =>
  one.name === "Chromium" ? press(one, "toggle-screen") : draws(one);

const stops = (one: Caller) => one.tab.evaluate(() => window.samewireCall!.stopScreenShare());

/** Waits until one's screen is seen as it is, beside the camera. */
async function isSeen(by: Caller, of: Caller) {
  const shape = of.name === "Chromium" ? 16 / 9 : UPRIGHT.width / UPRIGHT.height;
  await receives(by, of.name, "screen", shape);
  await receives(by, of.name, "camera");
}

/** Holds back what the page signals from now on, and counts the offers among it. */
const holds = (one: Caller) =>
  one.tab.evaluate(() => {
    const { send } = WebSocket.prototype;
    const held: (() => void)[] = [];
    const release = () => {
      WebSocket.prototype.send = send;
      for (const each of held) each();
    };
    window.held = { offers: 0, release };
    WebSocket.prototype.send = function (data) {
      const frame = String(data);
      if (!frame.includes('"signal"')) return send.call(this, data);
      if (frame.includes('"offer"')) window.held.offers += 1;
      held.push(() => send.call(this, data));
    };
  });

/** Who gives, and who is given. */
const bothWays = ({ Chromium, Firefox }: People) =>
  [
    [Chromium, Firefox],
    [Firefox, Chromium],
  ] as const;

const isGone = (by: Caller, of: Caller) =>
  expect.poll(() => announced(by, of.name)).toEqual(["camera", "microphone"]);

for (const [first, second] of ORDERS) {
  // The other order takes as long again.
  const long = first === "Firefox" ? "@long " : "";
  test(`${long}${first} comes, then ${second}: each sees the other's screen beside the camera, in turn, again, and both at once`, async ({
    come,
  }) => {
    const people = await come(first, second);
    const { Chromium, Firefox } = people;
    const ways = bothWays(people);
    for (const [from, to] of ways) {
      await shares(from);
      await isSeen(to, from);
      await stops(from);
      await isGone(to, from);
      await receives(to, from.name, "camera");
    }
    for (const [from] of ways) await shares(from);
    for (const [from, to] of ways) await isSeen(to, from);
    await receives(Firefox, "Chromium", "screen_audio");
    for (const one of [Chromium, Firefox])
      expect(await one.connections()).toEqual({ open: 1, made: 1 });
  });

  test(`${long}${first} comes, then ${second}: both begin to share a screen at the same moment, and both are seen`, async ({
    come,
  }) => {
    const people = await come(first, second);
    const { Chromium, Firefox } = people;
    const both = Object.values(people);
    await Promise.all(both.map(holds));
    await Promise.all(both.map(shares));
    for (const one of both)
      await expect.poll(() => one.tab.evaluate(() => window.held.offers)).toBe(1);
    await Promise.all(both.map((one) => one.tab.evaluate(() => window.held.release())));
    await isSeen(Firefox, Chromium);
    await isSeen(Chromium, Firefox);
    await receives(Firefox, "Chromium", "screen_audio");
    await areWell(people);
    for (const one of both) expect(await one.connections()).toMatchObject({ open: 1 });
  });
}

const trackId = (of: Caller, source: Source) =>
  of.tab.evaluate(
    (source) => window.samewireCall!.localTracks.find((one) => one.source === source)?.track?.id,
    source,
  );

test("a Chromium and a Firefox take another device, and the other receives it without a new description", async ({
  come,
}) => {
  const people = await come("Chromium", "Firefox");
  for (const [from, to] of bothWays(people)) {
    // Firefox has one of each kind: choosing it again captures it anew.
    const descriptions = await countsDescriptions(from);
    for (const [source, kind] of [
      ["camera", "videoinput"],
      ["microphone", "audioinput"],
    ] as const) {
      const [one, other] = await devices(from, kind);
      for (const id of [other!, one!]) {
        const before = await trackId(from, source);
        expect(await rejection(from, "setDevice", source, id)).toBeFalsy();
        expect(await trackId(from, source)).not.toBe(before);
        await expect
          .poll(() => own(from, source))
          .toMatchObject({ device: id, live: true, sent: true });
        await receives(to, from.name, source);
      }
    }
    expect(await descriptions()).toBe(0);
  }
  for (const one of Object.values(people))
    expect(await one.connections()).toEqual({ open: 1, made: 1 });
});

/** Whether somebody speaks, as another one is told, or they themselves. */
const speaks = (by: Caller, of: Caller) =>
  expect.poll(
    () =>
      by.tab.evaluate(
        (name) => window.samewireCall!.participants.find((one) => one.name === name)?.speaking,
        of.name,
      ),
    { message: `${of.name} speaks, as ${by.name} is told` },
  );

test("a Chromium and a Firefox are each told when the other speaks, has stopped and speaks again", async ({
  come,
}) => {
  const people = await come("Chromium", "Firefox");
  for (const [from, to] of bothWays(people)) {
    // Firefox's statistics do not say how loud its own microphone is.
    const told = from === people.Chromium ? [from, to] : [to];
    for (const by of told) await speaks(by, from).toBe(true);
    await press(from, "toggle-microphone");
    for (const by of told) await speaks(by, from).toBe(false);
    // The one who is not muted goes on.
    await speaks(from, to).toBe(true);
    await press(from, "toggle-microphone");
    for (const by of told) await speaks(by, from).toBe(true);
  }
});
