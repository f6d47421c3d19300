// The runtime is killed with -9 in the middle of a call.

import { expect } from "@playwright/test";

import { test } from "./support/person.ts";
import { Server } from "./support/server.ts";

test("the runtime is killed and comes back: the media never stops, both links return by themselves", async ({
  person,
}) => {
  const server = await Server.start();
  try {
    const ana = await person(server, "demo-crash", "Ana");
    const ben = await person(server, "demo-crash", "Ben");
    await Promise.all([ana.sees("Ben"), ben.sees("Ana")]);
    const before = await server.snapshot("demo-crash");

    // Every change of the connections, and every gap between two frames, from now on.
    for (const one of [ana, ben]) await one.page.evaluate(watchMedia);
    await server.killRuntime();
    for (const one of [ana, ben]) {
      await expect(one.page.getByTestId("call-state")).toHaveAttribute(
        "data-state",
        "reconnecting",
      );
    }
    const during = await Promise.all([ana.received(), ben.received()]);
    await Promise.all([ana.isInCall(), ben.isInCall()]);
    const back = await Promise.all([ana.received(), ben.received()]);
    for (const [i, { framesDecoded }] of during.entries()) {
      expect(back[i]!.framesDecoded).toBeGreaterThan(framesDecoded);
    }

    const after = await server.snapshot("demo-crash");
    expect(after.provider).toBe(before.provider);
    expect(after.epoch).toBe(before.epoch);
    expect(after.incarnation).toBe(before.incarnation);
    const roster = (s: any) =>
      s.participants.map((p: any) => [p.id, p.generation, p.tracks.length]);
    expect(roster(after)).toEqual(roster(before));

    await Promise.all([ana.receivesMedia(), ben.receivesMedia()]);
    for (const one of [ana, ben]) {
      // The same connection as before, which nobody touched.
      expect(await one.connections()).toEqual({ open: 1, made: 1 });
      const { changes, longest } = await one.page.evaluate(() => (window as any).media);
      expect(changes).toEqual([]);
      // A figure, not a check: how long a picture stood, at most.
      test.info().annotations.push({ type: one.name, description: `${longest} ms at most` });
    }
    await ben.openChat();
    await ana.says("still here?");
    await expect.poll(() => ben.chat()).toEqual(["still here?"]);
  } finally {
    await server.stop();
  }
});

/** Notes every change of a connection's state, and the longest time between two frames. */
function watchMedia() {
  const media = { changes: [] as string[], longest: 0 };
  (window as any).media = media;
  for (const connection of (window as any).connections as RTCPeerConnection[]) {
    for (const change of ["connectionstatechange", "signalingstatechange", "negotiationneeded"]) {
      connection.addEventListener(change, () =>
        media.changes.push(`${change}: ${connection.connectionState}`),
      );
    }
  }
  const video = document.querySelector<HTMLVideoElement>(
    '[data-testid="tile"]:not([data-self="true"]) video',
  )!;
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    media.longest = Math.max(media.longest, Math.round(now - last));
    last = now;
    video.requestVideoFrameCallback(frame);
  };
  video.requestVideoFrameCallback(frame);
}
