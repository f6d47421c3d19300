// What the pages that compete for the first picture have in common.

const video = document.createElement("video");
Object.assign(video, { autoplay: true, muted: true, playsInline: true });
document.body.append(video);

/** Shows somebody else. */
export function show(stream) {
  if (video.srcObject !== stream) video.srcObject = stream;
}

let media;

/** The camera and the microphone, asked for now. */
export function capture() {
  media = navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  return media;
}

/** What the bench calls: who is there first, who comes, and that either goes. */
export function contest({ waits, joins, leaves }) {
  window.waits = waits;
  window.joins = async (ticket) => {
    const began = performance.now();
    const seen = new Promise((resolve) =>
      video.requestVideoFrameCallback(() => resolve(performance.now() - began)),
    );
    await joins(ticket);
    return seen;
  };
  window.leaves = async () => {
    await leaves();
    for (const track of (await media)?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };
}
