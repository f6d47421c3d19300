// What every driver of an SFU does, against its real server, with real media. A driver that is new passes all of
// it, or is none.

import { expect, test } from "@playwright/test";

import { BROKEN } from "./support/broken-sfus.ts";
import { Room } from "./support/legs.ts";
import { type Sfu, SFUS } from "./support/sfus.ts";

const camera = { kind: "video" } as const;
const microphone = { kind: "audio" } as const;

for (const [driver, start] of Object.entries(SFUS)) {
  test.describe(driver, () => {
    let sfu: Sfu;
    test.beforeAll(async () => {
      test.setTimeout(600_000);
      sfu = await start();
    });
    test.afterAll(() => sfu.stop());

    let room: Room;
    test.beforeEach(async ({ page }) => {
      room = await Room.open(page, driver, sfu);
    });
    test.afterEach(() => room.isClean());

    test("nobody is contacted before there are credentials, and ICE and DTLS come up with nothing published", async ({
      page,
    }) => {
      const ana = await room.leg("ana");
      await ana.subscribe([]);
      expect(await ana.told("state")).toEqual([]);
      expect(await page.evaluate(() => window.opened.connections.length)).toBe(0);
      expect(await page.evaluate(() => window.opened.sockets.length)).toBe(0);
      await ana.credentials(sfu.credentials(room.name));
      await ana.state("connected");
      expect(await ana.told("state")).toEqual([{ state: "connecting" }, { state: "connected" }]);
      expect(await ana.told("published")).toEqual([]);
    });

    test("what one publishes the other sees and hears, and the statistics of both say so", async () => {
      const ana = await room.join("ana");
      const ben = await room.join("ben");
      await ana.publish("microphone", microphone);
      await ana.publish("camera", camera);
      const [sound, picture] = [await ana.published("microphone"), await ana.published("camera")];
      await ben.subscribe([
        { ref: sound, kind: "audio" },
        { ref: picture, kind: "video" },
      ]);
      await ben.hears(sound);
      await ben.sees(picture);
      expect(await ana.kinds()).toContain("outbound-rtp");
      expect(await ben.kinds()).toContain("inbound-rtp");
      expect(await ben.kinds()).toContain("candidate-pair");
    });

    test("@long what is published and wanted before the credentials is there after them", async () => {
      const [ana, ben] = [await room.leg("ana"), await room.leg("ben")];
      await ana.publish("microphone", microphone);
      await ana.publish("camera", camera);
      await ana.credentials(sfu.credentials(room.name));
      const picture = await ana.published("camera");
      await ben.subscribe([{ ref: picture, kind: "video" }]);
      await ben.credentials(sfu.credentials(room.name));
      await ben.sees(picture);
    });

    test("@long both ways at once, on one leg each", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      await ben.publish("camera", camera);
      const [hers, his] = [await ana.published("camera"), await ben.published("camera")];
      await ana.subscribe([{ ref: his, kind: "video" }]);
      await ben.subscribe([{ ref: hers, kind: "video" }]);
      await ana.sees(his);
      await ben.sees(hers);
    });

    test("muted sends nothing, unmuted and another track come in the same place, and nothing is negotiated", async ({
      page,
    }) => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      const ref = await ana.published("camera");
      await ben.subscribe([{ ref, kind: "video" }]);
      await ben.sees(ref);
      const offers = await page.evaluate(() => window.opened.offers);
      await ana.publish("camera", null);
      await ben.hasSilence(ref);
      await ana.publish("camera", camera);
      await ben.sees(ref);
      await ana.publish("camera", { kind: "video", height: 180 });
      await expect.poll(async () => (await ben.coming(ref))?.height).toBe(180);
      expect(await page.evaluate(() => window.opened.offers)).toBe(offers);
      expect(await ana.told("published")).toHaveLength(1);
      expect(await ben.told("track")).toHaveLength(1);
    });

    test("@long whoever was muted for long is seen again, in the old place or in a new one", async ({
      page,
    }) => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      const before = await ana.published("camera");
      await ben.subscribe([{ ref: before, kind: "video" }]);
      await ben.sees(before);
      await ana.publish("camera", null);
      await page.evaluate(() => {
        const now = performance.now.bind(performance);
        performance.now = () => now() + 26_000;
      });
      await ana.publish("camera", camera);
      const ref = sfu.forgetsSilence ? await ana.published("camera", 2) : before;
      await ben.subscribe([{ ref, kind: "video" }]);
      await ben.sees(ref);
      expect(await ana.told("published")).toHaveLength(sfu.forgetsSilence ? 2 : 1);
    });

    test("@long what is muted from the beginning is published with its first track", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", null);
      await ana.publish("microphone", microphone);
      await ana.published("microphone");
      expect((await ana.told("published")).map(({ source }) => source)).toEqual(["microphone"]);
      await ana.publish("camera", camera);
      const ref = await ana.published("camera");
      await ben.subscribe([{ ref, kind: "video" }]);
      await ben.sees(ref);
    });

    test("a screen comes beside the camera, and goes without it", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      const face = await ana.published("camera");
      await ben.subscribe([{ ref: face, kind: "video" }]);
      await ben.sees(face);
      await ana.publish("screen", camera);
      const screen = await ana.published("screen");
      expect(screen).not.toBe(face);
      await ben.subscribe([
        { ref: face, kind: "video" },
        { ref: screen, kind: "video" },
      ]);
      await ben.sees(screen);
      await ben.sees(face);
      await ana.unpublish("screen");
      await ben.subscribe([{ ref: face, kind: "video" }]);
      await ben.sees(face);
      await ana.publish("screen", camera);
      const again = await ana.published("screen", 2);
      await ben.subscribe([
        { ref: face, kind: "video" },
        { ref: again, kind: "video" },
      ]);
      await ben.sees(again);
    });

    test("@long what is not wanted any more comes no more, and comes again when it is", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      await ana.publish("microphone", microphone);
      const [ref, sound] = [await ana.published("camera"), await ana.published("microphone")];
      await ben.subscribe([
        { ref, kind: "video" },
        { ref: sound, kind: "audio" },
      ]);
      await ben.sees(ref);
      await ben.subscribe([{ ref: sound, kind: "audio" }]);
      await expect.poll(() => inbound(room, "ben", "video")).toBe(0);
      await ben.hears(sound);
      await ben.subscribe([
        { ref, kind: "video" },
        { ref: sound, kind: "audio" },
      ]);
      await ben.sees(ref);
    });

    test("@long what does not exist yet holds up nothing that does", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      const ref = await ana.published("camera");
      const none = ref.replace(/^[^/]*/, (whole) => `${whole.slice(0, -1)}0`);
      await ben.subscribe([
        { ref: none, kind: "video" },
        { ref, kind: "video" },
        { ref: "nothing like it", kind: "audio" },
      ]);
      await ben.sees(ref);
      expect((await ben.told("track")).map((track) => track.ref)).toEqual([ref]);
      expect((await ben.told("state")).at(-1)).toEqual({ state: "connected" });
    });

    test("of a large picture the layer comes that is shown", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", { kind: "video", height: 720 });
      const ref = await ana.published("camera");
      await ben.subscribe([{ ref, kind: "video", height: 180 }]);
      await ben.sees(ref);
      await expect.poll(async () => (await ben.coming(ref))?.height).toBe(180);
      await ben.subscribe([{ ref, kind: "video", height: 720 }]);
      await expect.poll(async () => (await ben.coming(ref))?.height).toBe(720);
      await ben.subscribe([{ ref, kind: "video", height: 300 }]);
      await expect.poll(async () => (await ben.coming(ref))?.height).toBe(360);
    });

    test("@long a sender that is limited to nothing sends nothing, and goes on when it may", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      const ref = await ana.published("camera");
      await ben.subscribe([{ ref, kind: "video" }]);
      await ben.sees(ref);
      await ana.limit("camera", { active: false });
      await ben.hasSilence(ref);
      await ana.limit("camera", { active: true, maxBitrate: 200_000 });
      await ben.sees(ref);
    });

    test("a restart connects anew, with all that is published and wanted", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      await ben.publish("camera", camera);
      const his = await ben.published("camera");
      await ana.subscribe([{ ref: his, kind: "video" }]);
      await ana.sees(his);
      const before = await ana.published("camera");
      await ana.restart();
      const after = await ana.published("camera", 2);
      expect(after).not.toBe(before);
      await ben.subscribe([{ ref: after, kind: "video" }]);
      await ben.sees(after);
      await ana.sees(his);
      expect(await ana.told("track")).toHaveLength(2);
    });

    test("@long R34: renewed STUN servers are those of every connection, now and after a restart", async () => {
      const ana = await room.join("ana");
      await ana.publish("camera", camera);
      await ana.published("camera");
      expect(await ana.servers()).toEqual([]);
      const renewed = "stun:127.0.0.1:9";
      await ana.configure([{ urls: renewed }]);
      expect(new Set(await ana.servers())).toEqual(new Set([renewed]));
      await ana.restart();
      await ana.published("camera", 2);
      expect(new Set(await ana.servers())).toEqual(new Set([renewed]));
    });

    test("whoever leaves leaves nothing behind, and says nothing more", async ({ page }) => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ben.publish("camera", camera);
      const ref = await ben.published("camera");
      await ana.subscribe([{ ref, kind: "video" }]);
      await ana.sees(ref);
      await ana.publish("camera", camera);
      // In the midst of it.
      await ana.close();
      const told = await page.evaluate(() => window.legs["ana"]!.told.length);
      await ben.close();
      await expect
        .poll(() =>
          page.evaluate(() => ({
            connections: window.opened.connections.filter((pc) => pc.connectionState !== "closed")
              .length,
            sockets: window.opened.sockets.filter((socket) => socket.readyState !== 3).length,
          })),
        )
        .toEqual({ connections: 0, sockets: 0 });
      await ana.close();
      await ana.publish("microphone", microphone);
      await ana.restart();
      expect(await page.evaluate(() => window.legs["ana"]!.told.length)).toBe(told);
    });

    test("credentials that are no good are said to be, and good ones are used by the next restart", async () => {
      const ana = await room.leg("ana");
      await ana.credentials(sfu.badCredentials(room.name));
      const { reason, message } = await ana.state("failed");
      expect(reason).toBe("auth");
      expect(message).toMatch(/not good/);
      await ana.credentials(sfu.credentials(room.name));
      await ana.restart();
      await ana.state("connected");
    });

    test("@long a server that dies is a failure, and one that is back is restarted to", async () => {
      const [ana, ben] = [await room.join("ana"), await room.join("ben")];
      await ana.publish("camera", camera);
      const ref = await ana.published("camera");
      await ben.subscribe([{ ref, kind: "video" }]);
      await ben.sees(ref);
      await sfu.kill();
      await ana.state("failed");
      await ben.state("failed");
      await ana.restart();
      const { reason } = await ana.state("failed");
      expect(["timeout", "other"]).toContain(reason);
      await sfu.restart(room.name);
      await ana.restart();
      await ben.restart();
      const again = await ana.published("camera", 2);
      await ben.subscribe([{ ref: again, kind: "video" }]);
      await ben.sees(again);
    });
  });

  for (const [how, reason] of [
    ["silent", "timeout"],
    ["garbage", "other"],
  ] as const) {
    test(`@long ${driver}: a server that is ${how} is a failure, in words`, async ({ page }) => {
      const sfu = await BROKEN[driver]!(how);
      try {
        const room = await Room.without(page, driver, sfu);
        const ana = await room.leg("ana");
        await ana.publish("microphone", microphone);
        await ana.credentials(sfu.credentials());
        const failed = await ana.state("failed");
        expect(failed.reason).toBe(reason);
        expect(failed.message).toMatch(how === "silent" ? /in time/ : /the answer|a new session/);
        await ana.close();
        await room.isClean();
      } finally {
        await sfu.stop();
      }
    });
  }

  test(`@long ${driver}: whom a full server does not take is told so`, async ({ page }) => {
    test.setTimeout(600_000);
    const sfu = await start();
    try {
      const room = await Room.open(page, driver, sfu, 1);
      await room.join("ana");
      const ben = await room.leg("ben");
      await ben.credentials(sfu.credentials(room.name));
      expect((await ben.state("failed")).reason).toBe("capacity");
      await room.isClean();
    } finally {
      await sfu.stop();
    }
  });
}

/** How many lines of a kind somebody receives. */
function inbound(room: Room, id: string, kind: string): Promise<number> {
  return room.page.evaluate(
    async ([id, kind]) => {
      let packets = 0;
      const look = async () => {
        const entries = [...(await window.legs[id]!.leg.stats()).values()] as any[];
        const lines = entries.filter((one) => one.type === "inbound-rtp" && one.kind === kind);
        return lines.reduce((sum, one) => sum + one.packetsReceived, 0) as number;
      };
      packets -= await look();
      await new Promise((next) => setTimeout(next, 400));
      packets += await look();
      return packets;
    },
    [id, kind] as [string, string],
  );
}
