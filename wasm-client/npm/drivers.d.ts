/**
 * What carries a call through a server of media (an SFU) is a driver: a module that exports `driver`.
 * `samewire/drivers/cloudflare` and `samewire/drivers/janus` are such modules; a module of your own is
 * one when it keeps what is written here.
 *
 * Nothing of a driver throws, and none of its promises rejects: what goes wrong is said by
 * `emit("state", …)`.
 */
export interface Driver {
  /**
   * Begins a leg: one participant's way to one room. Returns at once; the leg contacts nobody before its
   * first {@link DriverLeg.credentials}, and then connects by itself, whether anything is published or not.
   */
  open(options: LegOptions): DriverLeg;
}

/** What a leg is opened with. */
export interface LegOptions {
  /** The origin of the session's Worker, as `https://calls.example.com`. */
  server: string;
  /** The session's id. */
  room: string;
  /** The own participant's id. */
  participant: string;
  /** For every connection that the leg makes. */
  iceServers: RTCIceServer[];
  /** For every connection that the leg makes: `relay` where privacy wants it. */
  iceTransportPolicy: RTCIceTransportPolicy;
  /** How the leg tells what happens. Never called from within a call of the leg, nor after `close()`. */
  emit: Emit;
}

/** See {@link LegEvents}. */
export type Emit = <Name extends keyof LegEvents>(name: Name, detail: LegEvents[Name]) => void;

/** What a leg tells. */
export interface LegEvents {
  /** How the way to the server is. `failed` stays so until {@link DriverLeg.restart}. */
  state: LegState;
  /** From now on others can subscribe to what is sent of this source. */
  published: { source: LegSource; ref: string };
  /**
   * The track that `subscribe` asked for is here; its pictures or its sound may follow a moment later. Told
   * again, with another track, when the leg came to it anew.
   */
  track: { ref: string; track: MediaStreamTrack };
  /** For the trace: what the driver did, in words that name no secret. */
  note: { what: string; [more: string]: unknown };
}

/** How a leg is. */
export interface LegState {
  /** `connecting` from the first credentials and every restart on, `connected` once ICE and DTLS are up. */
  state: "connecting" | "connected" | "failed";
  /** Why it failed. */
  reason?: LegFailure;
  /** The same for whoever reads the log: what was wrong, and what would be right. */
  message?: string;
}

/**
 * Why a leg failed: the server did not answer in time; there was no way for media, or it broke; the credentials are not
 * good; the server is full; server or browser cannot do this; anything else.
 */
export type LegFailure = "timeout" | "ice" | "auth" | "capacity" | "unsupported" | "other";

/** What a leg sends. */
export type LegSource = "microphone" | "camera" | "screen" | "screen_audio";

/** What somebody wants to receive. */
export interface Wanted {
  /** What others subscribe by, as `published` told it to whoever sends. */
  ref: string;
  kind: "audio" | "video";
  /**
   * Its sender is muted: what some servers do not hand out before it sends (Cloudflare lets everything else wait for
   * it for five seconds) is asked for once this is false.
   */
  muted?: boolean;
  /** In how many CSS pixels a picture is shown, times the pixel ratio: the smallest layer that is as high comes. */
  height?: number;
}

/** What a sender holds itself to. */
export interface SendLimit {
  /** In bits a second. */
  maxBitrate?: number;
  /** 2 sends half as many rows and columns. */
  scaleResolutionDownBy?: number;
  /** `false` sends nothing, and keeps the place. */
  active: boolean;
}

/** One participant's way to one room of an SFU. */
export interface DriverLeg {
  /**
   * The first credentials of the leg, and every renewal: what the session's `credentials` frame holds. After a
   * failure for `auth`, new ones are used by the next {@link restart}.
   */
  credentials(given: object): void;
  /**
   * Sends a track as this source. `null` is muted: what was sent is silent, its place is kept. Called again, it replaces
   * the track or unmutes, where possible without negotiating. A source that is muted from the beginning is published when
   * its first track comes.
   */
  publish(source: LegSource, track: MediaStreamTrack | null): void;
  /** Sends this source no more, and gives its place up. */
  unpublish(source: LegSource): void;
  /**
   * Everything that is wanted, at any time: what was wanted before and is not in this list is let go of. What does not
   * exist yet is tried again until it does.
   */
  subscribe(wanted: Wanted[]): void;
  /** Holds the sender of a source to this, now and when it is published later. */
  limit(source: LegSource, limit: SendLimit): void;
  /** Other STUN and TURN servers, as when their credentials were renewed: for whatever is gathered from now on. */
  configure(iceServers: RTCIceServer[]): void;
  /** The statistics of all connections of the leg as one report; empty while there is none. */
  stats(): Promise<Map<string, object>>;
  /** The way is dead: connects anew, and keeps what is published and wanted. `published` and `track` are told again. */
  restart(): void;
  /** Ends it. Nothing is emitted any more, and nothing of it stays. Idempotent. */
  close(): void;
}

/** The driver itself, of a module that is one. */
export const driver: Driver;
