import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Call, CallState, ChatMessage, Participant, Progress } from "samewire";
import { isFinal } from "../session/endings.js";
import { Problem } from "../session/problem.js";
import { notify } from "../ui/notices.js";
import { aboutParticipant, banner } from "./announcements.js";

/** Turns a call's events into what the page renders. Nothing here decides: it copies, and says what changed. */
export class WatchedCall implements ReactiveController {
  participants: readonly Participant[];
  state: CallState;
  /** How far a move is that is being prepared. */
  progress: Progress | null = null;
  messages: readonly ChatMessage[] = [];
  /** Why the call ended, when it was not by leaving. */
  problem: Problem | null = null;

  constructor(
    private readonly host: ReactiveControllerHost & HTMLElement,
    private readonly call: Call,
    private readonly onMessage: (message: ChatMessage) => void,
    private readonly onOver: () => void,
  ) {
    this.participants = copy(call);
    this.state = call.state;
    call.on("participant", (event) => {
      const before = this.participants.find(({ id }) => id === event.id);
      for (const notice of aboutParticipant(before, event)) notify(host, notice);
      this.refresh();
    });
    call.on("state", (state) => {
      // The banner told of the interruption as it appeared; of its end nothing else would.
      if (state === "connected" && banner(this.state, this.progress)) {
        notify(host, { text: "Connected again", quiet: true });
      }
      this.state = state;
      if (state !== "switching") this.progress = null;
      this.refresh();
      if (state === "left") this.onOver();
    });
    call.on("transition:progress", (progress) => {
      this.progress = progress;
      host.requestUpdate();
    });
    call.on("chat", (message) => {
      this.messages = [...this.messages, message];
      this.onMessage(message);
      host.requestUpdate();
    });
    call.on("error", (error) => {
      const problem = Problem.from(error);
      if (!isFinal(problem.code)) return notify(host, { text: problem.message, kind: "error" });
      this.problem = problem;
      this.onOver();
    });
    host.addController(this);
  }

  hostConnected(): void {
    this.refresh();
  }

  get self(): Participant | undefined {
    return this.participants.find(({ self }) => self);
  }

  /** Copied, because a call may keep its participants and change them in place. */
  refresh(): void {
    this.participants = copy(this.call);
    this.host.requestUpdate();
  }
}

const copy = ({ participants }: Call): Participant[] =>
  Array.from(participants, (participant) => ({
    ...participant,
    tracks: Array.from(participant.tracks, (track) => ({ ...track })),
  }));
