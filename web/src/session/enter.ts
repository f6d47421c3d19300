import { join, type Call } from "samewire";
import { Problem } from "./problem.js";
import { askForToken } from "./token.js";

/** From a name and a stream to a call. Whatever goes wrong on the way is a `Problem`. */
export async function enter(session: string, name: string, media: MediaStream): Promise<Call> {
  if (typeof RTCPeerConnection === "undefined") {
    throw new Problem("unsupported", "This browser has no WebRTC.");
  }
  const { token, url } = await askForToken(session, name);
  try {
    return await join({ url, token, media });
  } catch (thrown) {
    throw Problem.from(thrown);
  }
}
