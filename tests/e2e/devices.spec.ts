// Another microphone, another camera; and those that are unplugged in the middle of a call.

import { expect } from "@playwright/test";

import { isAccessible } from "./support/axe.ts";
import { type Person, test } from "./support/person.ts";
import { Server } from "./support/server.ts";
import {
  announced,
  answers,
  asks,
  countsDescriptions,
  devices,
  ends,
  holds,
  own,
  pluggable,
  receives,
  rejection,
  unplugs,
} from "./support/tracks.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

/** The codes of the errors that a call tells from now on. */
const noteErrors = (of: Person) =>
  of.page.evaluate(() => {
    const codes: string[] = ((window as any).codes = []);
    window.samewireCall!.on("error", (error) => codes.push(error.code));
  });

const errors = (of: Person): Promise<string[]> => of.page.evaluate(() => (window as any).codes);

test("another camera and another microphone are taken without a new description", async ({
  person,
}) => {
  const ana = await person(server, "demo-device", "Ana");
  const ben = await person(server, "demo-device", "Ben");
  await receives(ben, "Ana", "camera");
  const descriptions = await countsDescriptions(ana);
  for (const [source, kind] of [
    ["camera", "videoinput"],
    ["microphone", "audioinput"],
  ] as const) {
    const [first, other] = await devices(ana, kind);
    for (const id of [other!, first!]) {
      expect(await rejection(ana, "setDevice", source, id)).toBeUndefined();
      await expect
        .poll(() => own(ana, source))
        .toMatchObject({ device: id, live: true, sent: true });
      await receives(ben, "Ana", source);
    }
  }
  expect(await descriptions()).toBe(0);
  expect((await ana.connections()).made).toBe(1);
  expect(await announced(ben, "Ana")).toEqual(["camera", "microphone"]);
});

test("a device that is not there is refused by that name, and what was sent is sent on", async ({
  person,
}) => {
  const ana = await person(server, "demo-no-device", "Ana");
  const ben = await person(server, "demo-no-device", "Ben");
  const before = await own(ana, "camera");
  expect(await rejection(ana, "setDevice", "camera", "nowhere")).toBe(
    "SamewireError media-not-found",
  );
  expect(await rejection(ana, "setDevice", "screen", "nowhere")).toBe("SamewireError misuse");
  expect(await own(ana, "camera")).toEqual(before);
  expect(before).toMatchObject({ live: true, sent: true });
  await receives(ben, "Ana", "camera");
  // Nor is it remembered.
  await ana.press("toggle-camera");
  await expect(ben.tile("Ana")).toHaveAttribute("data-camera", "off");
  await ana.press("toggle-camera");
  await receives(ben, "Ana", "camera");
});

test("a device that is chosen while muted is taken when unmuted, and nobody is unmuted by choosing", async ({
  person,
}) => {
  const ana = await person(server, "demo-muted-device", "Ana");
  const ben = await person(server, "demo-muted-device", "Ben");
  for (const [source, kind, control] of [
    ["camera", "videoinput", "toggle-camera"],
    ["microphone", "audioinput", "toggle-microphone"],
  ] as const) {
    const [, other] = await devices(ana, kind);
    await ana.press(control);
    await expect.poll(() => announced(ben, "Ana")).toContain(`-${source}`);
    expect(await rejection(ana, "setDevice", source, other)).toBeUndefined();
    expect((await own(ana, source)).live).toBe(false);
    expect(await announced(ana, "Ana")).toContain(`-${source}`);
    await ana.press(control);
    await expect.poll(() => announced(ben, "Ana")).toContain(source);
    await expect
      .poll(() => own(ana, source))
      .toMatchObject({ device: other, live: true, sent: true });
    await receives(ben, "Ana", source);
  }
});

test("a device is chosen on the page, which shows the one in use", async ({ person }) => {
  const ana = await person(server, "demo-menu", "Ana");
  for (const [source, kind] of [
    ["camera", "videoinput"],
    ["microphone", "audioinput"],
  ] as const) {
    const [first, other] = await devices(ana, kind);
    const select = ana.page.getByTestId(`device-${source}`);
    if (!(await select.isVisible())) await ana.press("devices");
    await expect(select).toHaveValue(first!);
    await select.selectOption(other!);
    await expect.poll(() => own(ana, source)).toMatchObject({ device: other, live: true });
    await expect(select).toHaveValue(other!);
  }
  // A colour on its way from light to dark is neither.
  await ana.page.emulateMedia({ reducedMotion: "reduce" });
  await isAccessible(ana.page);
  await ana.page.keyboard.press("Escape");
  await expect(ana.page.getByTestId("device-camera")).toBeHidden();
});

/** Two people, of whom the first sends devices that the call itself has captured. */
async function plugged(
  person: (server: Server, session: string, name: string, before?: () => void) => Promise<Person>,
  session: string,
) {
  const ana = await person(server, session, "Ana", pluggable);
  const ben = await person(server, session, "Ben");
  for (const [source, kind] of [
    ["camera", "videoinput"],
    ["microphone", "audioinput"],
  ] as const) {
    const [, other] = await devices(ana, kind);
    expect(await rejection(ana, "setDevice", source, other)).toBeUndefined();
  }
  await receives(ben, "Ana", "microphone");
  await noteErrors(ana);
  return { ana, ben };
}

test("a device that goes away is replaced by another one of its kind, without a word", async ({
  person,
}) => {
  const { ana, ben } = await plugged(person, "demo-fallback");
  for (const [source, kind] of [
    ["camera", "videoinput"],
    ["microphone", "audioinput"],
  ] as const) {
    const [first, other] = await devices(ana, kind);
    expect(await own(ana, source)).toMatchObject({ device: other, live: true });
    await unplugs(ana, other!);
    await ends(ana, source);
    await expect
      .poll(() => own(ana, source))
      .toMatchObject({ device: first, live: true, sent: true });
    await expect.poll(() => announced(ben, "Ana")).toEqual(["camera", "microphone"]);
    await receives(ben, "Ana", source);
  }
  expect(await errors(ana)).toEqual([]);
  expect((await ana.connections()).made).toBe(1);
});

test("the last device that goes away is told and muted, and taken again when it is back", async ({
  person,
}) => {
  const { ana, ben } = await plugged(person, "demo-unplug");
  await unplugs(ana, "audio");
  expect(await announced(ben, "Ana")).toEqual(["camera", "microphone"]);
  await ends(ana, "microphone");
  await expect.poll(() => errors(ana)).toEqual(["device-lost"]);
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  await receives(ben, "Ana", "camera");
  await expect(ana.page.getByTestId("notice")).toContainText("The microphone went away");
  // Something else came.
  await unplugs(ana, "audio");
  await unplugs(ana, "");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "on");
  await receives(ben, "Ana", "microphone");
  expect(await errors(ana)).toEqual(["device-lost"]);
});

test("@long a lost device stays off when it is back, if it was muted meanwhile or while it was there", async ({
  person,
}) => {
  const { ana, ben } = await plugged(person, "demo-unplug-muted");
  await unplugs(ana, "video");
  await ends(ana, "camera");
  await expect(ben.tile("Ana")).toHaveAttribute("data-camera", "off");
  await expect.poll(() => errors(ana)).toEqual(["device-lost"]);
  await ana.page.evaluate(() => window.samewireCall!.setCamera(false));

  await ana.press("toggle-microphone");
  await expect(ben.tile("Ana")).toHaveAttribute("data-mic", "off");
  await ends(ana, "microphone");

  await unplugs(ana, "");
  // Asked last, answered last: whatever the devices' return began is over.
  await ana.page.evaluate(() => navigator.mediaDevices.getUserMedia({ audio: true, video: true }));
  expect(await announced(ana, "Ana")).toEqual(["-camera", "-microphone"]);
  expect(await errors(ana)).toEqual(["device-lost"]);
  await ana.press("toggle-microphone");
  await ana.press("toggle-camera");
  for (const source of ["camera", "microphone"] as const) await receives(ben, "Ana", source);
});

test("@long a track of the page's own that ends is told and muted, and no device takes its place unasked", async ({
  person,
}) => {
  const ana = await person(server, "demo-own-track", "Ana");
  const ben = await person(server, "demo-own-track", "Ben");
  await noteErrors(ana);
  await ends(ana, "camera");
  await expect(ben.tile("Ana")).toHaveAttribute("data-camera", "off");
  expect(await errors(ana)).toEqual(["device-lost"]);
  await unplugs(ana, "");
  await ana.page.evaluate(() => navigator.mediaDevices.getUserMedia({ video: true }));
  expect(await announced(ana, "Ana")).toEqual(["-camera", "microphone"]);
  await ana.press("toggle-camera");
  await receives(ben, "Ana", "camera");
});

test("@long a device that is chosen while the lost one is looked for is taken, whoever is answered first", async ({
  person,
}) => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const ana = await person(server, `demo-chosen-${order[0]}`, "Ana");
    const [first, other] = await devices(ana, "audioinput");
    expect(await rejection(ana, "setDevice", "microphone", first)).toBeUndefined();
    await holds(ana, "getUserMedia");
    await asks(ana, "setDevice", "microphone", other);
    await ends(ana, "microphone");
    // Two tries, for the end and for the change of devices.
    const held = () => ana.page.evaluate(() => (window as any).held.length);
    await expect.poll(held).toBe(3);
    for (const asked of [...order, 2]) await answers(ana, asked);
    await expect.poll(() => own(ana, "microphone")).toMatchObject({ device: other, live: true });
  }
});

test("@long a camera that is switched on stays on, though another one is asked for meanwhile and not there", async ({
  person,
}) => {
  const ana = await person(server, "demo-on-and-other", "Ana");
  // One of the call's own, which is captured anew when it is switched on.
  const [first] = await devices(ana, "videoinput");
  expect(await rejection(ana, "setDevice", "camera", first)).toBeUndefined();
  await ana.press("toggle-camera");
  await expect.poll(() => announced(ana, "Ana")).toContain("-camera");
  await holds(ana, "getUserMedia");
  await asks(ana, "setCamera", true);
  await asks(ana, "setDevice", "camera", "nowhere");
  await answers(ana, 0);
  await answers(ana, 1, "refused");
  expect(await announced(ana, "Ana")).toContain("camera");
  expect(await own(ana, "camera")).toMatchObject({ live: true });
});

test("@long of two devices the one that was chosen last is taken, though the other is answered later", async ({
  person,
}) => {
  const ana = await person(server, "demo-last-choice", "Ana");
  const [first, other] = await devices(ana, "videoinput");
  await holds(ana, "getUserMedia");
  await asks(ana, "setDevice", "camera", first);
  await ana.press("toggle-camera");
  await expect.poll(() => announced(ana, "Ana")).toContain("-camera");
  await asks(ana, "setDevice", "camera", other);
  await answers(ana, 0);
  expect(await announced(ana, "Ana")).toContain("-camera");
  await ana.press("toggle-camera");
  await answers(ana, 1);
  await expect.poll(() => own(ana, "camera")).toMatchObject({ device: other, live: true });
});
