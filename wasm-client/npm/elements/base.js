// What all elements share: a shadow root, words that a page may replace, and a call that is watched
// while the element is in the page, and no longer.

import { IDLE, WatchedCall } from "../shared/watched-call.js";
import { WORDS } from "../shared/words.js";
import { dress } from "./style.js";

export const watching = (HTMLElement) =>
  class extends HTMLElement {
    #call = null;
    #given;
    #words = WORDS;
    #stop;

    constructor() {
      super();
      this.attachShadow({ mode: "open" });
    }

    /** Builds what is shown, once. */
    build(css, ...children) {
      dress(this.shadowRoot, css);
      this.shadowRoot.append(...children);
    }

    /** Takes what was set before the element was defined, which hides the property of its class. */
    adopt(...names) {
      for (const name of names) {
        if (!Object.hasOwn(this, name)) continue;
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
    }

    get call() {
      return this.#call;
    }

    set call(call = null) {
      if (call === this.#call) return;
      this.#call = call;
      if (this.isConnected) this.#watch();
    }

    get words() {
      return this.#words;
    }

    set words(words) {
      if (words === this.#given) return;
      this.#given = words;
      this.#words = { ...WORDS, ...words };
      this.update();
    }

    connectedCallback() {
      this.adopt("words", "call");
      this.#watch();
    }

    disconnectedCallback() {
      this.#stop?.();
      this.#stop = undefined;
    }

    /** What is shown of the call now. */
    value = IDLE;

    /** Shows this, where whoever owns the element watches for it. */
    show(value) {
      this.value = value;
      this.update();
    }

    update() {
      if (this.isConnected) this.render(this.value, this.#words);
    }

    #watch() {
      this.#stop?.();
      const watched = this.#call ? new WatchedCall(this.#call) : undefined;
      const take = () => {
        this.value = watched?.get() ?? IDLE;
        this.update();
      };
      this.#stop = watched?.subscribe(take);
      take();
    }
  };
