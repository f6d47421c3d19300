// A page with Cloudflare's own client for its SFU, `partytracks`, and a backend that adds the app's
// secret to what it asks, as a customer's would.

import type { Page } from "@playwright/test";

import type { DevSfu } from "../../support/dev-sfu.ts";

/** What the page needs to pull a track. */
export interface Pushed {
  sessionId: string;
  trackName: string;
}

declare global {
  interface Window {
    party: {
      errors: string[];
      sessionId: string;
      peerConnection: RTCPeerConnection;
      push(
        name: string,
        track: MediaStreamTrack,
        encodings?: RTCRtpEncodingParameters[],
      ): Promise<Pushed>;
      pull(name: string, track: Pushed, layer?: string): Promise<void>;
      prefer(name: string, layer: string): void;
      end(name: string): void;
    };
  }
}

export class Party {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page; `origin` serves `pages/partytracks.js`. */
  static async open(page: Page, origin: string, sfu: () => DevSfu): Promise<Party> {
    await page.route(/\/partytracks\//, async (route) => {
      const { pathname } = new URL(route.request().url());
      const path = pathname.slice("/partytracks/".length);
      const answer = await sfu()
        .call(route.request().method(), path, route.request().postDataJSON() ?? undefined)
        .catch((error: unknown) => ({ status: 502, body: { errorDescription: String(error) } }));
      await route.fulfill({ status: answer.status, json: answer.body });
    });
    await page.goto(origin);
    await page.waitForFunction(() => window.party !== undefined);
    return new Party(page);
  }

  push(kind: "audio" | "video", encodings: RTCRtpEncodingParameters[] = []): Promise<Pushed> {
    return this.page.evaluate(
      async ({ kind, encodings }) => {
        // The smallest that Chromium codes in three layers.
        const size = { width: 960, height: 540, frameRate: 10 };
        const stream = await navigator.mediaDevices.getUserMedia(
          kind === "audio" ? { audio: true } : { video: encodings.length ? size : true },
        );
        const pushed = await window.party.push(kind, stream.getTracks()[0]!, encodings);
        if (encodings.length) {
          // A busy machine shall send fewer pictures rather than smaller ones, which have fewer layers.
          const sender = window.party.peerConnection.getSenders().at(-1)!;
          const parameters = sender.getParameters();
          parameters.degradationPreference = "maintain-resolution";
          await sender.setParameters(parameters);
        }
        return pushed;
      },
      { kind, encodings },
    );
  }

  pull(name: string, track: Pushed, layer?: string): Promise<void> {
    return this.page.evaluate(({ name, track, layer }) => window.party.pull(name, track, layer), {
      name,
      track,
      layer,
    });
  }

  prefer(name: string, layer: string): Promise<void> {
    return this.page.evaluate(({ name, layer }) => window.party.prefer(name, layer), {
      name,
      layer,
    });
  }

  end(name: string): Promise<void> {
    return this.page.evaluate((name) => window.party.end(name), name);
  }

  sessionId(): Promise<string> {
    return this.page.evaluate(() => window.party.sessionId);
  }

  /** Resolves when another frame of the picture of this name is shown, with its width. */
  frame(name: string): Promise<number> {
    return this.page.evaluate(
      (name) =>
        new Promise<number>((shown) => {
          const video = document.getElementById(name) as HTMLVideoElement;
          video.requestVideoFrameCallback((_, { width }) => shown(width));
        }),
      name,
    );
  }

  /** How wide the layer of this name is that is pushed now: 0 when none is. */
  width(layer: string): Promise<number> {
    return this.page.evaluate(async (layer) => {
      let width = 0;
      const report = await window.party.peerConnection.getStats();
      report.forEach((one) => {
        const sent = one.type === "outbound-rtp" && one.rid === layer && one.framesPerSecond > 0;
        if (sent) width = one.frameWidth;
      });
      return width;
    }, layer);
  }

  /** What the browser counts of what it receives of a kind, summed over its streams. */
  received(kind: "audio" | "video"): Promise<{ decoded: number; lost: number; energy: number }> {
    return this.page.evaluate(async (kind) => {
      const sum = { decoded: 0, lost: 0, energy: 0 };
      const report = await window.party.peerConnection.getStats();
      report.forEach((one) => {
        if (one.type !== "inbound-rtp" || one.kind !== kind) return;
        sum.decoded += one.framesDecoded ?? 0;
        sum.lost += one.packetsLost;
        sum.energy += one.totalAudioEnergy ?? 0;
      });
      return sum;
    }, kind);
  }
}
