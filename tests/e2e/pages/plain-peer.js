// A peer that negotiates perfectly by the W3C's pattern alone: descriptions and candidates as they
// are, no number on an offer, no order but the path's. Whoever wrote the other end of a connection
// without Samewire has something like it.
//
// It is asked and answers by `postMessage`, as the peer of web-platform-tests'
// `webrtc/RTCPeerConnection-perfect-negotiation-helper.js` does, so that either can take the
// other's place.

"use strict";

/** Says what it has to say to `other`, and the results of commands and what goes wrong to its parent. */
function peer(other, polite) {
  const connection = new RTCPeerConnection();
  /** What it is doing: an answer that is being applied leaves the connection as good as stable. */
  let doing = "nothing";
  /** From an offer that it ignored until the next description that is applied. */
  let deaf = false;

  const tell = (whom, what) => whom.postMessage(JSON.parse(JSON.stringify(what)), "*");
  const guarded =
    (act) =>
    async (...input) => {
      try {
        await act(...input);
      } catch (error) {
        tell(window.parent, { error: `${error.name}: ${error.message}` });
      }
    };
  const describe = async () => {
    await connection.setLocalDescription();
    tell(other, { description: connection.localDescription });
  };

  connection.onicecandidate = ({ candidate }) => tell(other, { candidate });
  connection.onnegotiationneeded = guarded(async () => {
    doing = "offering";
    try {
      await describe();
    } finally {
      if (doing === "offering") doing = "nothing";
    }
  });

  async function hear(description) {
    const offered = description.type === "offer";
    const free =
      doing === "answered" || (doing !== "offering" && connection.signalingState === "stable");
    if (offered && !polite && !free) {
      deaf = true;
      return;
    }
    if (!offered) doing = "answered";
    try {
      await connection.setRemoteDescription(description);
      deaf = false;
    } finally {
      if (doing === "answered") doing = "nothing";
    }
    if (offered) await describe();
    else connection.dispatchEvent(new Event("negotiated"));
  }

  const commands = {
    /** Sends one more thing; over when that is agreed. */
    async addTransceiver() {
      const transceiver = connection.addTransceiver("video");
      while (!transceiver.currentDirection) {
        await new Promise((again) =>
          connection.addEventListener("negotiated", again, { once: true }),
        );
      }
      return connection.getTransceivers().length;
    },
  };

  window.onmessage = guarded(async ({ data: { description, candidate, run } }) => {
    if (description) {
      await hear(description);
    } else if (candidate) {
      await connection.addIceCandidate(candidate).catch((error) => {
        if (!deaf) throw error;
      });
    } else if (run) {
      tell(window.parent, { [run.id]: await commands[run.cmd]() });
    }
  });
  return connection;
}
