// What a page shows of a call, as one value that is replaced and never changed: good for whatever
// renders when a value is another one.

/** Where there is no call. */
export const IDLE = Object.freeze({
  call: null,
  state: "idle",
  mode: null,
  isTransitioning: false,
  progress: null,
  quality: null,
  participants: Object.freeze([]),
  participantCount: 0,
  isSharing: false,
  messages: Object.freeze([]),
  error: null,
});

/** Whether somebody sends from a source, arrived or not. */
export const sends = (one, source) =>
  Boolean(one?.tracks.some((track) => track.source === source && !track.muted));

/** Listens to a call as long as somebody listens to it. */
export class WatchedCall {
  #call;
  #value;
  #listeners = new Set();
  #stops = [];

  constructor(call) {
    this.#call = call;
    this.#value = this.#read();
  }

  get = () => this.#value;

  subscribe = (listener) => {
    if (this.#listeners.size === 0) this.#listen();
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0)
        for (const stop of this.#stops.splice(0)) stop();
    };
  };

  #read() {
    const call = this.#call;
    return {
      ...IDLE,
      call,
      ...this.#people(),
      isTransitioning: call.state === "switching",
      messages: call.messages,
    };
  }

  /** What may change whenever the state does: how oneself is connected is a part of it. */
  #people() {
    const { state, mode, participants } = this.#call;
    const self = participants.find((one) => one.self);
    return {
      state,
      mode,
      participants,
      participantCount: participants.length,
      isSharing: sends(self, "screen"),
    };
  }

  #listen() {
    const on = (name, change) =>
      this.#stops.push(
        this.#call.on(name, (detail) => {
          this.#value = { ...this.#value, ...change(detail) };
          for (const listener of [...this.#listeners]) listener();
        }),
      );
    const moves = (isTransitioning) => () => ({
      ...this.#people(),
      isTransitioning,
      progress: null,
    });
    // What happened before, nobody has told.
    this.#value = { ...this.#read(), error: this.#value.error, quality: this.#value.quality };
    on("participant", () => this.#people());
    on("state", (state) => (state === "left" ? moves(false)() : this.#people()));
    on("transition:started", moves(true));
    on("transition:progress", (progress) => ({ progress }));
    on("transition:completed", moves(false));
    on("transition:failed", moves(false));
    on("quality-update", (quality) => ({ quality }));
    on("chat", () => ({ messages: this.#call.messages }));
    on("error", (error) => ({ error }));
  }
}
