// The manners of JavaScript around the WebAssembly: promises, listeners, one error class. Every
// decision is on the other side. Nothing happens at import.

import start, {
  Call as WasmCall,
  Negotiator as WasmNegotiator,
} from "../../build/client/samewire.js";

import { drivers, register } from "./providers.js";
import { Trace } from "./trace.js";

export class SamewireError extends Error {
  constructor({ code, message, retryAfterMs, participant }) {
    super(message);
    this.name = "SamewireError";
    this.code = code;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (participant !== undefined) this.participant = participant;
  }
}

const check = (problem) => {
  if (problem) throw new SamewireError(problem);
};

const misuse = (message) => check({ code: "misuse", message });

/** A promise for what calls back with a problem or nothing. */
const settled = (begin) =>
  new Promise((resolve, reject) =>
    begin((problem) => (problem ? reject(new SamewireError(problem)) : resolve())),
  );

let loading;
let loaded = false;

export const init = (url) =>
  (loading ??= (async () => {
    try {
      await start({
        module_or_path: url ?? new URL("./samewire.wasm", import.meta.url),
      });
      loaded = true;
    } catch (cause) {
      loading = undefined;
      check({
        code: "wasm",
        message: `samewire.wasm could not be loaded (${cause?.message ?? cause}). Serve it beside index.js, or tell init() where it is.`,
      });
    }
  })());

class Events {
  #listeners = new Map();

  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => this.off(name, listener);
  }

  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
  }

  /**
   * What one listener throws is reported as the page's own error and does not reach the others. The
   * WebAssembly holds this as long as `events` holds the WebAssembly: a call that was left, and has said
   * why, lets go, or neither would ever be collected. What is sent, received and noted is for the trace.
   */
  static emitter(events, trace) {
    return (name, detail) => {
      if (name === "sent" || name === "received") return trace.note(detail.type, detail, name);
      if (name === "note") return trace.note(detail.what, detail);
      trace.note(name, detail);
      const told = name === "error" ? new SamewireError(detail) : detail;
      for (const listener of [...(events.#listeners.get(name) ?? [])]) {
        try {
          listener(told);
        } catch (error) {
          reportError(error);
        }
      }
      if (detail === "left") setTimeout(() => (events = new Events()));
    };
  }
}

class Call extends Events {
  #wasm;

  #emit;
  #trace = new Trace();

  constructor(options) {
    super();
    this.#emit = Events.emitter(this, this.#trace);
    this.#wasm = new WasmCall(options, this.#emit);
  }

  static async begin(call) {
    await settled((done) => call.#wasm.join(done));
    call.#measure();
  }

  /** What measures is loaded now, so that nobody waits for it. */
  async #measure() {
    try {
      const { Meter } = await import("./quality.js");
      this.#wasm.measureWith(await Meter.load());
    } catch (cause) {
      this.#emit("error", {
        code: "quality",
        message: `The call goes on and is not measured: quality.js could not be loaded (${cause?.message ?? cause}). Serve it beside index.js.`,
      });
    }
  }

  get state() {
    return this.#wasm.state;
  }

  get mode() {
    return this.#wasm.mode;
  }

  get participants() {
    return this.#wasm.participants;
  }

  get localTracks() {
    return this.#wasm.localTracks;
  }

  get messages() {
    return this.#wasm.messages;
  }

  setMicrophone(on) {
    return settled((done) => this.#wasm.setMicrophone(Boolean(on), done));
  }

  setCamera(on) {
    return settled((done) => this.#wasm.setCamera(Boolean(on), done));
  }

  setDevice(source, deviceId) {
    return settled((done) => {
      if ((source !== "microphone" && source !== "camera") || typeof deviceId !== "string")
        misuse("setDevice takes a `microphone` or a `camera`, and the `deviceId` of one.");
      this.#wasm.setDevice(source, deviceId, done);
    });
  }

  shareScreen(options = { video: true, audio: true }) {
    return settled((done) => this.#wasm.shareScreen(options, done));
  }

  async stopScreenShare() {
    this.#wasm.stopScreenShare();
  }

  chat(text) {
    check(this.#wasm.chat(String(text)));
  }

  simulate(fault) {
    this.#trace.note("simulate", { fault });
    check(this.#wasm.simulate(String(fault)));
  }

  trace() {
    return this.#trace.read();
  }

  async leave() {
    this.#wasm.leave();
  }
}

/** Asks for what is to be captured; rejects where there is nothing to ask. */
const capture = async ({ audio, video }) => navigator.mediaDevices.getUserMedia({ audio, video });

export const join = async (options) => {
  if (!options?.url || !options?.token)
    misuse("join needs `url` and `token`, as the token route returned them.");
  // A browser takes anything else for an address on the page's own host.
  if (!/^(ws|http)s?:\/\//.test(options.url))
    check({
      code: "url",
      message: `The address "${options.url}" is no address of a session; take it as the token route returned it.`,
    });
  const { media = { audio: true, video: true } } = options;
  // People are asked while the WebAssembly is loaded. What they refuse is told by the call.
  const captures = !media?.getTracks && (media?.audio || media?.video);
  const captured = captures ? capture(media) : undefined;
  captured?.catch(() => {});
  try {
    await init();
  } catch (error) {
    const stop = (stream) => stream.getTracks().forEach((track) => track.stop());
    captured?.then(stop, () => {});
    throw error;
  }
  const call = new Call({ ...options, media, captured, drivers });
  await Call.begin(call);
  return call;
};

export const registerDriver = (name, load) => {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name) || name === "p2p" || typeof load !== "function")
    misuse(
      "registerDriver takes a provider's name, other than `p2p`, and a function that imports its driver.",
    );
  register(name, load);
};

export class Negotiator extends Events {
  #wasm;

  constructor(options) {
    super();
    if (!loaded) misuse("Await init() before you make a Negotiator.");
    if (typeof options?.send !== "function" || !options.connection)
      misuse("A Negotiator needs `connection` and `send`.");
    this.#wasm = new WasmNegotiator(options, Events.emitter(this, new Trace()));
  }

  receive(message) {
    this.#wasm.receive(message);
  }

  restartIce() {
    this.#wasm.restartIce();
  }

  signalsLost() {
    this.#wasm.signalsLost();
  }

  close() {
    this.#wasm.close();
  }
}
