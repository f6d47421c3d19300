// What a person reads, in English. A page replaces what it wants in another language.

export const WORDS = Object.freeze({
  idle: "Not connected",
  connecting: "Connecting…",
  connected: "Connected",
  excellent: "Excellent connection",
  good: "Good connection",
  poor: "Weak connection",
  failed: "Very weak connection",
  reconnecting: "Reconnecting…",
  switching: "Switching…",
  ready: "{ready} of {of}",
  person: "1 person",
  persons: "{count} people",
  p2p: "Direct",
  sfu: "Relayed",
  exhausted: "No connection, trying again…",
  left: "Not in the call",
  self: "{name} (you)",
  ownScreen: "Your screen",
  screen: "{name}’s screen",
  lost: "Reconnecting…",
  speaking: "speaking",
  microphoneOff: "microphone off",
  cameraOff: "camera off",
  people: "People in the call",
  joined: "{name} joined",
  gone: "{name} left",
  join: "Join",
  leave: "Leave",
  mute: "Mute",
  unmute: "Unmute",
  stopCamera: "Stop camera",
  startCamera: "Start camera",
  shareScreen: "Share screen",
  stopSharing: "Stop sharing",
  sound: "Enable sound",
  chat: "Chat",
  message: "Message to everyone",
  messages: "Messages",
  noMessages: "No messages yet.",
  send: "Send",
  you: "You",
});

/** A word in which something stands: a name, unless it is said what. */
export const fill = (word, what, place = "name") => word.replace(`{${place}}`, () => what);

/**
 * How a call goes: a level for the eye, and the words that say the same. While everyone is moved, how many are there
 * already; then how many people there are, and, where it is wanted, whether media goes directly or is relayed.
 */
export function describe({ state, quality, mode, progress, participantCount }, words, showMode) {
  const told = [];
  let level = "good";
  if (state === "idle" || state === "left") return { level: "off", text: words[state] };
  if (state === "connected") {
    const rating = quality?.rating;
    if (rating === "poor" || rating === "failed") level = "weak";
    told.push(words[rating] ?? words.connected);
  } else {
    level = "waiting";
    const steps = progress && fill(fill(words.ready, progress.ready, "ready"), progress.of, "of");
    told.push(steps ? `${words[state]} ${steps}` : words[state]);
  }
  if (participantCount > 0)
    told.push(
      participantCount === 1 ? words.person : fill(words.persons, participantCount, "count"),
    );
  if (showMode && mode) told.push(words[mode]);
  return { level, text: told.join(" · ") };
}
