// A screen beside the camera: who sees it, when, and when no more.

import { expect } from "@playwright/test";

import { type Person, test } from "./support/person.ts";
import { Server } from "./support/server.ts";
import {
  announced,
  answers,
  asks,
  countsDescriptions,
  decoded,
  ends,
  holds,
  own,
  receives,
  rejection,
  sharesDrawing,
} from "./support/tracks.ts";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start();
});
test.afterAll(async () => {
  await server.stop();
});

const BOTH = ["camera", "microphone", "screen", "screen_audio"];

const screens = ({ page }: Person) => page.getByTestId("screen-tile");

test("an offer that a browser refuses for good costs the connection, and what it brought comes over the next", async ({
  person,
}) => {
  const ana = await person(server, "demo-refused-offer", "Ana");
  const ben = await person(server, "demo-refused-offer", "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  // As Chromium does with some of Firefox's, when both have added a line.
  await ben.page.evaluate(() => {
    const [refusing] = (window as any).connections as RTCPeerConnection[];
    const real = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      const refused = this === refusing && description.type === "offer";
      return refused
        ? Promise.reject(new DOMException("RTP extension ID reassignment", "OperationError"))
        : (real as any).call(this, description);
    };
  });
  await sharesDrawing(ana, 320, 180);
  await receives(ben, "Ana", "screen", 320 / 180);
  await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
  for (const one of [ana, ben]) expect(await one.connections()).toMatchObject({ made: 2, open: 1 });
});

test("a screen is seen and heard beside the camera, both ways at once, and neither is taken for the other", async ({
  person,
}) => {
  const ana = await person(server, "demo-screens", "Ana");
  const ben = await person(server, "demo-screens", "Ben");
  await ana.press("toggle-screen");
  await expect(screens(ben)).toHaveCount(1);
  await expect(screens(ben)).toHaveText(/Ana’s screen/);
  for (const source of ["screen", "screen_audio", "camera", "microphone"] as const) {
    await receives(ben, "Ana", source);
  }
  expect(await own(ana, "screen")).toMatchObject({ hint: "detail", live: true, sent: true });
  expect((await own(ana, "camera")).hint).toBe("");

  await ben.press("toggle-screen");
  await expect(screens(ana)).toHaveCount(2);
  for (const source of ["screen", "screen_audio", "camera", "microphone"] as const) {
    await receives(ana, "Ben", source);
    await receives(ben, "Ana", source);
  }
  expect((await ana.connections()).made).toBe(1);
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
});

test("whoever joins later sees the screen, from whichever end the connection is made", async ({
  person,
}) => {
  const ana = await person(server, "demo-later", "Ana");
  await ana.press("toggle-screen");
  const ben = await person(server, "demo-later", "Ben");
  for (const source of ["screen", "screen_audio", "camera"] as const) {
    await receives(ben, "Ana", source);
  }
  await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
  // The one who makes the offers comes back with a screen at once.
  await ana.press("toggle-screen");
  await expect(screens(ben)).toHaveCount(0);
  await ben.press("toggle-screen");
  await receives(ana, "Ben", "screen");
  await receives(ana, "Ben", "camera");
});

test("a screen that is not shared any more is announced no more, and the next one needs no negotiation", async ({
  person,
}) => {
  const ana = await person(server, "demo-again", "Ana");
  const ben = await person(server, "demo-again", "Ben");
  await ana.press("toggle-screen");
  await receives(ben, "Ana", "screen");
  await receives(ben, "Ana", "screen_audio");
  await expect.poll(() => announced(ben, "Ana")).toEqual(BOTH);

  const descriptions = await countsDescriptions(ana);
  await ana.press("toggle-screen");
  await expect(screens(ben)).toHaveCount(0);
  expect(await announced(ben, "Ana")).toEqual(["camera", "microphone"]);
  await receives(ben, "Ana", "camera");
  expect(await own(ana, "screen")).toMatchObject({ live: false });

  await ana.press("toggle-screen");
  await expect.poll(() => announced(ben, "Ana")).toEqual(BOTH);
  await receives(ben, "Ana", "screen");
  await receives(ben, "Ana", "screen_audio");

  // Another one instead: a stream of the page's own, upright and silent.
  await sharesDrawing(ana, 240, 480);
  await expect.poll(() => announced(ben, "Ana")).toEqual(["camera", "microphone", "screen"]);
  await receives(ben, "Ana", "screen", 1 / 2);
  await receives(ben, "Ana", "camera");
  expect(await descriptions()).toBe(0);

  // It is the page's own: nobody stops it, by leaving neither.
  await ana.press("leave");
  await expect(ana.page.getByTestId("over")).toBeVisible();
  const live = () => (window as any).drawn.getTracks()[0].readyState;
  expect(await ana.page.evaluate(live)).toBe("live");
});

test("a screen that is stopped in the browser's own bar is gone for everyone", async ({
  person,
}) => {
  const ana = await person(server, "demo-bar", "Ana");
  const ben = await person(server, "demo-bar", "Ben");
  await ana.press("toggle-screen");
  await receives(ben, "Ana", "screen");
  await expect(ana.page.getByTestId("toggle-screen")).toHaveText("Stop sharing");
  await ends(ana, "screen");
  await expect(screens(ben)).toHaveCount(0);
  await expect(ana.page.getByTestId("toggle-screen")).toHaveText("Share screen");
  await expect.poll(() => announced(ben, "Ana")).toEqual(["camera", "microphone"]);
  await receives(ben, "Ana", "camera");
});

test("a screen that ends while the next one is being chosen takes nothing from that one", async ({
  person,
}) => {
  const ana = await person(server, "demo-next", "Ana");
  await ana.press("toggle-screen");
  await expect(screens(ana)).toHaveCount(1);
  await holds(ana, "getDisplayMedia");
  await asks(ana, "shareScreen");
  await ends(ana, "screen");
  await expect(screens(ana)).toHaveCount(0);
  await answers(ana, 0);
  expect(await own(ana, "screen")).toMatchObject({ live: true });
});

test("a screen that was chosen is shared though another one was asked for and refused", async ({
  person,
}) => {
  const ana = await person(server, "demo-twice", "Ana");
  await holds(ana, "getDisplayMedia");
  await asks(ana, "shareScreen");
  await asks(ana, "shareScreen");
  await answers(ana, 1, "refused");
  await answers(ana, 0);
  expect(await own(ana, "screen")).toMatchObject({ live: true });
});

test("a screen that is chosen after sharing was stopped is not shared", async ({ person }) => {
  const ana = await person(server, "demo-late", "Ana");
  await holds(ana, "getDisplayMedia");
  await asks(ana, "shareScreen");
  await ana.page.evaluate(() => window.samewireCall!.stopScreenShare());
  await answers(ana, 0);
  expect(await announced(ana, "Ana")).toEqual(["camera", "microphone"]);
});

test("whoever leaves while sharing stops the capture", async ({ person }) => {
  const ana = await person(server, "demo-leaves", "Ana");
  await ana.press("toggle-screen");
  await expect(screens(ana)).toHaveCount(1);
  const track = await ana.page.evaluateHandle(
    () => window.samewireCall!.localTracks.find((one) => one.source === "screen")!.track!,
  );
  expect(await track.evaluate((track) => track.readyState)).toBe("live");
  await ana.press("leave");
  await expect.poll(() => track.evaluate((track) => track.readyState)).toBe("ended");
});

/** A stand-in for a person, a system or a browser that gives no screen. */
const refuse = (of: Person, name: string | null) =>
  of.page.evaluate((name) => {
    navigator.mediaDevices.getDisplayMedia = (
      name ? () => Promise.reject(new DOMException("", name)) : undefined
    ) as never;
  }, name);

test("a screen that is refused is told by its code, and nothing changes", async ({ person }) => {
  const ana = await person(server, "demo-refused", "Ana");
  await refuse(ana, "NotAllowedError");
  expect(await rejection(ana, "shareScreen")).toBe("SamewireError screen-denied");
  await ana.press("toggle-screen");
  await expect(ana.page.getByTestId("notice")).toContainText("No screen was chosen");
  await refuse(ana, "NotFoundError");
  expect(await rejection(ana, "shareScreen")).toBe("SamewireError screen-unavailable");
  await refuse(ana, null);
  expect(await rejection(ana, "shareScreen")).toBe("SamewireError screen-unavailable");
  expect(await announced(ana, "Ana")).toEqual(["camera", "microphone"]);
  await expect(screens(ana)).toHaveCount(0);
  const soundOnly = () => {
    const sound = new AudioContext().createMediaStreamDestination().stream;
    return window.samewireCall!.shareScreen(sound).catch((error) => error.code);
  };
  expect(await ana.page.evaluate(soundOnly)).toBe("screen-unavailable");
});

test("a screen that is still sends nothing and is no stall, for whoever joins later neither", async ({
  person,
}) => {
  const ana = await person(server, "demo-still", "Ana");
  const ben = await person(server, "demo-still", "Ben");
  const suspected: string[] = [];
  ben.page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      if (/"suspect"/.test(String(payload))) suspected.push(String(payload));
    }),
  );
  await ben.page.evaluate(() => window.samewireCall!.simulate("signalling-drop"));
  await ben.isInCall();
  await sharesDrawing(ana, 640, 360);
  await expect(screens(ben).locator("video")).toHaveAttribute("data-shown");
  await ana.page.evaluate(() => ((window as any).still = true));
  const frames = async () => (await decoded(ben, "Ana", "screen"))!.count;
  await expect
    .poll(async () => {
      const before = await frames();
      await receives(ben, "Ana", "camera");
      return (await frames()) - before;
    })
    .toBe(0);
  const before = await frames();
  // Longer than any stall is borne: the camera's pictures are the clock.
  for (const _ of Array(12)) await receives(ben, "Ana", "camera");
  expect((await frames()) - before).toBeLessThan(6);
  await expect(ben.tile("Ana")).toHaveAttribute("data-connection", "good");
  expect(suspected).toEqual([]);
  expect((await ben.connections()).made).toBe(1);

  const cleo = await person(server, "demo-still", "Cleo");
  await expect(cleo.tile("Ana")).toHaveAttribute("data-connection", "good");
});

test("R16: a screen beside a muted microphone and a muted camera survives a fresh connection and a new epoch", async ({
  person,
}) => {
  const session = "demo-survives";
  const ana = await person(server, session, "Ana");
  const ben = await person(server, session, "Ben");
  await ana.press("toggle-screen");
  await ana.press("toggle-microphone");
  await ana.press("toggle-camera");
  const muted = ["-camera", "-microphone", "screen", "screen_audio"];
  await expect.poll(() => announced(ben, "Ana")).toEqual(muted);
  await receives(ben, "Ana", "screen");

  const survives = async () => {
    await receives(ben, "Ana", "screen");
    await receives(ben, "Ana", "screen_audio");
    expect(await announced(ben, "Ana")).toEqual(muted);
    await receives(ana, "Ben", "camera");
  };
  await ana.page.evaluate(() => window.samewireCall!.simulate("connection-failure"));
  for (const one of [ana, ben])
    await expect.poll(() => one.connections()).toEqual({ open: 1, made: 2 });
  await survives();
  await ana.page.evaluate(() => window.samewireCall!.simulate("provider-failure"));
  await expect.poll(async () => (await server.snapshot(session)).epoch).toBeGreaterThan(1);
  await Promise.all([ana.isInCall(), ben.isInCall()]);
  await survives();

  await ana.press("toggle-microphone");
  await ana.press("toggle-camera");
  for (const source of ["camera", "screen", "microphone", "screen_audio"] as const) {
    await receives(ben, "Ana", source);
  }
  expect([...ana.complaints, ...ben.complaints]).toEqual([]);
});

test("whoever leaves as soon as a new epoch is told makes no connection in it", async ({
  person,
}) => {
  const ana = await person(server, "demo-leaves-epoch", "Ana");
  const ben = await person(server, "demo-leaves-epoch", "Ben");
  await ana.sees("Ben");
  await ana.page.evaluate(() => {
    const call = window.samewireCall!;
    for (const event of ["transition:started", "transition:completed"] as const)
      call.on(event, () => void call.leave());
  });
  await ben.page.evaluate(() => window.samewireCall!.simulate("provider-failure"));
  await expect(ana.page.getByTestId("over")).toBeVisible();
  await expect.poll(() => ana.connections()).toEqual({ open: 0, made: 1 });
});
