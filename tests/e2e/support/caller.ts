// Somebody in a call, in any browser. The page keeps what happens there in the order in which it
// happens: its notes.

import { expect } from "@playwright/test";

import type { MediaOptions, Quality } from "samewire";

import { connections, keepConnections, received } from "./connections.ts";
import type { Server } from "./server.ts";
import type { Tab } from "./tab.ts";
import type { Ticket } from "./visitor.ts";

declare global {
  interface Window {
    notes: string[];
    /** Of ICE: every restart has a user name fragment of its own. */
    fragments: string[];
    quality?: Quality;
  }
}

/** Small enough for two browsers on two cores, and more than a poor network takes. */
const MEDIA: MediaOptions = {
  audio: true,
  video: { width: 640, height: 480, frameRate: 15 },
};

export class Caller {
  readonly name: string;
  readonly tab: Tab;

  private constructor(name: string, tab: Tab) {
    this.name = name;
    this.tab = tab;
  }

  /** Opens a blank page, which the package lies beside, and joins there. */
  static async joins(
    name: string,
    tab: Tab,
    page: string,
    { url, token }: Ticket,
    media = MEDIA,
  ): Promise<Caller> {
    await prepare(tab);
    await tab.goto(page);
    await tab.evaluate(join, { url, token, media });
    await tab.evaluate(listen);
    return new Caller(name, tab);
  }

  /** Opens the demo page, which joins by itself. */
  static async opens(name: string, tab: Tab, server: Server, session: string): Promise<Caller> {
    await prepare(tab);
    await tab.goto(`${server.origin}/?session=${session}&name=${name}&join=1`);
    const isIn = () => tab.evaluate(() => window.samewireCall !== undefined);
    await expect.poll(isIn, { message: `${name} is in the call` }).toBe(true);
    await tab.evaluate(listen);
    return new Caller(name, tab);
  }

  /** What has happened, in order: what the call told, frames that were sent, what the camera's encoder was set to. */
  notes(): Promise<string[]> {
    return this.tab.evaluate(() => [...window.notes]);
  }

  /** Waits until this has happened after so many other things; returns how many things had happened then. */
  async notesThat(what: RegExp, after = 0): Promise<number> {
    let at = -1;
    await expect
      .poll(
        async () => {
          const notes = await this.notes();
          at = notes.findIndex((note, i) => i >= after && what.test(note));
          return at >= 0 || notes.slice(after).join(", ");
        },
        { message: `${this.name}: ${what}`, timeout: 100_000 },
      )
      .toBe(true);
    return at + 1;
  }

  /** The alerts that have opened and not closed. */
  async openAlerts(): Promise<string[]> {
    const open = new Set<string>();
    for (const note of await this.notes()) {
      const [, kind, turn] = /^alert (\S+) (opens|closes)$/.exec(note) ?? [];
      if (turn === "opens") open.add(kind!);
      else if (kind) open.delete(kind);
    }
    return [...open];
  }

  state(): Promise<string> {
    return this.tab.evaluate(() => window.samewireCall!.state);
  }

  /** How somebody looks from here. */
  connectionTo(name: string): Promise<string | undefined> {
    return this.tab.evaluate(
      (name) => window.samewireCall!.participants.find((one) => one.name === name)?.connection,
      name,
    );
  }

  /** The last that was told of how the call is. */
  quality(): Promise<Quality | undefined> {
    return this.tab.evaluate(() => window.quality);
  }

  connections(): Promise<{ open: number; made: number }> {
    return this.tab.evaluate(connections);
  }

  /** How often ICE was restarted: every restart has a user name fragment of its own. */
  async restarts(): Promise<number> {
    const fragments = await this.tab.evaluate(() => window.fragments);
    return new Set(fragments).size - (await this.connections()).made;
  }

  /** The kind of way that media takes: what we and they send from, and how we reach our relay. */
  way(): Promise<string | undefined> {
    return this.tab.evaluate(way);
  }

  /** How many packets of sound have come. */
  async packets(): Promise<number> {
    return (await this.tab.evaluate(received)).audioPackets;
  }

  /** Waits until what is received grows by another thirty frames and packets. */
  async receivesMedia(timeout = 60_000) {
    const before = await this.tab.evaluate(received);
    await expect
      .poll(
        async () => {
          const now = await this.tab.evaluate(received);
          return {
            video: now.framesDecoded - before.framesDecoded >= 30,
            audio: now.audioPackets - before.audioPackets >= 30,
          };
        },
        { message: `${this.name} receives`, timeout },
      )
      .toEqual({ video: true, audio: true });
  }
}

async function prepare(tab: Tab) {
  await tab.before(keepConnections);
  await tab.before(keepNotes);
}

/** Notes what the page sends to the session, what its encoder is set to, and its fragments of ICE. */
function keepNotes(): void {
  window.notes = [];
  window.fragments = [];
  const note = (what: string) => window.notes.push(what);

  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    send.call(this, data);
    const frame = String(data);
    if (frame.startsWith("{")) note(`sent ${JSON.parse(frame).type}`);
  };
  const { setParameters } = RTCRtpSender.prototype;
  RTCRtpSender.prototype.setParameters = async function (parameters) {
    await setParameters.call(this, parameters);
    const [encoding] = this.getParameters().encodings;
    if (this.track?.kind === "video") {
      const { active, maxBitrate, scaleResolutionDownBy } = encoding!;
      note(
        `sends ${active ? `${maxBitrate ?? "any"} 1/${scaleResolutionDownBy ?? 1}` : "nothing"}`,
      );
    }
  };
  const { setLocalDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setLocalDescription = async function (...given: any[]) {
    await setLocalDescription.apply(this, given as any);
    const [, fragment] = /a=ice-ufrag:(\S+)/.exec(this.localDescription?.sdp ?? "") ?? [];
    if (fragment) window.fragments.push(fragment);
  };
}

async function join(options: { url: string; token: string; media: MediaOptions }): Promise<void> {
  const samewire = (await import("/index.js" as string)) as typeof import("samewire");
  window.samewireCall = await samewire.join(options);
}

function listen(): void {
  const call = window.samewireCall!;
  const note = (what: string) => window.notes.push(what);
  note(`state ${call.state}`);
  call.on("state", (state) => note(`state ${state}`));
  call.on("alert", ({ kind, open }) => {
    const turn = open === undefined ? "of the session" : open ? "opens" : "closes";
    note(`alert ${kind} ${turn}`);
  });
  call.on("recommendation", ({ action }) => note(`recommendation ${action}`));
  call.on("transition:started", () => note("transition"));
  call.on("error", ({ code }) => note(`error ${code}`));
  call.on("chat", ({ name, text }) => note(`${name}: ${text}`));
  call.on("participant", ({ self, name, change, connection }) => {
    if (!self) note(`${name} ${change} ${connection}`);
  });
  call.on("quality-update", (quality) => {
    if (quality.rating !== window.quality?.rating) note(`rating ${quality.rating}`);
    window.quality = quality;
  });
}

async function way(): Promise<string | undefined> {
  const open = window.connections.filter((one) => one.connectionState !== "closed");
  const stats = await open.at(-1)!.getStats();
  const reports = [...stats.values()];
  const chosen = reports.find((one) => one.type === "transport" && one.selectedCandidatePairId);
  const pair = stats.get(chosen?.selectedCandidatePairId);
  if (!pair) return undefined;
  const local = stats.get(pair.localCandidateId);
  const remote = stats.get(pair.remoteCandidateId);
  const relay = local.relayProtocol ? ` by ${local.relayProtocol}` : "";
  return `${local.candidateType}${relay} to ${remote.candidateType}`;
}
