// A client that lives as long as a tab does: it comes back by itself after every cut, resumes, is
// ready for what is prepared, sends again what did not arrive, and remembers all that it was told.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { WebSocket } from "ws";

import type { Frame } from "./peer.ts";
import type { Runtime } from "./runtime.ts";

/** Closes after which a tab does not come back. */
const FINAL = new Set([1000, 4000, 4001, 4003, 4004, 4008, 4009]);

const PATIENCE = 60_000;

export interface Told {
  epoch: number;
  provider: string;
}

export interface TabOptions {
  drivers?: string[];
  /** Whether it becomes ready when something is prepared. */
  becomesReady?: boolean;
}

export class Tab {
  readonly user: string;
  readonly instance = randomUUID();
  /** What it renders: the last committed epoch that it was told of. */
  rendering: Told | undefined;
  /** Every epoch it was ever told of, with its provider. */
  readonly told = new Map<number, string>();
  /** How often its link was up. */
  links = 0;
  /** Lines of the chat whose echo came, by id. */
  readonly echoed = new Map<number, string>();
  /** All lines that it heard, by who said them and their id; a line that comes twice is an error. */
  readonly heard = new Set<string>();
  closed: { code: number; reason: string } | undefined;
  id = "";
  readonly #runtime: Runtime;
  readonly #session: string;
  readonly #drivers: string[];
  readonly #becomesReady: boolean;
  readonly #unsent = new Map<number, string>();
  readonly #wake = new Set<() => void>();
  #token = "";
  #socket: WebSocket | undefined;
  #welcomed = false;
  #incarnation = "";
  #secret = "";
  #lastSeq = 0;
  #nextId = 1;
  #stopped = false;
  #unacknowledged = 0;

  private constructor(runtime: Runtime, session: string, user: string, options: TabOptions) {
    this.#runtime = runtime;
    this.#session = session;
    this.user = user;
    this.#drivers = options.drivers ?? ["p2p", "west", "daily"];
    this.#becomesReady = options.becomesReady ?? true;
  }

  /** A tab that is being connected; `online` says when it is. */
  static async open(
    runtime: Runtime,
    session: string,
    user: string,
    options: TabOptions = {},
  ): Promise<Tab> {
    const tab = new Tab(runtime, session, user, options);
    tab.#token = await runtime.token(session, { userId: user });
    tab.#connect();
    return tab;
  }

  static async join(
    runtime: Runtime,
    session: string,
    user: string,
    options: TabOptions = {},
  ): Promise<Tab> {
    const tab = await Tab.open(runtime, session, user, options);
    await tab.online();
    return tab;
  }

  online(): Promise<void> {
    return this.until("it is welcome", () => this.isOnline);
  }

  /** Whether it is attached now. */
  get isOnline(): boolean {
    // One that is closing has not said so yet.
    return this.#welcomed && this.#socket?.readyState === WebSocket.OPEN;
  }

  #connect() {
    const socket = new WebSocket(
      this.#runtime.socketUrl(this.#session),
      ["samewire.v1", `token.${this.#token}`],
      { closeTimeout: 500 } as object,
    );
    this.#socket = socket;
    socket.on("open", () => {
      const resume = this.id && {
        participant: this.id,
        incarnation: this.#incarnation,
        secret: this.#secret,
        last_seq: this.#lastSeq,
      };
      const hello = { type: "hello", protocol: 1, instance: this.instance, drivers: this.#drivers };
      socket.send(JSON.stringify({ ...hello, ...(resume && { resume }) }));
    });
    socket.on("message", (data) => {
      const text = data.toString();
      if (this.#socket !== socket || text === "pong") return;
      this.#take(JSON.parse(text));
      this.#notify();
    });
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      if (this.#socket !== socket) return;
      this.#welcomed = false;
      this.#socket = undefined;
      if (FINAL.has(code)) this.closed = { code, reason: reason.toString() };
      // Jittered, so that not all tabs come back in the same moment.
      else if (!this.#stopped) setTimeout(() => this.#connect(), 20 + Math.random() * 80);
      this.#notify();
    });
  }

  #take(frame: Frame) {
    if (frame.seq > 0 && frame.type !== "welcome" && this.#welcomed) {
      assert.equal(frame.seq, this.#lastSeq + 1, `${this.user}: frames are numbered without a gap`);
    }
    this.#lastSeq = frame.seq || this.#lastSeq;
    switch (frame.type) {
      case "welcome": {
        this.links += 1;
        this.id = frame.participant;
        this.#secret = frame.resume_secret;
        const anew = this.#incarnation !== frame.session.incarnation;
        if (anew) {
          this.told.clear();
          this.rendering = undefined;
        }
        this.#incarnation = frame.session.incarnation;
        this.#welcomed = true;
        this.#commit(frame.session);
        if (frame.switch) this.#prepare(frame.switch);
        for (const line of frame.chat) this.heard.add(`${line.from} ${line.id}`);
        if (!frame.resumed) {
          for (const line of frame.chat) if (line.from === this.id) this.#echo(line);
        }
        for (const [id, text] of [...this.#unsent].sort(([a], [b]) => a - b)) {
          if (id > frame.last_id) this.send({ type: "chat", id, text });
        }
        break;
      }
      case "session":
        this.#commit(frame.session);
        if (frame.switch) this.#prepare(frame.switch);
        break;
      case "prepare":
        this.#prepare(frame as unknown as Told);
        break;
      case "commit": {
        const told = frame as unknown as Told;
        this.#note(told);
        // A resume tells again what was missed, after a welcome that knows better already.
        if (told.epoch >= (this.rendering?.epoch ?? 0)) this.#commit(told);
        break;
      }
      case "chat": {
        const line = `${frame.from} ${frame.id}`;
        assert.ok(!this.heard.has(line), `${this.user} heard "${line}" twice`);
        this.heard.add(line);
        if (frame.from === this.id) this.#echo(frame);
        break;
      }
    }
    this.#unacknowledged += 1;
    if (this.#unacknowledged >= 32) {
      this.#unacknowledged = 0;
      this.send({ type: "ack", ack: this.#lastSeq });
    }
  }

  #echo({ id, text }: Frame) {
    const sent = this.#unsent.get(id);
    if (sent !== undefined) this.echoed.set(id, text ?? sent);
    this.#unsent.delete(id);
  }

  #note({ epoch, provider }: Told) {
    const before = this.told.get(epoch) ?? provider;
    assert.equal(provider, before, `${this.user} was told two things of epoch ${epoch}`);
    this.told.set(epoch, provider);
  }

  #commit(told: Told) {
    this.#note(told);
    const { epoch, provider } = told;
    assert.ok(
      epoch >= (this.rendering?.epoch ?? 0),
      `${this.user} was sent back from epoch ${this.rendering?.epoch} to ${epoch}`,
    );
    const moved = epoch !== this.rendering?.epoch;
    this.rendering = { epoch, provider };
    // Nobody here sends media, so there is nobody to wait for.
    if (moved) this.send({ type: "connected", epoch, elapsed_ms: 1, sees: [] });
  }

  #prepare(told: Told) {
    this.#note(told);
    if (this.#becomesReady) this.send({ type: "ready", epoch: told.epoch });
  }

  /** Sends if it can; what must not be lost goes through `chat`. Says whether it could. */
  send(frame: object): boolean {
    const open = this.#socket?.readyState === WebSocket.OPEN;
    if (open) this.#socket!.send(JSON.stringify(frame));
    return open;
  }

  raw(data: string | Uint8Array): boolean {
    const open = this.#socket?.readyState === WebSocket.OPEN;
    if (open) this.#socket!.send(data);
    return open;
  }

  /** Says that media died, in the epoch that it renders or another. */
  fail(epoch: number, provider: string): boolean {
    const what = { operation: "media", reason: "ice", attempt: 1 };
    return this.send({ type: "failed", epoch, provider, ...what });
  }

  /** Says a line, now or when it is back. */
  chat(text: string): number {
    const id = this.#nextId++;
    this.#unsent.set(id, text);
    if (this.#welcomed) this.send({ type: "chat", id, text });
    return id;
  }

  /** Lines whose echo has not come. */
  get unsaid(): number {
    return this.#unsent.size;
  }

  /** Cuts the connection without a closing handshake. */
  cut() {
    this.#socket?.terminate();
  }

  stop() {
    this.#stopped = true;
    this.#socket?.terminate();
  }

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
        const state = JSON.stringify({ rendering: this.rendering, closed: this.closed });
        reject(new Error(`${this.user} waited in vain until ${what}: ${state}`));
      }, PATIENCE);
      const done = () => {
        clearTimeout(late);
        this.#wake.delete(look);
      };
      this.#wake.add(look);
    });
  }

  #notify() {
    for (const look of this.#wake) look();
  }
}

/** That what many tabs were told of the epochs of one session is one thing. */
export function agree(tabs: Tab[]): void {
  const told = new Map<number, string>();
  for (const tab of tabs) {
    for (const [epoch, provider] of tab.told) {
      assert.equal(provider, told.get(epoch) ?? provider, `epoch ${epoch} is told in two ways`);
      told.set(epoch, provider);
    }
  }
}

/** Waits until all tabs render the same, and gives it. */
export async function settled(tabs: Tab[]): Promise<Told> {
  const same = () => new Set(tabs.map((tab) => JSON.stringify(tab.rendering))).size === 1;
  for (const tab of tabs) {
    await tab.until("everyone renders the same", () => tabs.every((t) => t.isOnline) && same());
  }
  agree(tabs);
  return tabs[0]!.rendering!;
}
