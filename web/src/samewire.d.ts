// A stand-in until the package brings its own index.d.ts.
declare module "samewire" {
  export type Source = "microphone" | "camera" | "screen" | "screen_audio";
  export type CallState =
    "connecting" | "connected" | "reconnecting" | "switching" | "exhausted" | "left";

  export interface Track {
    id: string;
    source: Source;
    kind: "audio" | "video";
    muted: boolean;
    track?: MediaStreamTrack;
  }

  export interface Participant {
    id: string;
    userId: string;
    name: string;
    role: string;
    self: boolean;
    connection: "connecting" | "good" | "poor" | "lost";
    hidden: boolean;
    tracks: Track[];
  }

  export type ParticipantEvent = Participant & {
    change: "joined" | "updated" | "left";
  };

  export interface ChatMessage {
    from: string;
    name: string;
    text: string;
    at: number;
    self: boolean;
  }

  export class SamewireError extends Error {
    code: string;
    retryAfterMs?: number;
  }

  export interface Call {
    readonly participants: Participant[];
    readonly state: CallState;
    on(event: "participant", handler: (participant: ParticipantEvent) => void): void;
    on(event: "state", handler: (state: CallState) => void): void;
    on(event: "chat", handler: (message: ChatMessage) => void): void;
    on(event: "error", handler: (error: SamewireError) => void): void;
    setMicrophone(on: boolean): Promise<void>;
    setCamera(on: boolean): Promise<void>;
    chat(text: string): void;
    leave(): Promise<void>;
  }

  export function join(options: {
    url: string;
    token: string;
    media: MediaStream | { audio: boolean; video: boolean };
  }): Promise<Call>;
}
