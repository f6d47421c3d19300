// Somebody in a call that moves: a small picture and a tone of one's own are sent; of every other's, the
// longest time without a picture and without sound is kept.

import { join } from "samewire";

const VIDEO = { width: 160, height: 120, frameRate: 30 };

/** Quieter than this is silence: the tone is at 0.35. */
const SILENT = 0.05;

/** Counts, on the thread that renders sound, how long at most a tone is not there. */
const EAR = `registerProcessor("ear", class extends AudioWorkletProcessor {
  quiet = 0;
  longest = 0;
  constructor() {
    super();
    this.port.onmessage = () => {
      this.port.postMessage(Math.max(this.longest, this.quiet) / sampleRate * 1000);
      this.longest = this.quiet = 0;
    };
  }
  process([[sound]]) {
    const most = (sound ?? []).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    this.quiet = most < ${SILENT} ? this.quiet + 128 : 0;
    this.longest = Math.max(this.longest, this.quiet);
    return true;
  }
})`;

const connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super(configuration);
    connections.push(this);
  }
};

let call;
let audio;
/** Who is seen and heard, by id. */
const others = new Map();
/** The moves that have brought everyone's media here. */
const arrived = [];

window.enter = async (ticket) => {
  audio = new AudioContext();
  const ear = URL.createObjectURL(new Blob([EAR], { type: "text/javascript" }));
  await audio.audioWorklet.addModule(ear);
  const capture = await navigator.mediaDevices.getUserMedia({ video: VIDEO });
  const media = new MediaStream([...capture.getVideoTracks(), tone()]);
  call = await join({ ...ticket, media });
  call.on("transition:completed", ({ epoch }) => arrived.push(epoch));
  call.on("participant", (one) => {
    if (!one.self && one.change !== "left") show(one);
  });
  for (const one of call.participants) if (!one.self) show(one);
};

function tone() {
  const oscillator = new OscillatorNode(audio, { frequency: 440 });
  const quieter = new GainNode(audio, { gain: 0.5 });
  const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
  oscillator.connect(quieter).connect(out);
  oscillator.start();
  return out.stream.getAudioTracks()[0];
}

/** Shows somebody's stream, which stays the same, in an element that stays the same. */
function show({ id, tracks }) {
  const stream = tracks.find(({ source, stream }) => source === "camera" && stream)?.stream;
  if (!stream) return;
  if (!others.has(id)) {
    const video = document.createElement("video");
    Object.assign(video, { autoplay: true, playsInline: true, srcObject: stream });
    document.body.append(video);
    const ear = new AudioWorkletNode(audio, "ear");
    ear.connect(audio.destination);
    others.set(id, { ear, heard: new Map(), picture: watch(video) });
  }
  listen(stream, others.get(id));
}

/** Keeps the longest time between two frames that were shown, and when it was over. */
function watch(video) {
  const picture = { last: undefined, longest: 0, over: 0 };
  const frame = (_, { presentationTime }) => {
    const gap = presentationTime - (picture.last ?? presentationTime);
    picture.last = presentationTime;
    if (gap > picture.longest) Object.assign(picture, { longest: gap, over: presentationTime });
    video.requestVideoFrameCallback(frame);
  };
  video.requestVideoFrameCallback(frame);
  return picture;
}

/** Leads whatever sound is in a stream now to an ear. */
function listen(stream, { ear, heard }) {
  const tracks = stream.getAudioTracks();
  for (const [track, source] of heard) {
    if (tracks.includes(track)) continue;
    source.disconnect();
    heard.delete(track);
  }
  for (const track of tracks) {
    if (heard.has(track)) continue;
    const source = audio.createMediaStreamSource(new MediaStream([track]));
    source.connect(ear);
    heard.set(track, source);
  }
}

/** Whether all of so many people are seen and heard. */
window.sees = (people) =>
  others.size === people - 1 &&
  [...others.values()].every(({ picture, heard }) => picture.last && heard.size === 1) &&
  call.participants.every(({ self, connection }) => self || connection === "good");

/** Whether everyone's media came by the way of this epoch. */
window.isIn = (epoch) => arrived.includes(epoch);

/** Forgets what was missing so far, and tells it: milliseconds, and since 1970 when a picture was back. */
window.missed = () =>
  Promise.all(
    [...others.values()].map(async ({ picture, ear }) => {
      const { longest, over } = picture;
      Object.assign(picture, { longest: 0, over: 0 });
      const silence = new Promise((told) => (ear.port.onmessage = ({ data }) => told(data)));
      ear.port.postMessage("");
      return { picture: longest, back: performance.timeOrigin + over, sound: await silence };
    }),
  );

/** This way of carrying the call is dead, says this page. */
window.gives = () => call.simulate("provider-failure");

/** What went over the connections that are open, in bytes, and their round trips, in milliseconds. */
window.traffic = async () => {
  const sum = { bytes: 0, connections: 0, roundTrips: [] };
  for (const connection of connections) {
    if (connection.connectionState === "closed") continue;
    sum.connections += 1;
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "transport") sum.bytes += report.bytesSent + report.bytesReceived;
      if (report.nominated && report.currentRoundTripTime) {
        sum.roundTrips.push(report.currentRoundTripTime * 1000);
      }
    }
  }
  return sum;
};
