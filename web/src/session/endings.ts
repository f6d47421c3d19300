import type { Problem } from "./problem.js";

/** What a person can do when there is no call. */
export type Way = "rejoin" | "lobby" | "new" | "reload";

export interface Ending {
  code: string;
  title: string;
  text: string;
  ways: Way[];
}

/** By code. An own text, or `said` where the words of whoever refused are the better ones. */
const ENDINGS: Record<string, Omit<Ending, "code">> = {
  left: {
    title: "You left the call",
    text: "The same link lets you in again.",
    ways: ["rejoin", "new"],
  },
  full: {
    title: "This call is full",
    text: "Nobody else fits in right now. Try again when someone has left, or start a call of your own.",
    ways: ["rejoin", "new"],
  },
  "too-many": {
    title: "This call is full",
    text: "Nobody else fits in right now. Try again when someone has left, or start a call of your own.",
    ways: ["rejoin", "new"],
  },
  replaced: {
    title: "The call goes on in another window",
    text: "You opened it again somewhere else, so this window has let go. You can bring it back here.",
    ways: ["rejoin", "new"],
  },
  removed: {
    title: "You were removed from the call",
    text: "Someone who runs this call took you out of it. If that was a mistake, ask them to let you in again.",
    ways: ["new"],
  },
  ended: {
    title: "The call has ended",
    text: "It was closed for everyone.",
    ways: ["new"],
  },
  unauthorised: {
    title: "You could not be let in",
    text: "The permission to join has run out or was not accepted. Joining again asks for a new one.",
    ways: ["rejoin", "new"],
  },
  unsupported: {
    title: "This browser cannot join the call",
    text: "It lacks something that this call needs. A current Chrome, Edge, Firefox or Safari has it.",
    ways: ["rejoin", "new"],
  },
  protocol: {
    title: "This page is out of date",
    text: "The server speaks a newer version. Reloading brings the page up to date.",
    ways: ["reload"],
  },
  offline: {
    title: "You are offline",
    text: "This device has no connection. We try again as soon as it is back.",
    ways: ["rejoin", "lobby"],
  },
  unreachable: {
    title: "The server cannot be reached",
    text: "Your connection may be blocked, or the server is down for a moment. Nothing of yours is lost.",
    ways: ["rejoin", "lobby"],
  },
};

export function endingOf(problem: Problem): Ending {
  const known = ENDINGS[problem.code];
  const ending = known ?? {
    title: "Joining did not work",
    text: problem.message || "Something unexpected happened.",
    ways: ["rejoin", "lobby"] satisfies Way[],
  };
  return {
    ...ending,
    code: problem.code,
    text: `${ending.text}${pause(problem.retryAfterMs)}`,
  };
}

export const youLeft: Ending = endingOf({
  code: "left",
  message: "",
} as Problem);

/** Whether an error of a running call means that it is over. Every other one is said and survived. */
export const isFinal = (code: string): boolean =>
  [
    "full",
    "too-many",
    "replaced",
    "removed",
    "ended",
    "unauthorised",
    "unsupported",
    "protocol",
  ].includes(code);

function pause(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return "";
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return ` Wait ${seconds} ${seconds === 1 ? "second" : "seconds"} before the next try.`;
}
