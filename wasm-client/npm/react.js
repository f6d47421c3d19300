"use client";
// React's side of a call: hooks over values that are replaced when the call changes. Nothing is
// captured and nobody joins while something renders, on a server or anywhere.

import {
  createElement,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

import { SamewireError } from "samewire";
import { Connection } from "./shared/connection.js";
import { IDLE, WatchedCall } from "./shared/watched-call.js";
import { WORDS, describe } from "./shared/words.js";

const idle = () => IDLE;
const NOBODY = { subscribe: () => () => {}, get: idle };

function useWatched(call) {
  const watched = useMemo(() => (call ? new WatchedCall(call) : NOBODY), [call]);
  return useSyncExternalStore(watched.subscribe, watched.get, idle);
}

/** The value that is current when something happens, not when it was rendered. */
function useLatest(value) {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** A place for one call, which is left when the component goes. */
function useConnection() {
  const [connection] = useState(() => new Connection());
  useEffect(() => {
    connection.stay();
    return () => connection.leaveSoon();
  }, [connection]);
  const value = useSyncExternalStore(connection.subscribe, connection.get, idle);
  return [connection, value];
}

export function useHybridConnection(options = {}) {
  const latest = useLatest(options);
  const [connection, value] = useConnection();
  const joinRoom = useCallback(
    (room, token) => connection.enter(room, () => ticket(latest.current, room, token)),
    [connection, latest],
  );
  const leaveRoom = useCallback(async () => connection.leave(), [connection]);
  return { ...value, ...useScreen(value.call), joinRoom, leaveRoom };
}

async function ticket({ serverUrl, getToken, enableAudio, enableVideo }, room, given) {
  const misuse = (message) => new SamewireError({ code: "misuse", message });
  const answer = given ?? (await getToken?.(room));
  const { token, url } = typeof answer === "object" && answer ? answer : { token: answer };
  if (!room || !token)
    throw misuse(
      "joinRoom needs a room and a token: pass one, or give useHybridConnection a `getToken` that asks your backend.",
    );
  if (!url && !serverUrl)
    throw misuse("useHybridConnection needs `serverUrl`, or a token that comes with its `url`.");
  return {
    url: url ?? socketUrl(serverUrl, room),
    token,
    media: { audio: enableAudio ?? true, video: enableVideo ?? true },
  };
}

const socketUrl = (serverUrl, room) =>
  `${String(serverUrl).replace(/^http/i, "ws").replace(/\/+$/, "")}/v1/sessions/${encodeURIComponent(room)}/connect`;

export function useCall(options) {
  const latest = useLatest(options);
  const [connection, value] = useConnection();
  const key = options ? `${options.url} ${options.token}` : undefined;
  const enter = useCallback(
    () => connection.enter(key, () => latest.current),
    [connection, key, latest],
  );
  useEffect(() => {
    if (key === undefined) return;
    enter();
    return () => connection.leaveSoon();
  }, [connection, enter, key]);
  const leave = useCallback(async () => connection.leave(), [connection]);
  return { ...value, ...useScreen(value.call), join: enter, leave };
}

/** What shares and stops sharing. */
function useScreen(call) {
  const shareScreen = useCallback(
    async (what) => {
      if (!call)
        throw new SamewireError({ code: "left", message: "There is no call to share in." });
      await call.shareScreen(what);
    },
    [call],
  );
  const stopScreenShare = useCallback(async () => call?.stopScreenShare(), [call]);
  return { shareScreen, stopScreenShare };
}

export const useParticipants = (call) => useWatched(call).participants;

export const useQuality = (call) => useWatched(call).quality;

export function useChat(call) {
  const { messages } = useWatched(call);
  const send = useCallback(
    (text) => {
      if (!call) throw new SamewireError({ code: "left", message: "There is no call to chat in." });
      call.chat(text);
    },
    [call],
  );
  return { messages, send };
}

const COLOURS = { good: "#188a4b", weak: "#b26a00", waiting: "#b26a00", off: "#7a7f85" };

export function ConnectionIndicator({ call, words, showMode = false, ...rest }) {
  const { level, text } = describe(useWatched(call), { ...WORDS, ...words }, showMode);
  const dot = {
    display: "inline-block",
    inlineSize: "0.6em",
    blockSize: "0.6em",
    marginInlineEnd: "0.5em",
    borderRadius: "50%",
    background: COLOURS[level],
  };
  return createElement(
    "span",
    { role: "status", ...rest, "data-level": level },
    createElement("span", { "aria-hidden": true, style: dot }),
    text,
  );
}
