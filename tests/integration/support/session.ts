// Sessions of several people on several providers.

import { Peer } from "./peer.ts";
import type { Runtime } from "./runtime.ts";

/** Peer-to-peer first, then two SFUs without an adapter: whoever drives those needs no credentials. */
export const PROVIDERS = JSON.stringify([
  { name: "p2p", kind: "p2p", priority: 1 },
  { name: "east", kind: "sfu", priority: 2 },
  { name: "west", kind: "sfu", priority: 3 },
]);

export const DRIVERS = ["p2p", "east", "west", "cloudflare", "janus"];

/** People with a driver for all of them, of whom each knows the others. */
export async function people(
  runtime: Runtime,
  session: string,
  names: string[],
  settings: object = {},
): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const userId of names) {
    const token = await runtime.token(session, { userId, session: settings });
    peers.push(await Peer.join(runtime, session, userId, { token, drivers: DRIVERS }));
  }
  for (const [i, peer] of peers.entries()) {
    for (const later of names.slice(i + 1)) {
      await peer.next("participant_joined", (f) => f.participant.user_id === later);
    }
  }
  return peers;
}

/** Waits until something holds that nothing tells of. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const late = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > late) throw new Error(`waited in vain until ${what}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}
