import type { Driver } from "./drivers.js";

/**
 * Loads the WebAssembly, once: whoever calls it again gets the same promise, and their `url` is ignored.
 * {@link join} calls it; call it yourself before a {@link Negotiator}, or early, to have it loaded when
 * somebody joins. Rejects with a {@link SamewireError} `wasm`; then it may be called again.
 *
 * @param url where `samewire.wasm` is, when it is not beside `index.js`; or its bytes
 */
export function init(url?: string | URL | BufferSource | WebAssembly.Module): Promise<void>;

/**
 * Joins a session. Resolves when the session has welcomed this participant. Rejects with a
 * {@link SamewireError} whose `code` says why not; what was captured is released.
 *
 * A server that does not answer is tried again for a quarter of a minute, as if it had restarted.
 */
export function join(options: JoinOptions): Promise<Call>;

/**
 * Has calls carried by a provider that this package has no driver of: `load` imports the module of one, when a session first
 * needs it. To be called before `join`, since a call tells its session what it can be carried by. Known already are
 * `cloudflare` and `janus`; a driver of the same name takes their place.
 *
 * @throws {SamewireError} `misuse`: no name of 1 to 128 characters of `A-Z a-z 0-9 _ -`, or nothing to load it with.
 */
export function registerDriver(name: string, load: () => Promise<{ driver: Driver }>): void;

/** What {@link join} needs. */
export interface JoinOptions {
  /** The session's address, as `POST /v1/sessions/{id}/tokens` returned it. */
  url: string;
  /** The join token, as the same route returned it. */
  token: string;
  /**
   * What to capture and send: both by default. `false` joins without; constraints are handed to
   * `getUserMedia`; a stream of your own is sent as it is and never stopped. A device that does not
   * exist is done without; one that is blocked rejects with `media-denied`.
   */
  media?: MediaStream | MediaOptions;
}

/** What to capture. */
export interface MediaOptions {
  audio?: boolean | MediaTrackConstraints;
  video?: boolean | MediaTrackConstraints;
}

/** A running call. */
export interface Call {
  /** How it is going. */
  readonly state: CallState;
  /** Whether media goes from browser to browser or through a server. */
  readonly mode: "p2p" | "sfu";
  /** Everyone, oneself included, in order of arrival. Every read is a fresh snapshot. */
  readonly participants: Participant[];
  /** The own tracks, for a self view. */
  readonly localTracks: Track[];
  /** The chat so far, at most the last 200 messages from before joining. */
  readonly messages: ChatMessage[];

  /** Listens; the returned function stops listening. */
  on<Name extends keyof CallEvents>(
    name: Name,
    listener: (detail: CallEvents[Name]) => void,
  ): () => void;
  /** Stops listening. */
  off<Name extends keyof CallEvents>(
    name: Name,
    listener: (detail: CallEvents[Name]) => void,
  ): void;

  /** Mutes or unmutes. A muted microphone sends nothing. Captures one where there was none yet. */
  setMicrophone(on: boolean): Promise<void>;
  /** Switches the camera. Off, it is released and its light goes out. */
  setCamera(on: boolean): Promise<void>;
  /**
   * Takes another microphone or camera, by its `deviceId` of `enumerateDevices()`, without a new
   * negotiation. While it is muted the device is noted, and taken when it is unmuted, or if it is not
   * there then, another. Rejects with `media-not-found` when there is no such device, and with the other
   * `media-…` codes; what was sent before is sent on.
   */
  setDevice(source: "microphone" | "camera", deviceId: string): Promise<void>;
  /**
   * Shares a screen, a window or a tab beside the camera, with its sound where the browser gives it: the
   * sources `screen` and `screen_audio`. Call it in a click: the browser asks what to show. Again, it
   * replaces what is shared. Its `contentHint` is `detail`, unless set.
   *
   * Rejects with `screen-denied` when nothing was chosen or sharing is blocked, and with
   * `screen-unavailable` where there is nothing to share or the browser cannot.
   *
   * @param what what `getDisplayMedia` is asked for, picture and sound unless said; or a stream of your
   * own, which is sent as it is and never stopped
   */
  shareScreen(what?: DisplayMediaStreamOptions | MediaStream): Promise<void>;
  /** Stops sharing. The browser's own button does the same, and leaving. Does nothing when nothing is shared. */
  stopScreenShare(): Promise<void>;
  /**
   * Says something to everyone: 1 to 4,000 characters. Sent when the connection is back, if it is
   * away. It has arrived when its own `chat` event comes.
   */
  chat(text: string): void;
  /** Makes a fault happen, so that you can see how your page lives with it. */
  simulate(fault: Fault): void;
  /** What happened so far, for whoever looks for a fault. Nothing personal and nothing secret is in it. */
  trace(): Trace;
  /** Leaves. What was captured for this call is released. */
  leave(): Promise<void>;
}

/**
 * The last 5,000 things that happened in a call: states, decisions and samples, in order. The same is
 * printed in the browser's console where `localStorage.debug` names the namespace, as in `samewire:*` or
 * `samewire:ice,samewire:link`; what is `debug` there shows when the console shows verbose messages. Set
 * it before joining.
 */
export interface Trace {
  /** When the call began, in milliseconds since 1970. */
  readonly began: number;
  /** How often two offers met, by what this side was then. */
  readonly glare: { readonly polite: number; readonly impolite: number };
  /** How many entries there were that are not kept any more. */
  readonly dropped: number;
  readonly entries: TraceEntry[];
}

/** Something that happened. What else is known of it stands beside these: words, numbers, lists of words. */
export interface TraceEntry {
  /** Milliseconds since the call began. */
  readonly at: number;
  readonly namespace: "negotiation" | "ice" | "turn" | "quality" | "switch" | "link";
  readonly level: "debug" | "info" | "warn";
  /** The name of an event or of a frame, or of something done: `ice-restart`, `relay-only`, `fresh-connection`. */
  readonly what: string;
  /** Of a frame, which way it went. */
  readonly way?: "sent" | "received";
  /** The id of whom it is about. */
  readonly participant?: string;
  readonly [detail: string]: unknown;
}

/**
 * A fault to simulate. What heals it is what heals a real one.
 *
 * - `signalling-drop`: the connection to the session breaks; it is back within a second
 * - `ice-failure`: media stops in both directions with everyone, until ICE restarts
 * - `connection-failure`: every connection to the others is closed, and has to be made anew
 * - `freeze`: the page is frozen for two seconds: its socket closes, and nobody leaves
 * - `token-expiry`: the token is no longer accepted: the call ends with `unauthorised`
 * - `provider-failure`: the session is told that this way of carrying the call is dead here; in a call
 *   of two it moves everyone, or, where there is no other way, is `exhausted` and then starts this one anew
 */
export type Fault =
  | "signalling-drop"
  | "ice-failure"
  | "connection-failure"
  | "freeze"
  | "token-expiry"
  | "provider-failure";

/** What a call tells. */
export interface CallEvents {
  /** Somebody joined, left, or looks different now. */
  participant: ParticipantEvent;
  /** The call's state changed. */
  state: CallState;
  /** Somebody said something; one's own messages come back, too. */
  chat: ChatMessage;
  /** Everyone is on the way to another way of carrying the call, or to a fresh start on this one. */
  "transition:started": Transition;
  /** On that way: how many of those who are waited for are seen there already. */
  "transition:progress": Progress;
  /** That way came to nothing: the call stays where it is, or goes on to yet another. */
  "transition:failed": Transition;
  /** Everything that is sent to us is decoded again. */
  "transition:completed": Transition;
  /** How the call is, every three seconds, and every second while anything is wrong. */
  "quality-update": Quality;
  /**
   * The session noticed something, or the statistics of the way to somebody show it. What can be
   * repaired is being repaired.
   */
  alert: Alert;
  /**
   * The session is about to do something for quality, and why; or, with the action `check_network`,
   * nothing is left that this side could give up, and the way is still poor.
   */
  recommendation: Recommendation;
  /** Something failed. The call goes on unless its state is `left`. */
  error: SamewireError;
}

/** A move of everyone. */
export interface Transition {
  /** Its number in this session; numbers only grow. */
  readonly epoch: number;
  /** Why, if it was said: `failed`, `grew`, `quality`, `operator`, `returned`, `score`. */
  readonly cause?: string;
}

/** How far a move is that is being prepared. */
export interface Progress {
  /** The transition's. */
  readonly epoch: number;
  /** How many others are seen on the new way. */
  readonly ready: number;
  /** How many are waited for. */
  readonly of: number;
}

/** Something that is wrong. */
export interface Alert {
  /**
   * From the session: `participant_stale`, `asymmetric`, `quality_poor`, `provider_degraded` and
   * others. From the statistics here: `freeze`, `stall`, `congestion`, `cpu`, `ice_flap`,
   * `one_way_audio`, `poor_network`, `sampling_gap`.
   */
  readonly kind: string;
  /** The id of whom it is about. */
  readonly participant?: string;
  /** Of what the statistics show: whether it began, or is over. */
  readonly open?: boolean;
  /** In words. */
  readonly detail: string;
}

/** A score, and what it is called. */
export interface Rated {
  /** 0…100; never better with more loss, delay or jitter, or with fewer bits, frames or pixels. */
  readonly score: number;
  /** `excellent` from 80, `good` from 60, `poor` from 40, `failed` below. */
  readonly rating: "excellent" | "good" | "poor" | "failed";
  /** Mean opinion score, 1…4.5, as ITU-T G.107 has it. */
  readonly mos: number;
}

/**
 * How the call is: the score of the median of the ways to the others, smoothed, and what was last
 * measured there. What is unknown is absent.
 */
export interface Quality extends Rated {
  /** Round trip, in milliseconds. */
  readonly rttMs?: number;
  /** The worse of both directions, in per cent of packets. */
  readonly lossPct?: number;
  /** Of what comes, in milliseconds. */
  readonly jitterMs?: number;
  /** What comes, in kbit/s. */
  readonly bitrateKbps?: number;
  /** What could be sent, in kbit/s. */
  readonly availableKbps?: number;
  /** Decoded frames a second. */
  readonly fps?: number;
  /** Of the largest picture, in pixels. */
  readonly width?: number;
  readonly height?: number;
  /** The kind of way: `direct/udp`, `relay/udp`, `relay/tcp`, `relay/tls`, `direct/tcp`. */
  readonly pair?: string;
  /** The sound's part of the score, 0…100; the score is the least of the three. */
  readonly audio?: number;
  /** The picture's. */
  readonly video?: number;
  /** The network's. */
  readonly network?: number;
}

/** What is to be done for quality. */
export interface Recommendation {
  readonly cause: string;
  readonly metrics: unknown;
  readonly action: string;
}

/**
 * - `connecting`: not everything that is sent to us is decoded yet
 * - `connected`: it is, or it was once
 * - `reconnecting`: the connection to the session is away and being restored; media goes on
 * - `switching`: everyone is moving to another way of carrying the call, or starts anew on this one
 *   because media was dead
 * - `exhausted`: no way to carry the call works; the session tries again by itself
 * - `left`: it is over; an `error` with `removed`, `ended` or another code says why, unless one left
 *   oneself
 */
export type CallState =
  "connecting" | "connected" | "reconnecting" | "switching" | "exhausted" | "left";

/** Somebody in the call. */
export interface Participant {
  readonly id: string;
  /** The user this is a tab of. */
  readonly userId: string;
  readonly name: string;
  /** `participant`: this version of the session lets nobody else in. `host` and `viewer` will come. */
  readonly role: string;
  /** Whether this is oneself. */
  readonly self: boolean;
  /** What is known of them: `good` as long as their media is decoded here. */
  readonly connection: "connecting" | "good" | "poor" | "lost";
  /** Whether their tab is in the background. */
  readonly hidden: boolean;
  /**
   * Whether they speak, as the sound's level in the statistics says, every half second. Whoever is muted
   * does not. Of oneself it is known while somebody else is there, and where the browser tells the level of
   * what is captured.
   */
  readonly speaking: boolean;
  /** How the way to them is; absent of oneself, and while nothing is known. */
  readonly quality?: Rated;
  readonly tracks: Track[];
}

/** Somebody, and what happened to them. */
export interface ParticipantEvent extends Participant {
  readonly change: "joined" | "updated" | "left";
}

/** Where a track comes from. */
export type Source = "microphone" | "camera" | "screen" | "screen_audio";

/** One thing that somebody sends. */
export interface Track {
  readonly id: string;
  readonly source: Source;
  readonly kind: "audio" | "video";
  readonly muted: boolean;
  /** The media, once it is there; one's own camera has none while it is off. */
  readonly track?: MediaStreamTrack;
  /**
   * The stream it is in: the camera with the microphone, the screen with its sound. Give it to `srcObject`.
   */
  readonly stream?: MediaStream;
}

/** Something that was said. */
export interface ChatMessage {
  /** The participant's id. */
  readonly from: string;
  readonly name: string;
  readonly text: string;
  /** When the session received it, in milliseconds since 1970. */
  readonly at: number;
  /** Whether one said it oneself. */
  readonly self: boolean;
}

/** The one class of every rejection and every `error` event. */
export class SamewireError extends Error {
  readonly name: "SamewireError";
  /** Stable, for programs. The server may send codes that are not listed here. */
  readonly code: ErrorCode | (string & {});
  /** When to try again, where that makes sense. */
  readonly retryAfterMs?: number;
  /** The other participant it is about, if any. */
  readonly participant?: string;
}

/**
 * The codes this package itself gives.
 *
 * - `misuse`, `url`, `wasm`, `quality`: something to mend in the page
 * - `offline`, `unreachable`: there was no network to join over, or nobody answered for a quarter of a
 *   minute; `retryAfterMs` says when to try again
 * - `media-…`: nothing could be captured, and why
 * - `device-lost`: a microphone or camera went away, there is none to take its place, and the source is
 *   muted. One that was captured for this call is taken again when it is back; a track of yours is not
 * - `screen-…`: no screen could be shared, and why
 * - `unauthorised`, `removed`, `ended`, `full`, `unsupported`, `replaced`: why a call is over
 * - `left`: the call is over already
 * - `chat-length`, `chat-waiting`: why a message was not taken
 * - the others: a step of the negotiation with a participant failed
 */
export type ErrorCode =
  | "misuse"
  | "url"
  | "wasm"
  | "quality"
  | "offline"
  | "unreachable"
  | "media-denied"
  | "media-not-found"
  | "media-in-use"
  | "media-constraints"
  | "media-unavailable"
  | "device-lost"
  | "screen-denied"
  | "screen-unavailable"
  | "unauthorised"
  | "origin"
  | "removed"
  | "ended"
  | "full"
  | "unsupported"
  | "replaced"
  | "left"
  | "chat-length"
  | "chat-waiting"
  | "connection-failed"
  | "message-malformed"
  | "send-failed"
  | "offer-failed"
  | "remote-offer-failed"
  | "answer-failed"
  | "remote-answer-failed"
  | "rollback-failed"
  | "candidate-failed"
  | "too-many-descriptions";

/**
 * Perfect negotiation by itself, over any transport that delivers in order. Make one on either side,
 * one of them polite, before tracks or data channels are added; then change the connection at will.
 */
export class Negotiator {
  /** Needs {@link init} awaited. */
  constructor(options: NegotiatorOptions);
  /** Takes a message that the other side's `send` was given. */
  receive(message: NegotiatorMessage): void;
  /** Restarts ICE, whatever the signalling state. The polite side does so itself when ICE fails. */
  restartIce(): void;
  /** Call it when messages that were sent may not have arrived: the two negotiate anew. */
  signalsLost(): void;
  /** Stops listening. The connection stays open, and yours to close. */
  close(): void;
  /** Listens; the returned function stops listening. */
  on<Name extends keyof NegotiatorEvents>(
    name: Name,
    listener: (detail: NegotiatorEvents[Name]) => void,
  ): () => void;
  /** Stops listening. */
  off<Name extends keyof NegotiatorEvents>(
    name: Name,
    listener: (detail: NegotiatorEvents[Name]) => void,
  ): void;
}

/** What a {@link Negotiator} needs. */
export interface NegotiatorOptions {
  connection: RTCPeerConnection;
  /** Whether this side gives way when two offers meet. Exactly one side must. */
  polite: boolean;
  /** Takes a message to the other side's `receive`: plain data, good for JSON. */
  send: (message: NegotiatorMessage) => void;
}

/** What two negotiators say to each other. */
export type NegotiatorMessage =
  | {
      description: { type: "offer" | "answer"; sdp: string };
      /** The number of the offer, or of the offer that is answered: a stale answer is dropped. */
      offer: number;
    }
  | { candidate: RTCIceCandidateInit };

/** What a {@link Negotiator} tells. */
export interface NegotiatorEvents {
  /** Both descriptions are in force. */
  negotiated: { offerer: boolean };
  /** Two offers met, and what this side did about it. */
  glare: { role: "polite" | "impolite"; action: "rollback" | "ignore" };
  /** Something failed. */
  error: SamewireError;
}
