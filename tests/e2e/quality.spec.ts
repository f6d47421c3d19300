// How the call is, as the page and the session are told of it.

import { expect } from "@playwright/test";

import type { Quality } from "samewire";

import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";

let server: Server;
test.beforeAll(async () => {
  // Measured more often than in life, so that the tests wait for less.
  server = await Server.start({ TUNING: JSON.stringify({ SAMPLE: 600 }) });
});
test.afterAll(async () => {
  await server.stop();
});

test("R38: a call that works is good, for the page, for each participant, and for the session", async ({
  person,
}) => {
  const ana = await person(server, "demo-quality", "Ana");
  const ben = await person(server, "demo-quality", "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  const updates = await ana.page.evaluateHandle(() => {
    const seen: Quality[] = [];
    window.samewireCall!.on("quality-update", (quality) => seen.push(quality));
    return seen;
  });
  const last = () => updates.evaluate((seen) => seen.at(-1));
  // Everything that a Chromium knows of a call is there, and nothing by another name.
  await expect
    .poll(async () => Object.keys((await last()) ?? {}).sort(), { message: "all is measured" })
    .toEqual(
      [
        ["audio", "availableKbps", "bitrateKbps", "fps", "height", "jitterMs", "lossPct", "mos"],
        ["network", "pair", "rating", "rttMs", "score", "video", "width"],
      ].flat(),
    );
  await expect
    .poll(async () => (await last())!.score, { message: "it is good" })
    .toBeGreaterThanOrEqual(60);
  const quality = (await last())!;
  expect(["good", "excellent"]).toContain(quality.rating);
  expect(quality.mos).toBeGreaterThan(3);
  expect(quality.mos).toBeLessThanOrEqual(4.5);
  expect(quality.pair).toBe("direct/udp");
  expect(quality.score).toBeLessThanOrEqual(
    Math.min(quality.audio!, quality.video!, quality.network!) + 0.1,
  );
  const of = (name: string) =>
    ana.page.evaluate(
      (name) => window.samewireCall!.participants.find((one) => one.name === name)!.quality,
      name,
    );
  expect((await of("Ben"))!.score).toBeGreaterThanOrEqual(60);
  expect(await of("Ana")).toBeUndefined();

  await expect
    .poll(async () => {
      const { participants } = await server.snapshot("demo-quality/health");
      return participants.map((one: any) => one.quality?.rating);
    })
    .toEqual([expect.stringMatching(/good|excellent/), expect.stringMatching(/good|excellent/)]);
  const { participants } = await server.snapshot("demo-quality/health");
  const { summary, ...told } = participants[0].quality;
  expect(Object.keys(told)).toContain("rtt_ms");
  expect(summary.latency_ms.avg).toBeGreaterThanOrEqual(0);
  expect(JSON.stringify(summary).length).toBeLessThanOrEqual(1_000);
});

test("a picture that stops is an issue that opens, and closes when it comes again", async ({
  person,
}) => {
  const ana = await person(server, "demo-stall", "Ana");
  const ben = await person(server, "demo-stall", "Ben");
  await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
  const alerts = await ana.page.evaluateHandle(() => {
    const seen: string[] = [];
    window.samewireCall!.on("alert", ({ kind, open }) => seen.push(`${kind} ${open}`));
    return seen;
  });
  const all = () => alerts.evaluate((seen) => [...seen]);
  // Announced as sent, and not sent: that is no mute.
  await ben.page.evaluate(async () => {
    for (const connection of (window as any).connections as RTCPeerConnection[]) {
      for (const sender of connection.getSenders()) {
        if (sender.track?.kind === "video") {
          (window as any).kept = sender.track;
          await sender.replaceTrack(null);
          (window as any).sender = sender;
        }
      }
    }
  });
  await expect.poll(all).toContain("stall true");
  await ben.page.evaluate(() => (window as any).sender.replaceTrack((window as any).kept));
  await expect.poll(all).toContain("stall false");
});
