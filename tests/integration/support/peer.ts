// A client of the socket, without a browser: it sends what it is told to and keeps what it gets.

import { randomUUID } from "node:crypto";

import { WebSocket } from "ws";

import type { Runtime } from "./runtime.ts";

export type Frame = Record<string, any> & { type: string; seq: number };

/** Where sockets are opened and tokens come from. */
export type Door = Pick<Runtime, "socketUrl" | "token">;

const PATIENCE = 40_000;

export class Peer {
  readonly frames: Frame[] = [];
  /** The code and reason of the close, once there was one. */
  closed: { code: number; reason: string } | undefined;
  pongs = 0;
  /** How many frames it has sent, heartbeats aside. */
  sent = 0;
  readonly instance: string;
  readonly #socket: WebSocket;
  readonly #wake = new Set<() => void>();
  readonly #listeners: ((frame: Frame) => void)[] = [];
  #read = 0;
  #id = 0;

  constructor(
    url: string,
    protocols: string[],
    options: { instance?: string; origin?: string } = {},
  ) {
    this.instance = options.instance ?? randomUUID();
    // workerd may keep the connection for seconds after the closing handshake; like Chromium, a peer
    // does not wait for more than two of them.
    // (The types do not know `closeTimeout` yet.)
    const patience: object = { closeTimeout: 2_000 };
    this.#socket = new WebSocket(url, protocols, { origin: options.origin, ...patience });
    this.#socket.on("message", (data, binary) => {
      const text = data.toString();
      if (!binary && text === "pong") this.pongs += 1;
      else this.#take(JSON.parse(text));
      this.#notify();
    });
    this.#socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#notify();
    });
    // The close that follows says what there is to say.
    this.#socket.on("error", () => {});
  }

  /** A socket with a token of `user`, that has said nothing yet. */
  static async open(
    runtime: Door,
    session: string,
    user: string,
    options: { instance?: string; token?: string } = {},
  ): Promise<Peer> {
    const token = options.token ?? (await runtime.token(session, { userId: user }));
    const peer = new Peer(runtime.socketUrl(session), ["samewire.v1", `token.${token}`], options);
    await peer.until("the socket is open", () => peer.#socket.readyState === WebSocket.OPEN);
    return peer;
  }

  /** A participant: a socket that has said `hello` and was welcomed. */
  static async join(
    runtime: Door,
    session: string,
    user: string,
    options: {
      instance?: string;
      token?: string;
      resume?: object;
      drivers?: string[];
    } = {},
  ): Promise<Peer> {
    const peer = await Peer.open(runtime, session, user, options);
    peer.hello(options.resume, options.drivers && { drivers: options.drivers });
    await peer.next("welcome");
    return peer;
  }

  hello(resume?: object, more: object = {}) {
    this.send({
      type: "hello",
      protocol: 1,
      instance: this.instance,
      drivers: ["p2p"],
      resume,
      ...more,
    });
  }

  get welcome(): Frame {
    const welcome = this.frames.findLast((frame) => frame.type === "welcome");
    if (!welcome) throw new Error("there was no welcome");
    return welcome;
  }

  /** What a `hello` needs to go on where this socket ended. */
  get resume() {
    const { participant, session, resume_secret: secret } = this.welcome;
    const last_seq = this.frames.at(-1)!.seq;
    return { participant, incarnation: session.incarnation, secret, last_seq };
  }

  send(frame: object) {
    this.raw(JSON.stringify(frame));
  }

  raw(data: string | Uint8Array) {
    this.sent += 1;
    this.#socket.send(data);
  }

  ping() {
    this.#socket.send("ping");
  }

  chat(text: string): number {
    this.#id += 1;
    this.send({ type: "chat", id: this.#id, text });
    return this.#id;
  }

  /** Says that the prepared leg carries everything. */
  ready(epoch: number) {
    this.send({ type: "ready", epoch });
  }

  /** Says that its ladder is climbed: media cannot be had from this provider. */
  failed(epoch: number, provider: string, more: object = {}) {
    const what = { operation: "media", reason: "ice", attempt: 3, ...more };
    this.send({ type: "failed", epoch, provider, ...what });
  }

  /** Says whose media it decodes. */
  connected(epoch: number, sees: Peer[]) {
    const ids = sees.map((peer) => peer.id);
    this.send({ type: "connected", epoch, elapsed_ms: 100, sees: ids });
  }

  /** Who it is in the session. */
  get id(): string {
    return this.welcome.participant;
  }

  /** Cuts the connection without a closing handshake. */
  cut() {
    this.#socket.terminate();
  }

  close() {
    this.#socket.close(1000);
  }

  /** The next frame of a type that was not read yet; what comes before it stays in `frames`. */
  async next(type: string, holds: (frame: Frame) => boolean = () => true): Promise<Frame> {
    let found: Frame | undefined;
    await this.until(`a "${type}" came`, () => {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++]!;
        if (frame.type === type && holds(frame)) {
          found = frame;
          return true;
        }
      }
      return false;
    });
    return found!;
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.until("the socket is closed", () => this.closed !== undefined);
    return this.closed!;
  }

  /** Waits until something holds that a frame, a pong or a close may have changed. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!holds()) return;
        done();
        resolve();
      };
      const late = setTimeout(() => {
        done();
        const seen = JSON.stringify(this.frames.slice(-8)).slice(0, 2_000);
        reject(
          new Error(`waited in vain until ${what}; closed: ${this.closed?.code}; last: ${seen}`),
        );
      }, PATIENCE);
      const done = () => {
        clearTimeout(late);
        this.#wake.delete(look);
        this.#socket.off("open", look);
      };
      this.#wake.add(look);
      this.#socket.on("open", look);
    });
  }

  /** Hears every frame from now on, as it comes. */
  listen(listener: (frame: Frame) => void) {
    this.#listeners.push(listener);
  }

  #take(frame: Frame) {
    this.frames.push(frame);
    for (const listener of this.#listeners) listener(frame);
  }

  #notify() {
    for (const look of this.#wake) look();
  }
}
