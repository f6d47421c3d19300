// What a customer writes must compile, and what is wrong must not.

import { init, join, Negotiator, SamewireError, type Participant } from "samewire";

export async function call(url: string, token: string): Promise<void> {
  const call = await join({ url, token, media: { audio: true, video: { width: 640 } } });
  const stop = call.on("participant", (participant) => {
    const change: "joined" | "updated" | "left" = participant.change;
    const videos: (MediaStream | undefined)[] = participant.tracks
      .filter((track) => track.kind === "video" && !track.muted)
      .map((track) => track.stream);
    console.log(change, videos.length);
  });
  call.on("state", (state) => console.log(state === "connected"));
  call.on("chat", ({ from, name, text, at, self }) => console.log(from, name, text, at, self));
  call.on("transition:started", ({ epoch, cause }) => console.log(epoch, cause));
  call.on("alert", ({ kind, participant, detail }) => console.log(kind, participant, detail));
  call.on("recommendation", ({ cause, metrics, action }) => console.log(cause, metrics, action));
  call.on("error", (error) => console.log(error.code, error.retryAfterMs));
  const everyone: Participant[] = call.participants;
  console.log(everyone.length, call.localTracks, call.messages, call.mode);
  await call.setMicrophone(false);
  await call.setCamera(true);
  await call.setDevice("camera", "default");
  // @ts-expect-error a screen is no device
  await call.setDevice("screen", "default");
  await call.shareScreen();
  await call.shareScreen({ video: { displaySurface: "window" }, audio: true });
  await call.shareScreen(new MediaStream());
  await call.stopScreenShare();
  const speaking: string[] = everyone.filter((one) => one.speaking).map((one) => one.name);
  call.on("error", ({ code }) => console.log(code === "device-lost", speaking));
  call.chat("hi");
  call.simulate("ice-failure");
  // @ts-expect-error there is no such fault
  call.simulate("earthquake");
  stop();
  await call.leave();
}

export async function negotiate(connection: RTCPeerConnection, channel: BroadcastChannel) {
  await init("/assets/samewire.wasm");
  const negotiator = new Negotiator({
    connection,
    polite: true,
    send: (message) => channel.postMessage(message),
  });
  channel.onmessage = ({ data }) => negotiator.receive(data);
  negotiator.on("negotiated", ({ offerer }) => console.log(offerer));
  negotiator.on("glare", ({ role, action }) => console.log(role, action));
  negotiator.on("error", (error) => console.log(error instanceof SamewireError && error.code));
  negotiator.restartIce();
  negotiator.close();
}

// @ts-expect-error a token is needed
void join({ url: "wss://example.com" });

export function wrong(call: Awaited<ReturnType<typeof join>>) {
  // @ts-expect-error there is no such event
  call.on("provider", () => {});
  // @ts-expect-error a provider is never named
  return call.provider;
}
