// The yardstick: Samewire's session object as it would be written in JavaScript.
//
// It does for `hello`, `chat`, `ack` and `leave` what `core/src/session` does, with the same checks,
// and stores the same rows and sends the same frames: `bench/decision.ts` compares both before it
// measures. It keeps its state in memory behind hibernatable sockets, stores each decision with its
// entries of the log in one transaction before it tells anyone, tells the index of live sessions until
// that knows, and mutes no check to be fast. What Samewire has beyond that (resume, signals, tracks,
// tuning, a second provider and all that follows from it) is left out, which is in its favour.

import { PLAIN_NAME } from "./limits.mjs";
import { verify } from "./token.mjs";

export { PeerIndex } from "./index-object.mjs";
export { PeerObject } from "./session-object.mjs";

export default {
  /** `…/sessions/{id}/connect`, with the token among the subprotocols. */
  async fetch(request, env) {
    const session = new URL(request.url).pathname.split("/").at(-2);
    const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(/\s*,\s*/);
    const token = offered.find((protocol) => protocol.startsWith("token."))?.slice(6) ?? "";
    const claims = await verify(env.TOKEN_SECRET, token, session);
    if (!claims || !PLAIN_NAME.test(session)) return new Response(null, { status: 401 });
    return env.PEERS.get(env.PEERS.idFromName(session)).fetch("https://session/", {
      headers: {
        upgrade: "websocket",
        "x-session": session,
        "x-claims": encodeURIComponent(JSON.stringify(claims)),
      },
    });
  },
};
