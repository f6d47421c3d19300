// A call whose looks at the statistics are timed: what the browser takes to make them, and what the
// package then does with them.

import { join } from "samewire";

const looks = [];
const real = RTCPeerConnection.prototype.getStats;

RTCPeerConnection.prototype.getStats = function () {
  const asked = performance.now();
  const report = real.call(this);
  return {
    then: (fulfilled, rejected) =>
      report.then((report) => {
        const made = performance.now();
        fulfilled(report);
        looks.push({ browser: made - asked, own: performance.now() - made });
      }, rejected),
  };
};

window.enter = async ({ url, token }) => {
  const video = { width: 320, height: 240, frameRate: 15 };
  window.call = await join({ url, token, media: { audio: true, video } });
};

/** Whether everyone of so many is seen. */
window.sees = (people) =>
  window.call.participants.length === people &&
  window.call.participants.every(({ self, connection }) => self || connection === "good");

/** Forgets the looks so far, and gives the next so many when they have been taken. */
window.next = async (count) => {
  looks.length = 0;
  while (looks.length < count) await new Promise((later) => setTimeout(later, 100));
  return looks.splice(0, count);
};
