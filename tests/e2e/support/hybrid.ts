// A server with everything that a session can be carried by here: from browser to browser, and two SFUs.

import { expect } from "@playwright/test";

import { DevSfu, type DevSfuOptions } from "../../support/dev-sfu.ts";
import { Janus } from "../../support/janus.ts";
import type { Person } from "./person.ts";
import { Server } from "./server.ts";

/**
 * Dwells that are short, a deadline that a machine of two cores keeps with five browsers on it, and no move for quality: what
 * such a machine encodes for so many is poor.
 */
const TUNING = { MIN_DWELL: 2_000, SETTLED: 3_000, PREPARE_DEADLINE: 15_000, POOR_FOR: 600_000 };

export class Hybrid {
  readonly server: Server;
  readonly sfu: DevSfu;
  readonly janus: Janus;

  private constructor(server: Server, sfu: DevSfu, janus: Janus) {
    this.server = server;
    this.sfu = sfu;
    this.janus = janus;
  }

  static async start(options: DevSfuOptions = {}, tuning: object = {}): Promise<Hybrid> {
    const [sfu, janus] = await Promise.all([DevSfu.start(options), Janus.start()]);
    const providers = [
      { name: "p2p", kind: "p2p", priority: 1 },
      sfu.provider({ priority: 2 }),
      janus.provider({ priority: 3 }),
    ];
    const server = await Server.start({
      PROVIDERS: JSON.stringify(providers),
      CLOUDFLARE_SFU_SECRET: sfu.secret,
      JANUS_SECRET: janus.secretText,
      TUNING: JSON.stringify({ ...TUNING, ...tuning }),
    });
    return new Hybrid(server, sfu, janus);
  }

  async stop() {
    await this.server.stop();
    await this.sfu.stop();
    await this.janus.stop();
  }

  /** What carries a session now. */
  async provider(session: string): Promise<string> {
    return (await this.server.snapshot(session)).provider;
  }

  /** Waits until a session is carried by this. */
  async isOn(session: string, provider: string) {
    await expect
      .poll(() => this.provider(session), { message: `${session} is on ${provider}` })
      .toBe(provider);
  }

  /** What the session decided, in order: entries of its log of these kinds. */
  async log(session: string, ...kinds: string[]): Promise<any[]> {
    const { rows } = await this.server.snapshot(`${session}/events`);
    return rows.filter(({ kind }: any) => kinds.includes(kind));
  }

  /** Waits until everyone sees and hears every other, in the session's epoch, and the session knows. */
  async areTogether(people: Person[], session: string) {
    for (const one of people) {
      await one.isInCall();
      for (const other of people) if (other !== one) await one.sees(other.name);
    }
    await Promise.all(people.map((one) => one.receivesMedia()));
    await expect
      .poll(async () => {
        const { participants } = await this.server.snapshot(session);
        return participants.map(({ sees }: any) => sees.length);
      })
      .toEqual(people.map(() => people.length - 1));
    const { epoch } = await this.server.snapshot(session);
    for (const one of people) {
      await expect.poll(() => one.page.evaluate(lastEpoch), { message: one.name }).toBe(epoch);
    }
  }
}

/** The epoch that a page's call spoke of last, to its session. Runs in the page. */
function lastEpoch(): number | undefined {
  const { entries } = window.samewireCall!.trace();
  const told = entries.filter(({ what, way }: any) => what === "connected" && way === "sent");
  return (told.at(-1) as any)?.epoch;
}

/** Has a page capture pictures that two cores encode for many. Runs before anything of the page's own. */
export function smallPictures() {
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = (constraints = {}) => {
    const { audio, video } = constraints;
    return capture({ audio, video: video && { width: 320, height: 240, frameRate: 10 } });
  };
}
