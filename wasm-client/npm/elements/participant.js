// One person, or the screen they share: picture or initials, sound, name, and what is off, in words.

import { sends } from "../shared/watched-call.js";
import { fill } from "../shared/words.js";
import { h, tell, write } from "./dom.js";

const CSS = `
:host { position: relative; aspect-ratio: 16 / 9; overflow: hidden; border-radius: 0.8em; background: #28333a; color: #fff; }
:host([data-speaking])::after { content: ""; position: absolute; inset: 0; border: 3px solid var(--speaking); border-radius: inherit; pointer-events: none; }
article { display: grid; place-items: center; block-size: 100%; }
.initials { font-size: 2.5em; }
video { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; }
video[data-screen] { object-fit: contain; background: #000; }
video[data-mirrored] { transform: scaleX(-1); }
p { position: absolute; padding: 0.3em 0.7em; border-radius: 0.5em; background: rgb(8 14 16 / 78%); max-inline-size: calc(100% - 1em); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.name { inset-block-end: 0.5em; inset-inline-start: 0.5em; }
.state { inset-block-start: 0.5em; inset-inline-end: 0.5em; }
`;

const CONNECTION = { connecting: "connecting", poor: "poor", lost: "lost" };

const initials = (name) =>
  name
    .split(/\s+/u)
    .slice(0, 2)
    .map((part) => [...part][0] ?? "")
    .join("")
    .toUpperCase();

const live = ({ tracks }, sources) =>
  tracks.flatMap(({ source, muted, track }) =>
    sources.includes(source) && !muted && track ? [track] : [],
  );

/** Shows exactly these tracks. An element that shows others goes on with its stream: a new one would make its picture flicker. */
function attach(element, tracks) {
  const shown = element.srcObject;
  if (tracks.length === 0) element.srcObject = null;
  else if (!shown) element.srcObject = new MediaStream(tracks);
  else {
    for (const track of tracks) shown.addTrack(track);
    for (const track of shown.getTracks()) if (!tracks.includes(track)) shown.removeTrack(track);
  }
}

export const participantElement = (Watching) =>
  class extends Watching {
    static observedAttributes = ["source"];
    #participant = null;
    #initials = h("span", { className: "initials", "aria-hidden": "true" });
    #video = h("video", { muted: true, playsInline: true, "aria-hidden": "true", tabIndex: -1 });
    #audio = h("audio");
    #state = h("p", { className: "state" });
    #speaking = h("span", { className: "unseen" });
    #name = h("p", { className: "name", part: "name" });
    #tile = h(
      "article",
      {},
      this.#initials,
      this.#video,
      this.#audio,
      this.#state,
      this.#speaking,
      this.#name,
    );

    constructor() {
      super();
      this.build(CSS, this.#tile);
    }

    get participant() {
      return this.#participant;
    }

    set participant(participant) {
      this.#participant = participant ?? null;
      this.update();
    }

    connectedCallback() {
      this.adopt("participant");
      super.connectedCallback();
    }

    disconnectedCallback() {
      super.disconnectedCallback();
      // What is out of the page is not heard.
      for (const element of [this.#video, this.#audio]) element.srcObject = null;
    }

    attributeChangedCallback() {
      this.update();
    }

    /** Plays what the browser would not play without a click. */
    async play() {
      const all = [this.#video, this.#audio].filter((element) => element.srcObject);
      const refused = (error) => error.name === "NotAllowedError";
      const outcomes = await Promise.allSettled(all.map((element) => element.play()));
      if (outcomes.some(({ reason }) => reason && refused(reason))) tell(this, "sound-blocked");
    }

    render(_, words) {
      const one = this.#participant;
      this.#tile.hidden = !one;
      if (!one) return;
      const screen = this.getAttribute("source") === "screen";
      const pictures = live(one, [screen ? "screen" : "camera"]);
      attach(this.#video, pictures);
      // A screen's sound comes with its owner's tile.
      const heard = one.self || screen ? [] : live(one, ["microphone", "screen_audio"]);
      attach(this.#audio, heard);
      this.#video.hidden = pictures.length === 0;
      this.#video.toggleAttribute("data-screen", screen);
      this.#video.toggleAttribute("data-mirrored", one.self && !screen);
      void this.play();

      const name = screen
        ? fill(one.self ? words.ownScreen : words.screen, one.name)
        : one.self
          ? fill(words.self, one.name)
          : one.name;
      const muted = !screen && !sends(one, "microphone");
      const trouble = one.self ? undefined : words[CONNECTION[one.connection]];
      write(this.#initials, initials(one.name));
      write(this.#name, muted ? `${name} · ${words.microphoneOff}` : name);
      this.#state.hidden = !trouble;
      write(this.#state, trouble ?? "");
      const dark = !screen && !sends(one, "camera");
      const speaking = one.speaking && !screen;
      this.toggleAttribute("data-speaking", speaking);
      write(this.#speaking, speaking ? words.speaking : "");
      this.#tile.setAttribute(
        "aria-label",
        [name, muted && words.microphoneOff, dark && words.cameraOff, trouble]
          .filter(Boolean)
          .join(", "),
      );
    }
  };
