// One participant's way to an SFU: what every native driver's has in common. A driver adds how each
// command of the machine is executed.

import { machines } from "./machines.js";
import { encodings, hold } from "./senders.js";
import { statistics } from "./stats.js";

const kindOf = (source) => (source === "camera" || source === "screen" ? "video" : "audio");

const height = (track) => (track?.kind === "video" ? (track.getSettings().height ?? 0) : 0);

export class Leg {
  /** What the leg was opened with. */
  options;
  /** The latest credentials. */
  given = {};
  /** What each source sends. */
  tracks = new Map();
  /** What each source is held to. */
  limits = new Map();
  /** The place of each source on the present connection: an RTCRtpTransceiver. */
  places = new Map();
  /** The number of the present connection, as the machine counts. */
  begun = 0;
  #make;
  #machine;
  #waiting = [];
  #timer;
  #holding = new WeakMap();
  #detail = "";
  #unloaded = false;
  #closed = false;

  /** @param make makes the machine of this leg, of the class with all machines */
  constructor(options, make) {
    this.options = options;
    this.#make = make;
    this.#load();
  }

  async #load() {
    this.#unloaded = false;
    try {
      const Machine = await machines();
      if (this.#closed) return;
      this.#machine = this.#make(Machine);
    } catch (error) {
      this.#unloaded = true;
      this.emit("state", {
        state: "failed",
        reason: "unsupported",
        message: `The WebAssembly of the driver does not start: ${error.message}. Does the content security policy allow wasm-unsafe-eval?`,
      });
      return;
    }
    for (const [name, ...about] of this.#waiting.splice(0)) this.tell(name, ...about);
  }

  credentials(given) {
    this.given = given ?? {};
    this.tell("credentials");
  }

  publish(source, track) {
    this.tracks.set(source, track);
    this.tell("publish", source, Boolean(track), height(track));
  }

  unpublish(source) {
    this.tracks.delete(source);
    this.tell("unpublish", source);
  }

  subscribe(wanted) {
    const refs = wanted.map(({ ref }) => ref);
    const heights = wanted.map(({ kind, height }) => (kind === "audio" ? -1 : (height ?? 0)));
    const muted = wanted.map((one) => Number(Boolean(one.muted)));
    this.tell("want", refs, new Float64Array(heights), new Uint8Array(muted));
  }

  limit(source, limit) {
    this.limits.set(source, limit);
    const place = this.places.get(source);
    if (place) this.#hold(source, place.sender);
    this.tell("limit", source, limit.active);
  }

  async stats() {
    return statistics(this.connections().filter(Boolean));
  }

  configure(iceServers) {
    this.options = { ...this.options, iceServers };
    for (const pc of this.connections())
      if (pc && pc.connectionState !== "closed") pc.setConfiguration(this.#ice());
  }

  restart() {
    if (this.#unloaded && !this.#closed) this.#load();
    this.tell("restart");
  }

  close() {
    this.tell("close");
    this.#closed = true;
    clearTimeout(this.#timer);
    this.end();
    this.tracks.clear();
    this.#waiting = [];
    this.#machine?.free();
    this.#machine = undefined;
  }

  /** Told later: whoever calls the leg is not called back from within. */
  emit(name, detail) {
    queueMicrotask(() => {
      if (!this.#closed) this.options.emit(name, detail);
    });
  }

  /** Tells the machine what happened, and does what it says. */
  tell(name, ...about) {
    if (this.#closed) return;
    if (!this.#machine) {
      this.#waiting.push([name, ...about]);
      return;
    }
    this.#machine[name](performance.now(), ...about);
    this.#run();
  }

  /** The same about what went wrong; `detail` is what the server said, for the message of a failure. */
  trouble(detail, name, ...about) {
    this.#detail = detail;
    this.tell(name, ...about);
    this.#detail = "";
  }

  #run() {
    for (;;) {
      const [name, ...about] = this.#machine?.poll() ?? [];
      if (!name) break;
      this[name](...about);
    }
    clearTimeout(this.#timer);
    const at = this.#machine?.timer();
    // A timer may fire a little before its time by the other clock.
    if (at >= 0) {
      const wait = Math.max(0, at - performance.now()) + 1;
      this.#timer = setTimeout(() => this.tell("timeout"), wait);
    }
  }

  // The commands that are the same everywhere.

  state(state, reason, message) {
    const more = this.#detail && ` (${this.#detail})`;
    this.emit("state", reason ? { state, reason, message: message + more } : { state });
  }

  published(source, ref) {
    this.emit("published", { source, ref });
  }

  replace(source) {
    const place = this.places.get(source);
    place?.sender.replaceTrack(this.tracks.get(source) ?? null).catch(() => {});
  }

  /** Emits a track by its line. */
  arrived(pc, ref, mid) {
    const place = pc.getTransceivers().find((transceiver) => transceiver.mid === mid);
    if (place) this.emit("track", { ref, track: place.receiver.track });
    else this.emit("note", { what: "a line that does not exist", mid });
  }

  /** A new connection, which says how it is. */
  connection(publisher) {
    const begun = this.begun;
    const pc = new RTCPeerConnection(this.#ice());
    pc.onconnectionstatechange = () => this.tell("transport", begun, publisher, pc.connectionState);
    return pc;
  }

  #ice() {
    const { iceServers, iceTransportPolicy } = this.options;
    return { iceServers, iceTransportPolicy, bundlePolicy: "max-bundle" };
  }

  /** Puts a source on a connection. */
  place(pc, source, rids) {
    const kind = kindOf(source);
    const place = pc.addTransceiver(this.tracks.get(source) ?? kind, {
      direction: "sendonly",
      sendEncodings: encodings(rids, this.limits.get(source), kind),
    });
    this.places.set(source, place);
    return place;
  }

  #hold(source, sender) {
    const limit = this.limits.get(source);
    const done = hold(sender, limit, kindOf(source), this.#holding.get(sender));
    this.#holding.set(sender, done);
  }
}
