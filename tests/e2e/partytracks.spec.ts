// dev-sfu is taken for Cloudflare's SFU by Cloudflare's own npm client, which is as npm has it.

import { test as base, type BrowserContext, expect } from "@playwright/test";
import { fileURLToPath } from "node:url";

import { DevSfu } from "../support/dev-sfu.ts";
import { BundleServer } from "./support/bundle-server.ts";
import { packages } from "./support/packages.ts";
import { Party } from "./support/party.ts";

/** The camera in three layers, `a` the best. Chromium gives its bandwidth to the first one first. */
const LAYERS = [
  { rid: "c", maxBitrate: 60_000, scaleResolutionDownBy: 4 },
  { rid: "b", maxBitrate: 150_000, scaleResolutionDownBy: 2 },
  { rid: "a", maxBitrate: 400_000 },
];

let pages: BundleServer;
let sfu: DevSfu;
/** Two people in windows of their own, which a test's end closes: a camera that is left open keeps its size. */
const test = base.extend<{ two: [Party, Party] }>({
  two: async ({ browser }, use) => {
    const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
    const open = async (context: BrowserContext) =>
      Party.open(await context.newPage(), pages.origin, () => sfu);
    await use([await open(contexts[0]), await open(contexts[1])]);
    await Promise.all(contexts.map((context) => context.close()));
  },
});

test.beforeAll(async () => {
  const entry = fileURLToPath(new URL("pages/partytracks.js", import.meta.url));
  pages = await BundleServer.of(entry, await packages());
});
test.beforeEach(async () => {
  sfu = await DevSfu.start();
});
test.afterEach(async () => {
  await sfu.stop();
});
test.afterAll(async () => {
  await pages.stop();
});

test("partytracks pushes a voice and a picture, and another page hears and sees them", async ({
  two,
}) => {
  const [ana, ben] = two;
  const [voice, picture] = [await ana.push("audio"), await ana.push("video")];
  await ben.pull("voice", voice);
  await ben.pull("picture", picture);
  await ben.frame("picture");
  await expect.poll(async () => (await ben.received("audio")).energy).toBeGreaterThan(0);
  const { decoded } = await ben.received("video");
  await expect
    .poll(async () => (await ben.received("video")).decoded)
    .toBeGreaterThan(decoded + 20);
  expect((await ben.received("video")).lost).toBe(0);
});

test("one connection of partytracks both pushes and pulls, and each side sees the other", async ({
  two,
}) => {
  const pictures = await Promise.all(two.map((one) => one.push("video")));
  const [ana, ben] = two;
  await Promise.all([ana.pull("other", pictures[1]!), ben.pull("other", pictures[0]!)]);
  await Promise.all(two.map((one) => one.frame("other")));
});

test("a layer is preferred, and another one instead, without a packet missing between them", async ({
  two,
}) => {
  const [ana, ben] = two;
  const picture = await ana.push("video", LAYERS);
  await ben.pull("picture", picture, "c");
  for (const layer of ["c", "a", "b", "c", "b"] as const) {
    await ben.prefer("picture", layer);
    await expect
      .poll(async () => (await ben.frame("picture")) - (await ana.width(layer)), { message: layer })
      .toBe(0);
  }
  expect(await ana.width("a")).toBeGreaterThan(await ana.width("b"));
  expect(await ana.width("b")).toBeGreaterThan(await ana.width("c"));
  expect((await ben.received("video")).lost).toBe(0);
});

test("@long what is pulled is closed with an exchange, and pulled once more on the same connection", async ({
  two,
}) => {
  const [ana, ben] = two;
  const [voice, picture] = [await ana.push("audio"), await ana.push("video")];
  // Chromium takes no offer in which every line is closed.
  await ben.pull("voice", voice);
  const tracks = async () =>
    (await sfu.call("GET", `sessions/${await ben.sessionId()}`)).body.tracks;
  for (let round = 1; round <= 3; round += 1) {
    await ben.pull("picture", picture);
    await ben.frame("picture");
    expect(await tracks()).toHaveLength(2);
    await ben.end("picture");
    await expect
      .poll(tracks)
      .toEqual([expect.objectContaining({ trackName: voice.trackName, status: "active" })]);
  }
});

test("@long what is pushed is closed with an exchange, and can be pulled no more", async ({
  two,
}) => {
  const [ana, ben] = two;
  const [voice, picture] = [await ana.push("audio"), await ana.push("video")];
  await ben.pull("picture", picture);
  await ben.frame("picture");
  await ana.end("video");
  const session = await ana.sessionId();
  await expect
    .poll(async () => (await sfu.call("GET", `sessions/${session}`)).body.tracks)
    .toEqual([expect.objectContaining({ trackName: voice.trackName, status: "active" })]);
  const again = { tracks: [{ location: "remote", ...picture }] };
  const { sessionId } = (await sfu.call("POST", "sessions/new")).body;
  const { body } = await sfu.call("POST", `sessions/${sessionId}/tracks/new`, again);
  expect(body.tracks[0]).toMatchObject({ errorCode: "not_found_track_error" });
});

test("@long an SFU that was killed and started again knows nobody, and partytracks begins anew", async ({
  two,
}) => {
  const [ana] = two;
  await ana.push("video");
  const before = await ana.sessionId();
  await sfu.restart();
  expect((await sfu.call("GET", `sessions/${before}`)).status).toBe(410);
  await expect.poll(() => ana.sessionId(), { timeout: 40_000 }).not.toBe(before);
  const now = await ana.sessionId();
  await expect
    .poll(async () => (await sfu.call("GET", `sessions/${now}`)).body.tracks)
    .toEqual([expect.objectContaining({ status: "active" })]);
});

test("@long an SFU that was frozen and thawed goes on where it was", async ({ two }) => {
  const [ana, ben] = two;
  await ben.pull("picture", await ana.push("video"));
  await ben.frame("picture");
  const sessions = () => Promise.all([ana.sessionId(), ben.sessionId()]);
  const before = await sessions();
  sfu.freeze();
  // Nothing comes any more: of two looks, half a second apart, the second sees what the first saw.
  let decoded = -1;
  const more = async () => {
    const before = decoded;
    ({ decoded } = await ben.received("video"));
    return decoded - before;
  };
  await expect.poll(more, { intervals: [500] }).toBe(0);
  sfu.thaw();
  await ben.frame("picture");
  expect(await sessions()).toEqual(before);
});
