import type { CallState, Participant, ParticipantEvent, Progress } from "samewire";
import type { Notice } from "../ui/notices.js";
import { isOn } from "./tracks.js";

/** What is worth saying about someone, given how they were before. Of oneself, the buttons and the call's state tell, except of a screen: the browser has a button of its own. */
export function aboutParticipant(
  before: Participant | undefined,
  { change, ...now }: ParticipantEvent,
): Notice[] {
  if (now.self) {
    const sharing = isOn(now, "screen");
    if (!before || sharing === isOn(before, "screen")) return [];
    return [{ text: `You ${sharing ? "share your screen" : "stopped sharing"}`, quiet: true }];
  }
  if (change === "left") return [{ text: `${now.name} left` }];
  if (!before) return [{ text: `${now.name} joined` }];
  const notices: Notice[] = [];
  for (const source of ["microphone", "camera"] as const) {
    const on = isOn(now, source);
    if (on === isOn(before, source)) continue;
    notices.push({
      text: `${now.name} turned the ${source} ${on ? "on" : "off"}`,
      quiet: true,
    });
  }
  const shares = isOn(now, "screen");
  if (shares !== isOn(before, "screen")) {
    const text = `${now.name} ${shares ? "shares a screen" : "stopped sharing"}`;
    notices.push({ text, quiet: true });
  }
  if (now.connection !== before.connection) {
    if (now.connection === "lost") {
      notices.push({
        text: `${now.name}’s connection was lost, reconnecting`,
        quiet: true,
      });
    } else if (before.connection === "lost" && now.connection === "good") {
      notices.push({ text: `${now.name} is back`, quiet: true });
    }
  }
  return notices;
}

const CALL_STATE: Record<CallState, string> = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting…",
  switching: "Connecting anew…",
  exhausted: "No connection",
  left: "Left",
};

/** How the call goes, and how far a move is that nobody needs to notice otherwise. */
export const callState = (state: CallState, progress: Progress | null): string =>
  state === "switching" && progress
    ? `Switching… ${progress.ready} of ${progress.of}`
    : CALL_STATE[state];

/**
 * A longer word on what the state means for the people in the call; null while nothing is to be done or known, as during a move
 * that is prepared while the old way carries on.
 */
export function banner(state: CallState, progress: Progress | null): string | null {
  if (progress) return null;
  switch (state) {
    case "reconnecting":
      return "The link to the server is interrupted. Sound and pictures go on; we are reconnecting.";
    case "switching":
      return "The connection to the others is being made anew. Sound and pictures may stop for a moment.";
    case "exhausted":
      return "No connection to the others could be made. We keep trying; check your network meanwhile.";
    case "connecting":
    case "connected":
    case "left":
      return null;
  }
}

export const people = (count: number): string => (count === 1 ? "1 person" : `${count} people`);
