// How a call goes: a dot, and the words that say the same.

import { describe } from "../shared/words.js";
import { h, write } from "./dom.js";

const CSS = `
:host { display: inline-block; background: none; }
span { display: inline-flex; align-items: center; gap: 0.5em; }
b { font-weight: inherit; }
i { inline-size: 0.7em; block-size: 0.7em; border-radius: 50%; background: light-dark(#7a7f85, #9aa3aa); }
[data-level="good"] i { background: light-dark(#188a4b, #5bd18b); }
[data-level="weak"] i, [data-level="waiting"] i { background: light-dark(#b26a00, #f0b24a); border-radius: 0; }
`;

export const indicatorElement = (Watching) =>
  class extends Watching {
    static observedAttributes = ["show-mode"];
    #text = h("b");
    #whole = h("span", { role: "status" }, h("i", { "aria-hidden": "true" }), this.#text);

    constructor() {
      super();
      this.build(CSS, this.#whole);
    }

    attributeChangedCallback() {
      this.update();
    }

    render(value, words) {
      const { level, text } = describe(value, words, this.hasAttribute("show-mode"));
      this.#whole.dataset.level = level;
      write(this.#text, text);
    }
  };
