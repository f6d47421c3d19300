// What is said in a call, and a line to say something.

import { h, write } from "./dom.js";

const CSS = `
:host { display: flex; flex-direction: column; min-block-size: 12em; }
.log { flex: 1; overflow: auto; padding: 0.75em; overflow-wrap: anywhere; }
.log p { margin-block-end: 0.6em; }
.log small { display: block; color: var(--soft); font-size: 0.85em; }
form { display: flex; gap: 0.5em; padding: 0.75em; }
input { flex: 1; inline-size: 0; min-inline-size: 0; }
.problem { padding: 0 0.75em 0.75em; }
`;

/** Near the end of the list means reading along: then what is new scrolls into view. */
const NEAR_END = 40;

export const chatElement = (Watching) =>
  class extends Watching {
    #shown;
    #log = h("div", { className: "log", role: "log", tabIndex: 0, part: "log" });
    #input = h("input", { autocomplete: "off", enterKeyHint: "send" });
    #send = h("button", { type: "submit", className: "primary" });
    #form = h("form", {}, this.#input, this.#send);
    #problem = h("p", { className: "problem", role: "alert", hidden: true });

    constructor() {
      super();
      this.#form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#say();
      });
      this.build(CSS, this.#log, this.#form, this.#problem);
    }

    focus(options) {
      this.#input.focus(options);
    }

    #say() {
      const text = this.#input.value.trim();
      if (text === "" || !this.call) return;
      this.#problem.hidden = true;
      try {
        this.call.chat(text);
        this.#input.value = "";
      } catch (error) {
        this.#problem.hidden = false;
        this.#problem.textContent = error.message;
      }
    }

    render({ call, state, messages }, words) {
      this.#log.setAttribute("aria-label", words.messages);
      this.#input.setAttribute("aria-label", words.message);
      this.#input.placeholder = words.message;
      write(this.#send, words.send);
      this.#input.disabled = this.#send.disabled = !call || state === "left";
      // Only what is new is added: a log is read aloud as it grows.
      const grown = this.#shown && messages.length >= this.#shown.length && this.#shown.length > 0;
      const same = grown && this.#shown.every((known, at) => known.at === messages[at].at);
      const { scrollHeight, scrollTop, clientHeight } = this.#log;
      const follow = scrollHeight - scrollTop - clientHeight < NEAR_END;
      if (!same) this.#log.replaceChildren();
      if (messages.length === 0) this.#log.append(h("p", {}, words.noMessages));
      for (const message of messages.slice(same ? this.#shown.length : 0))
        this.#log.append(line(message, words));
      if (follow) this.#log.scrollTop = this.#log.scrollHeight;
      this.#shown = messages;
    }
  };

/** Text stays text: nothing in it becomes markup or a link. */
function line({ name, text, at, self }, words) {
  const time = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return h(
    "p",
    { "data-self": self },
    h("small", {}, `${self ? words.you : name} · ${time}`),
    h("span", { dir: "auto", part: "text" }, text),
  );
}
