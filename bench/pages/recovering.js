// Two people of one call in one page, whose clock tells how long the second does not see the first.

import { join } from "samewire";

const video = document.createElement("video");
Object.assign(video, { autoplay: true, muted: true, playsInline: true });
document.body.append(video);

const connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super(configuration);
    connections.push(this);
  }
};

const SMALL = { audio: true, video: { width: 160, height: 120, frameRate: 15 } };

let sent;
let first;
let second;

window.meet = async (tickets) => {
  sent = await navigator.mediaDevices.getUserMedia(SMALL);
  first = await join({ ...tickets[0], media: sent });
  second = await join({ ...tickets[1], media: await navigator.mediaDevices.getUserMedia(SMALL) });
  const show = () => {
    const camera = theOther()?.tracks.find(({ source, track }) => source === "camera" && track);
    if (!camera || video.srcObject?.getVideoTracks()[0] === camera.track) return;
    video.srcObject = new MediaStream([camera.track]);
  };
  second.on("participant", show);
  show();
};

const theOther = () => second.participants.find(({ self }) => !self);

window.isSeen = () => video.currentTime > 0 && theOther()?.connection === "good";

/** No picture for so long is no picture that was late. */
const GAP_MS = 1_000;
/** So many make a picture that moves: the end of a track is one, too. */
const FRAMES = 3;

/** Milliseconds from a fault until the first one's picture moves again, and what has mended it. */
window.recovers = (fault) =>
  new Promise((resolve) => {
    const began = performance.now();
    const before = video.srcObject;
    let last = began;
    let shown = before;
    /** When the picture came again, and how many frames ago. */
    let again;
    const frame = () => {
      const now = performance.now();
      if (now - last > GAP_MS || video.srcObject !== shown) again = { at: now, frames: 0 };
      last = now;
      shown = video.srcObject;
      if (again && (again.frames += 1) === FRAMES) {
        const anew = shown === before ? "ICE restart" : "fresh connection";
        return resolve({ ms: again.at - began, by: isRelayed() ? "relay" : anew });
      }
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
    faults[fault]();
  });

const faults = {
  ice: () => first.simulate("ice-failure"),
  closed: () => first.simulate("connection-failure"),
  /** Only a relay brings what the first one sends. */
  direct() {
    const silent = silence();
    const look = setInterval(() => {
      if (!isRelayed()) return;
      clearInterval(look);
      for (const { sender, track } of silent) void sender.replaceTrack(track);
    }, 10);
  },
  /** Nothing brings it on the connection that there is. */
  connection: () => void silence(),
};

/** Whether the way between the two goes through a relay. */
function isRelayed() {
  return connections
    .flatMap((connection) => connection.getSenders())
    .map(({ transport }) => transport?.iceTransport.getSelectedCandidatePair())
    .some((pair) => pair?.local.type === "relay" || pair?.remote.type === "relay");
}

/** Takes what the first one sends out of its connection, behind the client's back. */
function silence() {
  return connections
    .flatMap((connection) => connection.getSenders())
    .filter(({ track }) => sent.getTracks().includes(track))
    .map((sender) => {
      const { track } = sender;
      void sender.replaceTrack(null);
      return { sender, track };
    });
}
