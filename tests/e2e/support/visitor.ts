// Somebody in front of a page of `tests/e2e/pages`.

import type { Browser, Page } from "@playwright/test";

/** What lets somebody into a session. */
export interface Ticket {
  room: string;
  url: string;
  token: string;
}

export class Visitor {
  readonly page: Page;
  /** What the page logged as an error, or did not catch; a page that works says nothing. */
  readonly complaints: string[] = [];
  /** How many sockets it has opened. */
  sockets = 0;

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (line) => {
      if (line.type() === "error") this.complaints.push(line.text());
    });
    page.on("websocket", () => (this.sockets += 1));
  }

  /** Comes in a browser profile of their own. */
  static async comes(browser: Browser, to: { origin: string }, query: Record<string, string>) {
    const context = await browser.newContext({ permissions: ["camera", "microphone"] });
    const page = await context.newPage();
    await page.addInitScript(watch);
    const visitor = new Visitor(page);
    await page.goto(`${to.origin}/?${new URLSearchParams(query)}`);
    return visitor;
  }

  /** Whether the video that is labelled so shows moving pictures. */
  plays(name: string): Promise<boolean> {
    const video = this.page.getByLabel(name, { exact: true }).locator("visible=true").first();
    return video.evaluate((element) => {
      const shown = element instanceof HTMLVideoElement ? element : element.querySelector("video");
      return Boolean(shown && shown.videoWidth > 0 && shown.currentTime > 0);
    });
  }

  /** What is open of what the page has made and captured. */
  open(): Promise<{ connections: number; tracks: number }> {
    return this.page.evaluate(() => {
      const { connections, tracks } = window.made;
      return {
        connections: connections.filter((one) => one.connectionState !== "closed").length,
        tracks: tracks.filter((one) => one.readyState === "live").length,
      };
    });
  }

  async goes() {
    await this.page.context().close();
  }
}

declare global {
  interface Window {
    made: { connections: RTCPeerConnection[]; tracks: MediaStreamTrack[] };
  }
}

/** Keeps what a page makes and captures. */
function watch() {
  window.made = { connections: [], tracks: [] };
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.made.connections.push(this);
    }
  };
  const capture = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await capture(constraints);
    window.made.tracks.push(...stream.getTracks());
    return stream;
  };
}
