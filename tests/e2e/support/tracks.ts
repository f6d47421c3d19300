// What somebody sends and what arrives of it, source by source.

import { expect } from "@playwright/test";

import type { Source } from "samewire";

import type { Tab } from "./tab.ts";

/** Somebody in a call, in any browser: a `Person` or a `Caller`. */
export interface One {
  readonly name: string;
  readonly tab: Tab;
}

/** What was decoded of one source of somebody, by the statistics of the track that the call gives for it. */
export interface Decoded {
  /** Frames of a picture, packets of a sound. */
  count: number;
  /** Width by height of a picture. */
  shape: number | undefined;
}

/** None as long as the call gives no track. */
export function decoded(by: One, name: string, source: Source): Promise<Decoded | undefined> {
  return by.tab.evaluate(
    async ({ name, source }) => {
      const of = window.samewireCall!.participants.find((one) => one.name === name);
      const track = of?.tracks.find((track) => track.source === source)?.track;
      if (!track) return undefined;
      for (const connection of (window as any).connections as RTCPeerConnection[]) {
        for (const report of (await connection.getStats()).values()) {
          if (report.type !== "inbound-rtp" || report.trackIdentifier !== track.id) continue;
          const video = report.kind === "video";
          return {
            count: (video ? report.framesDecoded : report.packetsReceived) ?? 0,
            shape: video ? report.frameWidth / report.frameHeight : undefined,
          };
        }
      }
      return { count: 0, shape: undefined };
    },
    { name, source },
  );
}

/** The shapes of Chromium's fake devices: a camera of 640 by 480, a screen of 1280 by 720. */
const SHAPES: Partial<Record<Source, number>> = { camera: 4 / 3, screen: 16 / 9 };

/** Waits until more of a source comes, and it is the source that it is called. */
export async function receives(by: One, name: string, source: Source, shape = SHAPES[source]) {
  const before = (await decoded(by, name, source))?.count ?? 0;
  await expect
    .poll(async () => ((await decoded(by, name, source))?.count ?? 0) - before, {
      message: `${by.name} receives the ${source} of ${name}`,
    })
    .toBeGreaterThan(5);
  if (shape !== undefined) {
    await expect
      .poll(async () => (await decoded(by, name, source))?.shape, {
        message: `what ${by.name} receives as the ${source} of ${name} has its shape`,
      })
      .toBeCloseTo(shape, 1);
  }
}

/** What somebody announces, as another one sees it: `camera`, or `-camera` while it is muted. */
export const announced = (by: One, name: string): Promise<string[]> =>
  by.tab.evaluate((name) => {
    const of = window.samewireCall!.participants.find((one) => one.name === name);
    return (of?.tracks ?? []).map(({ source, muted }) => (muted ? `-${source}` : source)).sort();
  }, name);

/** The own track of a source: its device, whether it lives, and whether it is what every connection sends. */
export const own = (of: One, source: Source) =>
  of.tab.evaluate((source) => {
    const track = window.samewireCall!.localTracks.find((one) => one.source === source)?.track;
    const open = ((window as any).connections as RTCPeerConnection[]).filter(
      (connection) => connection.connectionState !== "closed",
    );
    return {
      device: track?.getSettings().deviceId,
      hint: track?.contentHint,
      live: track?.readyState === "live",
      sent: open.every((connection) =>
        connection.getSenders().some((sender) => track !== undefined && sender.track === track),
      ),
    };
  }, source);

/** The ids of two devices of a kind: the default one, and the last. Chromium's second camera gives no picture. */
export const devices = (of: One, kind: MediaDeviceKind): Promise<string[]> =>
  of.tab.evaluate(async (kind) => {
    const all = await navigator.mediaDevices.enumerateDevices();
    const ids = all.filter((device) => device.kind === kind).map((device) => device.deviceId);
    return [ids[0]!, ids.at(-1)!];
  }, kind);

/** The code that a method of the call rejects with; none when it does not. */
export const rejection = (
  of: One,
  method: "setDevice" | "shareScreen" | "setMicrophone",
  ...with_: unknown[]
): Promise<string | undefined> =>
  of.tab.evaluate(
    ({ method, with_ }) =>
      (window.samewireCall![method] as (...with_: unknown[]) => Promise<void>)(...with_).then(
        () => undefined,
        (error) => `${error.name} ${error.code}`,
      ),
    { method, with_ },
  );

/** Counts the descriptions that a page's connections are given from now on. */
export async function countsDescriptions(of: One): Promise<() => Promise<number>> {
  await of.tab.evaluate(() => {
    (window as any).descriptions = 0;
    for (const name of ["setLocalDescription", "setRemoteDescription"] as const) {
      const set = RTCPeerConnection.prototype[name] as (...of: unknown[]) => Promise<void>;
      RTCPeerConnection.prototype[name] = function (
        this: RTCPeerConnection,
        ...description: unknown[]
      ) {
        (window as any).descriptions += 1;
        return set.apply(this, description);
      } as never;
    }
  });
  return () => of.tab.evaluate(() => (window as any).descriptions);
}

/** Ends the own track of a source as the browser does: by its own bar, or because a device is gone. */
export const ends = (of: One, source: Source) =>
  of.tab.evaluate((source) => {
    const { track } = window.samewireCall!.localTracks.find((one) => one.source === source)!;
    track!.stop();
    track!.dispatchEvent(new Event("ended"));
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  }, source);

/**
 * A stand-in for devices that come and go, which Chromium's fake ones do not: while a kind, or a device by
 * its id, is unplugged, `getUserMedia` does not find it. To run before the page.
 */
export function pluggable() {
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const { unplugged } = window as any;
    for (const [kind, wanted] of Object.entries(constraints ?? {})) {
      if (kind === unplugged) throw new DOMException("Device not found", "NotFoundError");
      const id = wanted?.deviceId?.exact;
      if (id && id === unplugged) throw new OverconstrainedError("deviceId");
    }
    return capture(constraints);
  };
}

/** Takes a kind of device away, `audio` or `video`, or one device by its id; with nothing, puts all back. */
export const unplugs = (of: One, what: string) =>
  of.tab.evaluate((what) => {
    (window as any).unplugged = what;
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  }, what);

/** Holds back what the browser answers to a capture from now on, until `answers` lets it through. */
export const holds = (of: One, method: "getUserMedia" | "getDisplayMedia") =>
  of.tab.evaluate((method) => {
    const { mediaDevices } = navigator;
    const capture = mediaDevices[method].bind(mediaDevices);
    const held: ((refused: boolean) => void)[] = ((window as any).held = []);
    mediaDevices[method] = async (constraints) => {
      const refused = await new Promise<boolean>((answer) => held.push(answer));
      if (refused) throw new DOMException("", "NotAllowedError");
      return capture(constraints);
    };
  }, method);

/** Lets the browser answer a capture that is held back, the first asked for being 0: with it, or by refusing. */
export const answers = (of: One, asked: number, how: "captured" | "refused" = "captured") =>
  of.tab.evaluate(
    async ({ asked, how }) => {
      (window as any).held[asked](how === "refused");
      await (window as any).asked?.[asked];
    },
    { asked, how },
  );

/** Asks something of the call that `answers` waits for, and does not wait for it. */
export const asks = (
  of: One,
  method: "setDevice" | "setCamera" | "shareScreen",
  ...with_: unknown[]
) =>
  of.tab.evaluate(
    ({ method, with_ }) => {
      const call = window.samewireCall![method] as (...with_: unknown[]) => Promise<void>;
      const outcome = call.apply(window.samewireCall, with_).catch((error) => error.code);
      ((window as any).asked ??= []).push(outcome);
    },
    { method, with_ },
  );

/** Shares a stream of the page's own, which changes its colour all the time until `still` is set. */
export const sharesDrawing = (of: One, width: number, height: number) =>
  of.tab.evaluate(
    async ([width, height]) => {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      // Firefox captures nothing that has no context yet.
      const context = canvas.getContext("2d")!;
      const drawn = ((window as any).drawn = canvas.captureStream(10));
      await window.samewireCall!.shareScreen(drawn);
      const draw = () => {
        context.fillStyle = `hsl(${performance.now() / 10} 80% 50%)`;
        context.fillRect(0, 0, width, height);
        if (!(window as any).still) requestAnimationFrame(draw);
      };
      draw();
    },
    [width, height] as const,
  );
