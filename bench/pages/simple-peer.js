// The package's own bundle: its modules want Node's.
import SimplePeer from "simple-peer/simplepeer.min.js";

import { capture, contest, show } from "./contest.js";

let peer;
let socket;

async function enter({ relay }, initiator) {
  const media = capture();
  socket = new WebSocket(relay);
  await new Promise((open, failed) => {
    socket.onopen = open;
    socket.onerror = failed;
  });
  peer = new SimplePeer({ initiator, stream: await media, config: { iceServers: [] } });
  peer.on("signal", (signal) => socket.send(JSON.stringify(signal)));
  peer.on("stream", show);
  // Whoever leaves ends the other's connection, which says so.
  peer.on("error", () => {});
  socket.onmessage = ({ data }) => peer.signal(JSON.parse(data));
}

contest({
  waits: (ticket) => enter(ticket, false),
  joins: (ticket) => enter(ticket, true),
  leaves() {
    peer.destroy();
    socket.close();
  },
});
