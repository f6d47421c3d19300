// Legs of a driver in a page: several participants of one room side by side, each with what it told.

import { expect, type Page } from "@playwright/test";

import type { Driver, DriverLeg, LegEvents, LegSource, Wanted } from "samewire/drivers/janus";

import type { Sfu } from "./sfus.ts";

interface Told {
  name: keyof LegEvents;
  detail: any;
}

interface InPage {
  leg: DriverLeg;
  told: Told[];
}

declare global {
  interface Window {
    driver: Driver;
    legs: Record<string, InPage>;
    /** Every connection and every socket that the page made. */
    opened: { connections: RTCPeerConnection[]; sockets: WebSocket[]; offers: number };
    /** What went wrong that nobody caught. */
    uncaught: string[];
  }
}

/** Notes what a page makes. */
function watch() {
  window.legs = {};
  window.opened = { connections: [], sockets: [], offers: 0 };
  window.uncaught = [];
  window.onerror = (event) => void window.uncaught.push(String(event));
  window.onunhandledrejection = ({ reason }) => void window.uncaught.push(String(reason));
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.opened.connections.push(this);
    }
    override async setLocalDescription(...about: [RTCLocalSessionDescriptionInit?]) {
      window.opened.offers += 1;
      return super.setLocalDescription(...about);
    }
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(url: string | URL, protocol?: string | string[]) {
      super(url, protocol);
      window.opened.sockets.push(this);
    }
  };
}

/** Loads a page with the driver in it. */
async function load(page: Page, driver: string, origin: string) {
  await page.addInitScript(watch);
  await page.goto(`${origin}/`);
  await page.evaluate(async (path) => {
    window.driver = ((await import(path)) as { driver: Driver }).driver;
  }, `/drivers/${driver}.js`);
}

/** The page of a room. */
export class Room {
  readonly page: Page;
  readonly name: string;
  readonly #sfu: Sfu | undefined;

  private constructor(page: Page, sfu: Sfu | undefined, name: string) {
    this.page = page;
    this.#sfu = sfu;
    this.name = name;
  }

  /** A page with the driver in it, and a room that is nobody else's. */
  static async open(page: Page, driver: string, sfu: Sfu, most?: number): Promise<Room> {
    await load(page, driver, sfu.origin);
    return new Room(page, sfu, await sfu.room(most));
  }

  /** The same with a server that has no rooms. */
  static async without(page: Page, driver: string, sfu: { origin: string }): Promise<Room> {
    await load(page, driver, sfu.origin);
    return new Room(page, undefined, "room");
  }

  /** Somebody's leg, without credentials. */
  async leg(id: string): Promise<Leg> {
    await this.page.evaluate(
      ([id, room]) => {
        const told: Told[] = [];
        const leg = window.driver.open({
          server: location.origin,
          room,
          participant: id,
          iceServers: [],
          iceTransportPolicy: "all",
          emit(name, detail: any) {
            told.push({ name, detail });
            if (detail.track?.kind !== "audio") return;
            // Sound that nobody plays is not decoded.
            const player = Object.assign(new Audio(), {
              srcObject: new MediaStream([detail.track]),
            });
            void player.play();
          },
        });
        window.legs[id] = { leg, told };
      },
      [id, this.name] as [string, string],
    );
    return new Leg(this, id);
  }

  /** Somebody who is connected. */
  async join(id: string): Promise<Leg> {
    const leg = await this.leg(id);
    await leg.credentials(this.#sfu!.credentials(this.name));
    await leg.state("connected");
    return leg;
  }

  /** Nothing was thrown past the drivers. */
  async isClean() {
    expect(await this.page.evaluate(() => window.uncaught)).toEqual([]);
  }
}

/** What of a report tells whether media comes. */
export interface Coming {
  frames: number;
  height: number;
  energy: number;
  packets: number;
}

/** What to capture. */
export interface Capture {
  kind: "audio" | "video";
  height?: number;
}

export class Leg {
  readonly #room: Room;
  readonly id: string;

  constructor(room: Room, id: string) {
    this.#room = room;
    this.id = id;
  }

  get #page() {
    return this.#room.page;
  }

  credentials(given: object) {
    return this.#page.evaluate(([id, given]) => window.legs[id]!.leg.credentials(given), [
      this.id,
      given,
    ] as [string, object]);
  }

  /** Sends a new track of the fake devices; returns nothing until it was handed over. */
  async publish(source: LegSource, capture: Capture | null) {
    await this.#page.evaluate(
      async ([id, source, capture]) => {
        const video = { height: capture?.height ?? 240, frameRate: 15 };
        const wanted = capture?.kind === "video" ? { video } : { audio: true };
        const stream = capture && (await navigator.mediaDevices.getUserMedia(wanted));
        window.legs[id]!.leg.publish(source, stream?.getTracks()[0] ?? null);
      },
      [this.id, source, capture] as [string, LegSource, Capture | null],
    );
  }

  unpublish(source: LegSource) {
    return this.#page.evaluate(([id, source]) => window.legs[id]!.leg.unpublish(source), [
      this.id,
      source,
    ] as [string, LegSource]);
  }

  subscribe(wanted: Wanted[]) {
    return this.#page.evaluate(([id, wanted]) => window.legs[id]!.leg.subscribe(wanted), [
      this.id,
      wanted,
    ] as [string, Wanted[]]);
  }

  limit(source: LegSource, limit: { maxBitrate?: number; active: boolean }) {
    return this.#page.evaluate(([id, source, limit]) => window.legs[id]!.leg.limit(source, limit), [
      this.id,
      source,
      limit,
    ] as [string, LegSource, { maxBitrate?: number; active: boolean }]);
  }

  configure(iceServers: RTCIceServer[]) {
    return this.#page.evaluate(([id, servers]) => window.legs[id]!.leg.configure(servers), [
      this.id,
      iceServers,
    ] as [string, RTCIceServer[]]);
  }

  /** The STUN and TURN servers of every connection that it has. */
  servers(): Promise<string[]> {
    return this.#page.evaluate((id) => {
      const connections = (window.legs[id]!.leg as any).connections() as RTCPeerConnection[];
      const open = connections.filter((one) => one && one.connectionState !== "closed");
      return open.flatMap((one) => one.getConfiguration().iceServers!.flatMap(({ urls }) => urls));
    }, this.id);
  }

  restart() {
    return this.#page.evaluate((id) => window.legs[id]!.leg.restart(), this.id);
  }

  close() {
    return this.#page.evaluate((id) => window.legs[id]!.leg.close(), this.id);
  }

  /** Everything it told of a kind so far. */
  told<Name extends keyof LegEvents>(name: Name): Promise<LegEvents[Name][]> {
    return this.#page.evaluate(
      ([id, name]) => {
        const told = window.legs[id]!.told.filter((one) => one.name === name);
        // A track does not travel out of the page.
        return told.map(({ detail }) => ({ ...detail, track: detail.track?.id }));
      },
      [this.id, name] as [string, string],
    ) as Promise<LegEvents[Name][]>;
  }

  /** Waits until its latest state is this. */
  async state(state: LegEvents["state"]["state"]) {
    await expect
      .poll(async () => (await this.told("state")).at(-1), { message: `the state of ${this.id}` })
      .toMatchObject({ state });
    return (await this.told("state")).at(-1)!;
  }

  /** Waits until it told that others can subscribe to a source; the `nth` time, counted from 1. */
  async published(source: LegSource, nth = 1): Promise<string> {
    const refs = async () =>
      (await this.told("published")).filter((one) => one.source === source).map(({ ref }) => ref);
    await expect
      .poll(async () => (await refs()).length, { message: `${source} of ${this.id} is published` })
      .toBeGreaterThanOrEqual(nth);
    return (await refs())[nth - 1]!;
  }

  /** What comes of a track that it was told of; nothing where it was not. The latest, if told again. */
  coming(ref: string): Promise<Coming | undefined> {
    return this.#page.evaluate(
      async ([id, ref]) => {
        const { leg, told } = window.legs[id]!;
        const track = told.findLast(({ name, detail }) => name === "track" && detail.ref === ref);
        const reports = [...(await leg.stats()).values()] as any[];
        const report = reports.find(
          ({ type, trackIdentifier }) =>
            type === "inbound-rtp" && trackIdentifier === track?.detail.track.id,
        );
        return (
          report && {
            frames: report.framesDecoded ?? 0,
            height: report.frameHeight ?? 0,
            energy: report.totalAudioEnergy ?? 0,
            packets: report.packetsReceived,
          }
        );
      },
      [this.id, ref] as [string, string],
    );
  }

  /** Waits until more of a picture is decoded than is now. */
  async sees(ref: string) {
    const frames = async () => (await this.coming(ref))?.frames ?? 0;
    const before = await frames();
    await expect
      .poll(frames, { message: `frames of ${ref} at ${this.id}` })
      .toBeGreaterThan(before + 2);
  }

  /** Waits until more is heard than is now: the fake microphone beeps. */
  async hears(ref: string) {
    const energy = async () => (await this.coming(ref))?.energy ?? 0;
    const before = await energy();
    await expect.poll(energy, { message: `sound of ${ref} at ${this.id}` }).toBeGreaterThan(before);
  }

  /** Waits until no packet comes any more. */
  async hasSilence(ref: string) {
    let before = -1;
    await expect
      .poll(
        async () => {
          const { packets } = (await this.coming(ref))!;
          const more = packets - before;
          before = packets;
          return more;
        },
        { message: `packets of ${ref} at ${this.id}`, intervals: [500] },
      )
      .toBe(0);
  }

  /** Which kinds of entries its statistics have. */
  async kinds(): Promise<string[]> {
    return this.#page.evaluate(async (id) => {
      const report = await window.legs[id]!.leg.stats();
      return [...new Set([...report.values()].map((entry) => (entry as { type: string }).type))];
    }, this.id);
  }
}
