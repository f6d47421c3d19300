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

/** A word in which a name stands. */
export const fill = (word, name) => word.replace("{name}", () => name);

/** How a call goes: a level for the eye, and the words that say the same. */
export function describe({ state, quality }, words) {
  if (state !== "connected") {
    const off = state === "idle" || state === "left";
    return { level: off ? "off" : "waiting", text: words[state] };
  }
  const rating = quality?.rating;
  const weak = rating === "poor" || rating === "failed";
  return { level: weak ? "weak" : "good", text: words[rating] ?? words.connected };
}
