import type { HTMLAttributes, ReactElement } from "react";
import type {
  Call,
  CallState,
  ChatMessage,
  JoinOptions,
  Participant,
  Progress,
  Quality,
  SamewireError,
} from "./index.js";

/**
 * Joins rooms of one server, one at a time. Nothing is joined before {@link HybridConnection.joinRoom};
 * the call is left when the component unmounts. React's StrictMode mounts twice and joins once.
 */
export function useHybridConnection(options?: HybridConnectionOptions): HybridConnection;

/** What {@link useHybridConnection} needs. What is current when a room is joined counts. */
export interface HybridConnectionOptions {
  /** Where Samewire runs, e.g. `https://calls.example.com`. Not needed when tokens come with a `url`. */
  serverUrl?: string;
  /** Whether to capture a microphone on joining; `true` unless said. Later: `call.setMicrophone`. */
  enableAudio?: boolean;
  /** Whether to capture a camera on joining; `true` unless said. Later: `call.setCamera`. */
  enableVideo?: boolean;
  /** Asks your backend for a join token of a room, for whoever calls `joinRoom` without one. */
  getToken?: (room: string) => RoomToken | Promise<RoomToken>;
}

/** A join token, or the answer of `POST /v1/sessions/{id}/tokens` that it came in. */
export type RoomToken = string | { token: string; url?: string };

/** A call as it is shown; `call` does the rest. Where there is none yet, `state` is `idle`. */
export interface CallView {
  /** The running call, or `null` before the session has welcomed us and after leaving. */
  readonly call: Call | null;
  /** How it is going. `idle`: not joined, or joining failed, which `error` says. */
  readonly state: CallState | "idle";
  /** Whether media goes from browser to browser or through a server; `null` while there is no call. */
  readonly mode: "p2p" | "sfu" | null;
  /** Whether everyone is on the way to another way of carrying the call, or to a fresh start. */
  readonly isTransitioning: boolean;
  /** How far a move is that is being prepared; `null` while none is. */
  readonly progress: Progress | null;
  /** The last measurement of our own connection, or `null` before the first. */
  readonly quality: Quality | null;
  /** Everyone, oneself included, in order of arrival. */
  readonly participants: readonly Participant[];
  /** How many that are: 0 without a call. */
  readonly participantCount: number;
  /** Whether we share a screen. */
  readonly isSharing: boolean;
  /** The chat so far. */
  readonly messages: readonly ChatMessage[];
  /** Why there is no call, or the last thing that failed in it. */
  readonly error: SamewireError | null;
}

/** What shares a screen. */
export interface ScreenSharing {
  /** {@link Call.shareScreen}. Rejects with `left` while there is no call. */
  shareScreen(what?: DisplayMediaStreamOptions | MediaStream): Promise<void>;
  /** {@link Call.stopScreenShare}. */
  stopScreenShare(): Promise<void>;
}

/** What {@link useHybridConnection} returns. */
export interface HybridConnection extends CallView, ScreenSharing {
  /**
   * Joins a room, and leaves any other. In that room already, or on the way to it, it is that call.
   * Without a token, `getToken` is asked.
   *
   * Rejects with a {@link SamewireError}, or with what `getToken` rejects with; the same is in `error`, so
   * that a click handler need not catch it. `left` means that the room was left before it was joined.
   */
  joinRoom(room: string, token?: RoomToken): Promise<Call>;
  /** Leaves. What was captured is released. */
  leaveRoom(): Promise<void>;
}

/**
 * Is in a call as long as the component is mounted: joins when it mounts, leaves when it unmounts. Another
 * `url` or `token` is another call; `null` is none. `media` counts when joining.
 */
export function useCall(options: JoinOptions | null | undefined): UsedCall;

/** What {@link useCall} returns. */
export interface UsedCall extends CallView, ScreenSharing {
  /** Joins again after an end or an error; otherwise it is the call that is there. Rejects with a {@link SamewireError}. */
  join(): Promise<Call>;
  /** Leaves, though the component stays. */
  leave(): Promise<void>;
}

/** Everyone in a call, oneself included, in order of arrival; nobody without a call. */
export function useParticipants(call: Call | null | undefined): readonly Participant[];

/** The last measurement of our own connection, or `null` before the first. */
export function useQuality(call: Call | null | undefined): Quality | null;

/** The chat of a call. */
export function useChat(call: Call | null | undefined): Chat;

/** What {@link useChat} returns. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  /**
   * Says something to everyone: 1 to 4,000 characters. Throws a {@link SamewireError} when it is not taken:
   * `chat-length`, `chat-waiting`, `left`.
   */
  send(text: string): void;
}

/** How a call goes, as a dot and in words, told to screen readers when it changes. */
export function ConnectionIndicator(props: ConnectionIndicatorProps): ReactElement;

/** What {@link ConnectionIndicator} takes; any attribute of a `<span>` besides. */
export interface ConnectionIndicatorProps extends HTMLAttributes<HTMLSpanElement> {
  call: Call | null | undefined;
  /** Other words, for another language. */
  words?: Partial<Record<IndicatorWord, string>>;
  /** Whether to say that media goes directly or is relayed; not unless it is wanted. */
  showMode?: boolean;
}

/**
 * A state; a rating stands instead of `connected` once there is one. `ready` tells how far a move is (`{ready}`, `{of}`),
 * `person` and `persons` (`{count}`) how many are in the call, `p2p` and `sfu` how media goes.
 */
export type IndicatorWord =
  CallState | "idle" | Quality["rating"] | "ready" | "person" | "persons" | "p2p" | "sfu";
