import { join } from "samewire";

import { contest, show } from "./contest.js";

let call;

async function enter(ticket) {
  call = await join({ ...ticket, media: { audio: true, video: true } });
  const look = () => {
    const [other] = call.participants.filter((participant) => !participant.self);
    const camera = other?.tracks.find((track) => track.source === "camera" && track.stream);
    if (camera) show(camera.stream);
  };
  call.on("participant", look);
  look();
}

contest({ waits: enter, joins: enter, leaves: () => call.leave() });
