// A whole call: it joins when it has an address and a token and is in the page, and leaves when it is
// taken out. A call that the page has joined by itself is shown as it is, and stays the page's.

import { Connection } from "../shared/connection.js";
import { sends } from "../shared/watched-call.js";
import { fill } from "../shared/words.js";
import { arrange, h, tell, write } from "./dom.js";

const CSS = `
:host { display: flex; flex-direction: column; min-block-size: 20em; }
header, .controls { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75em; padding: 0.75em; }
.body { flex: 1; display: flex; flex-wrap: wrap; row-gap: 0.6em; min-block-size: 0; }
.people > [source] { grid-column: 1 / -1; order: -1; max-block-size: 50vh; }
.people { flex: 3 1 16em; display: grid; gap: 0.6em; padding: 0 0.75em; align-content: start; grid-template-columns: repeat(auto-fit, minmax(min(14em, 100%), 1fr)); }
samewire-chat { flex: 1 1 14em; min-inline-size: 0; border: 1px solid var(--line); border-radius: 0.8em; margin-inline: 0.75em; }
.problem { padding: 0 0.75em; }
`;

const button = (name) => h("button", { type: "button", part: name });

export const callElement = (Watching) =>
  class extends Watching {
    static observedAttributes = ["url", "token"];
    #connection = new Connection();
    #stop;
    /** What we joined by ourselves, to know it from a call that the page gave us. */
    #own = null;
    #tiles = new Map();
    #names = new Map();
    #chatOpen = false;
    /** What was told last: the state, and what failed. */
    #state;
    #told;
    #media;
    #status = h("p", { className: "unseen", role: "status" });
    #problem = h("p", { className: "problem", role: "alert", hidden: true });
    #indicator = h("samewire-indicator");
    #count = h("span");
    #people = h("section", { className: "people", part: "people" });
    #chat = h("samewire-chat", { hidden: true, part: "chat" });
    #sound = button("sound");
    #join = button("join");
    #microphone = button("microphone");
    #camera = button("camera");
    #screen = button("screen");
    #talk = button("chat");
    #leave = button("leave");
    #controls = [this.#microphone, this.#camera, this.#screen, this.#talk, this.#leave];

    constructor() {
      super();
      this.#join.className = "primary";
      this.#sound.hidden = true;
      this.#join.onclick = () => void this.join();
      this.#leave.onclick = () => void this.leave();
      this.#microphone.onclick = () => this.#toggle("microphone", "setMicrophone");
      this.#camera.onclick = () => this.#toggle("camera", "setCamera");
      this.#screen.onclick = () =>
        this.#attempt(() =>
          this.value.isSharing ? this.call?.stopScreenShare() : this.call?.shareScreen(),
        );
      this.#talk.onclick = () => {
        this.#chatOpen = !this.#chatOpen;
        this.update();
        if (this.#chatOpen) this.#chat.focus();
      };
      this.#sound.onclick = () => {
        this.#sound.hidden = true;
        for (const tile of this.#tiles.values()) void tile.play();
      };
      this.shadowRoot.addEventListener("samewire-sound-blocked", () => {
        this.#sound.hidden = false;
      });
      this.build(
        CSS,
        h("header", {}, this.#indicator, this.#count),
        this.#problem,
        h("div", { className: "body" }, this.#people, this.#chat),
        h(
          "div",
          { className: "controls", part: "controls" },
          this.#sound,
          this.#join,
          ...this.#controls,
        ),
        this.#status,
      );
    }

    get media() {
      return this.#media;
    }

    set media(media) {
      this.#media = media;
    }

    connectedCallback() {
      this.adopt("media");
      this.#stop = this.#connection.subscribe(() => this.#joinedOrLeft());
      super.connectedCallback();
      this.attributeChangedCallback();
    }

    disconnectedCallback() {
      this.#connection.leaveSoon();
      this.#stop?.();
      super.disconnectedCallback();
    }

    attributeChangedCallback() {
      if (this.isConnected && this.#key()) void this.join();
    }

    #key() {
      const [url, token] = [this.getAttribute("url"), this.getAttribute("token")];
      return url && token ? `${url} ${token}` : undefined;
    }

    /** Joins, or is in the call already. */
    join() {
      return this.#connection.enter(this.#key(), () => ({
        url: this.getAttribute("url"),
        token: this.getAttribute("token"),
        media: this.#media ?? {
          audio: !this.hasAttribute("no-audio"),
          video: !this.hasAttribute("no-video"),
        },
      }));
    }

    async leave() {
      if (this.#own || !this.call) this.#connection.leave();
      else await this.call.leave();
    }

    #joinedOrLeft() {
      const { call } = this.#connection.get();
      if (call !== this.#own) {
        this.#own = call;
        this.call = call;
        if (call) tell(this, "joined", call);
      }
      this.update();
    }

    #toggle(source, set) {
      const self = this.value.participants.find((one) => one.self);
      return this.#attempt(() => this.call?.[set](!sends(self, source)));
    }

    async #attempt(what) {
      try {
        await what();
      } catch (error) {
        tell(this, "error", error);
        this.#complain(error);
      }
      this.update();
    }

    #complain(error) {
      this.#problem.hidden = !error;
      write(this.#problem, error?.message ?? "");
    }

    render(watched, words) {
      const value = this.call ? watched : this.#connection.get();
      const { state, participants, error } = value;
      const inCall = Boolean(this.call) && state !== "left";
      if (error !== this.#told) {
        this.#told = error;
        this.#complain(error);
        if (error) tell(this, "error", error);
      }
      this.#indicator.words = this.#chat.words = words;
      this.#indicator.show(value);
      this.#chat.call = this.call;
      this.#showPeople(inCall ? participants : [], words);
      write(this.#count, inCall ? `${words.people}: ${participants.length}` : "");
      this.#chat.hidden = !inCall || !this.#chatOpen;
      for (const control of this.#controls) control.hidden = !inCall;
      this.#join.hidden = inCall || state === "connecting" || !this.#key();
      const self = participants.find((one) => one.self);
      write(this.#join, words.join);
      write(this.#leave, words.leave);
      write(this.#sound, words.sound);
      write(this.#talk, words.chat);
      this.#talk.setAttribute("aria-expanded", this.#chatOpen);
      write(this.#microphone, sends(self, "microphone") ? words.mute : words.unmute);
      write(this.#camera, sends(self, "camera") ? words.stopCamera : words.startCamera);
      this.#screen.hidden ||= !navigator.mediaDevices?.getDisplayMedia;
      write(this.#screen, value.isSharing ? words.stopSharing : words.shareScreen);
      if (state === "left" && this.#state !== state) tell(this, "left", error);
      this.#state = state;
    }

    #showPeople(participants, words) {
      this.#people.setAttribute("aria-label", words.people);
      const wanted = participants.flatMap((one) => [
        ...(sends(one, "screen") ? [[`${one.id} screen`, one]] : []),
        [one.id, one],
      ]);
      const keys = wanted.map(([key]) => key);
      for (const key of this.#tiles.keys()) if (!keys.includes(key)) this.#tiles.delete(key);
      const tiles = wanted.map(([key, one]) => {
        const known = this.#tiles.get(key);
        const tile = known ?? h("samewire-participant", { part: "participant" });
        if (!known && key !== one.id) tile.setAttribute("source", "screen");
        this.#tiles.set(key, tile);
        tile.words = words;
        tile.participant = one;
        return tile;
      });
      arrange(this.#people, tiles);
      this.#announce(participants, words);
    }

    /** Says who came and went since the last time, except to whoever has just come. */
    #announce(participants, words) {
      const now = new Map(participants.map(({ id, name }) => [id, name]));
      const before = this.#names;
      this.#names = now;
      if (before.size === 0 || now.size === 0) return;
      for (const [id, name] of now)
        if (!before.has(id)) write(this.#status, fill(words.joined, name));
      for (const [id, name] of before)
        if (!now.has(id)) write(this.#status, fill(words.gone, name));
    }
  };
