import type { Call, JoinOptions, Participant, SamewireError } from "./index.js";

/**
 * Registers the elements, once: `<samewire-call>`, `<samewire-participant>`, `<samewire-chat>` and
 * `<samewire-indicator>`. Does nothing where there are no custom elements, as on a server, and leaves
 * names alone that are taken.
 */
export function defineElements(): void;

/** What all elements here have. */
export interface SamewireElement extends HTMLElement {
  /** The call that is shown. It stays yours: an element never leaves a call that you gave it. */
  call: Call | null;
  /** What is read, by name: assign some to have them in another language. `{name}` is replaced. */
  words: Partial<Record<Word, string>>;
}

/**
 * `<samewire-call url="…" token="…">`: a whole call, with everyone's picture, chat and controls. With both
 * attributes it joins while it is in the page, and leaves when it is taken out; another `url` or `token` is
 * another call. `no-audio` and `no-video` join without. Or give it a `call` of yours, to show that.
 *
 * It fires `samewire-joined`, `samewire-left` and `samewire-error`, see {@link SamewireElementEvents}.
 */
export interface SamewireCallElement extends SamewireElement {
  /** What to capture instead, as in {@link JoinOptions}: constraints, or a stream of your own. */
  media: JoinOptions["media"];
  /**
   * Joins, or is the call that is there. Rejects with a {@link SamewireError}, which is shown and told as
   * `samewire-error`, too.
   */
  join(): Promise<Call>;
  /** Leaves. */
  leave(): Promise<void>;
}

/**
 * `<samewire-participant>`: one person's picture, sound and name; with `source="screen"` the screen they
 * share. Fires `samewire-sound-blocked` when the browser wants a click before it plays sound.
 */
export interface SamewireParticipantElement extends SamewireElement {
  /** Whom it shows. Assign the newer one whenever they changed. */
  participant: Participant | null;
  /** Plays what the browser would not play without a click: call it in one. */
  play(): Promise<void>;
}

/** `<samewire-chat>`: what is said in its `call`, and a line to say something. */
export interface SamewireChatElement extends SamewireElement {}

/**
 * `<samewire-indicator>`: how its `call` goes, as a dot and in words, and how many are in it. With the attribute `show-mode`
 * also whether media goes directly or is relayed.
 */
export interface SamewireIndicatorElement extends SamewireElement {}

/** What the elements fire. All of it bubbles, out of every shadow. */
export interface SamewireElementEvents {
  /** `<samewire-call>` is in a call. */
  "samewire-joined": CustomEvent<Call>;
  /** The call is over: why, unless one left oneself. */
  "samewire-left": CustomEvent<SamewireError | null>;
  /** Something failed: joining, a device, a step of the call. */
  "samewire-error": CustomEvent<SamewireError>;
  /** A browser wants a click before it plays sound; `<samewire-call>` shows a button by itself. */
  "samewire-sound-blocked": CustomEvent<null>;
}

/** The names of what is read. */
export type Word =
  | "idle"
  | "connecting"
  | "connected"
  | "excellent"
  | "good"
  | "poor"
  | "failed"
  | "reconnecting"
  | "switching"
  | "exhausted"
  | "left"
  | "self"
  | "ownScreen"
  | "screen"
  | "lost"
  | "speaking"
  | "microphoneOff"
  | "cameraOff"
  | "people"
  | "joined"
  | "gone"
  | "join"
  | "leave"
  | "mute"
  | "unmute"
  | "stopCamera"
  | "startCamera"
  | "shareScreen"
  | "stopSharing"
  | "sound"
  | "chat"
  | "message"
  | "messages"
  | "noMessages"
  | "send"
  | "you";

declare global {
  interface HTMLElementTagNameMap {
    "samewire-call": SamewireCallElement;
    "samewire-participant": SamewireParticipantElement;
    "samewire-chat": SamewireChatElement;
    "samewire-indicator": SamewireIndicatorElement;
  }
  interface HTMLElementEventMap extends SamewireElementEvents {}
}
