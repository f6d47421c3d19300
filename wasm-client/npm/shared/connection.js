// A place for one call at a time, which is entered and left as a component comes and goes: at once
// again, in React's StrictMode, or when an element is moved in its document. Going and coming back in
// one breath is neither a leave nor a join.

import { SamewireError, join } from "samewire";
import { IDLE, WatchedCall } from "./watched-call.js";

const left = () =>
  new SamewireError({ code: "left", message: "The call was left before it began." });

export class Connection {
  #value = IDLE;
  #listeners = new Set();
  #visit;
  #going = false;

  get = () => this.#value;

  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * The call of this key: the one we are in or on the way to, or a new one, instead of any other.
   * `options()` says what to join, and may take its time. What a rejection says is in `error`, too,
   * so nobody has to wait for it.
   */
  enter(key, options) {
    this.#going = false;
    if (this.#visit?.key === key && this.#value.state !== "left") return this.#visit.promise;
    this.leave();
    const visit = (this.#visit = { key });
    this.#become({ ...IDLE, state: "connecting" });
    visit.promise = this.#begin(visit, options);
    visit.promise.catch(() => {});
    return visit.promise;
  }

  /** Whoever was about to leave stays. */
  stay() {
    this.#going = false;
  }

  /** Leaves, unless somebody comes back in the same breath. */
  leaveSoon() {
    this.#going = true;
    queueMicrotask(() => {
      if (this.#going) this.leave();
    });
  }

  /** Leaves. A call that is still being joined is left as soon as it is. */
  leave() {
    const visit = this.#visit;
    this.#visit = undefined;
    this.#going = false;
    if (!visit) return;
    void visit.call?.leave();
    visit.stop?.();
    this.#become({ ...IDLE, state: "left" });
  }

  async #begin(visit, options) {
    const stillWanted = () => {
      if (visit !== this.#visit) throw left();
    };
    let call;
    try {
      const ticket = await options();
      stillWanted();
      call = await join(ticket);
      stillWanted();
    } catch (error) {
      void call?.leave();
      if (visit === this.#visit) {
        this.#visit = undefined;
        this.#become({ ...IDLE, error });
      }
      throw error;
    }
    const watched = new WatchedCall(call);
    visit.call = call;
    visit.stop = watched.subscribe(() => this.#become(watched.get()));
    this.#become(watched.get());
    return call;
  }

  #become(value) {
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }
}
