import { Peer } from "peerjs";

import { capture, contest, show } from "./contest.js";

let peer;

// As its documentation has it, but that the camera opens meanwhile, and without its STUN and TURN
// servers, as nobody here has any.
async function enter({ port }, ...name) {
  peer = new Peer(...name, { host: "localhost", port, path: "/", config: { iceServers: [] } });
  await new Promise((open, failed) => {
    peer.on("open", open);
    peer.on("error", failed);
  });
}

contest({
  async waits(ticket) {
    const media = capture();
    await enter(ticket, ticket.name);
    peer.on("call", async (call) => call.answer(await media));
    await media;
  },
  async joins(ticket) {
    const media = capture();
    await enter(ticket);
    peer.call(ticket.name, await media).on("stream", show);
  },
  leaves: () => peer.destroy(),
});
