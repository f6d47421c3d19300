// A page as a customer would write it with `samewire/react`, in StrictMode. Two ways into a call: rooms
// of `useHybridConnection`, and, with `?with=useCall`, a call that is as mounted as its component.

import { StrictMode, createElement as h, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  ConnectionIndicator,
  useCall,
  useChat,
  useHybridConnection,
  useParticipants,
  useQuality,
} from "samewire/react";

/** What became of each time that a room was asked for. */
window.answers = [];

const query = new URLSearchParams(location.search);
const asked = (name) => query.get(name) ?? undefined;

function Picture({ participant, source = "camera" }) {
  const stream = participant.tracks.find((track) => track.source === source)?.stream ?? null;
  return h("video", {
    "aria-label": source === "camera" ? participant.name : `${participant.name}, ${source}`,
    "data-self": participant.self,
    autoPlay: true,
    playsInline: true,
    muted: true,
    ref: (video) => {
      if (video && video.srcObject !== stream) video.srcObject = stream;
    },
  });
}

function Shown({ connection, children }) {
  const { call, state, mode, isTransitioning, participantCount, error } = connection;
  const { isSharing, shareScreen, stopScreenShare } = connection;
  const participants = useParticipants(call);
  const quality = useQuality(call);
  const { messages, send } = useChat(call);
  window.shown = { call, state, mode, isTransitioning, participantCount, quality, error, send };
  return h(
    "section",
    { "aria-label": "Call" },
    h(ConnectionIndicator, { call, "data-testid": "indicator" }),
    h("p", { "data-testid": "state" }, state),
    h("p", { "data-testid": "mode" }, String(mode)),
    h("p", { "data-testid": "count" }, String(participantCount)),
    h(
      "button",
      { onClick: () => (isSharing ? stopScreenShare() : shareScreen()) },
      isSharing ? "Stop sharing" : "Share screen",
    ),
    h("p", { "data-testid": "error" }, error ? `${error.code}: ${error.message}` : ""),
    participants.map((participant) => h(Picture, { key: participant.id, participant })),
    participants
      .filter(({ tracks }) => tracks.some(({ source }) => source === "screen"))
      .map((participant) => h(Picture, { key: participant.id, participant, source: "screen" })),
    h(
      "ul",
      { "data-testid": "chat" },
      messages.map((message, at) => h("li", { key: at }, message.text)),
    ),
    children,
  );
}

function Rooms() {
  const connection = useHybridConnection({
    serverUrl: asked("server"),
    enableAudio: true,
    enableVideo: true,
  });
  const { joinRoom, leaveRoom } = connection;
  useEffect(() => {
    const told = (how) => (one) => window.answers.push([how, one]);
    joinRoom(asked("room"), asked("token")).then(told("joined"), told("refused"));
  }, [joinRoom]);
  return h(
    Shown,
    { connection },
    h("button", { onClick: () => joinRoom("") }, "Join without a token"),
    h("button", { onClick: leaveRoom }, "Leave"),
  );
}

function WhileMounted() {
  const connection = useCall({ url: asked("url"), token: asked("token") });
  return h(Shown, { connection }, h("button", { onClick: connection.join }, "Join again"));
}

function Page() {
  const [there, setThere] = useState(true);
  return h(
    "div",
    null,
    there && h(asked("with") === "useCall" ? WhileMounted : Rooms),
    h("button", { onClick: () => setThere(!there) }, there ? "Unmount" : "Mount"),
  );
}

createRoot(document.getElementById("root")).render(h(StrictMode, null, h(Page)));
