// What a session costs while nothing happens in it.

import { setTimeout as wait } from "node:timers/promises";

import type { Peer } from "../tests/integration/support/peer.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import { people } from "../tests/integration/support/session.ts";
import { counted } from "./counters.ts";
import type { Table } from "./figures.ts";

const SESSIONS = 10;
const HEARTBEAT_MS = 15_000;
const SETTLES_MS = 6_000;
const MEASURED_MS = 60_000;
/** The log comes with a delay. */
const LOG_MS = 1_500;

export async function idle(): Promise<Table> {
  const runtime = await Runtime.start({ LOG_LEVEL: "debug" });
  const beats: NodeJS.Timeout[] = [];
  try {
    const everyone: Peer[] = [];
    for (let i = 0; i < SESSIONS; i += 1) {
      const two = await people(runtime, `bench-idle-${i}`, ["ana", "ben"]);
      for (const peer of two) peer.send({ type: "ack", ack: peer.frames.at(-1)!.seq });
      everyone.push(...two);
    }
    for (const peer of everyone) {
      peer.ping();
      beats.push(setInterval(() => peer.ping(), HEARTBEAT_MS));
    }
    await wait(SETTLES_MS);
    const from = runtime.log.length;
    const pongs = () => everyone.reduce((sum, peer) => sum + peer.pongs, 0);
    const before = pongs();
    await wait(MEASURED_MS / 2);
    for (const peer of everyone) peer.send({ type: "quality", epoch: 1, ...QUALITY });
    await wait(MEASURED_MS / 2);
    const heartbeats = pongs() - before;
    await wait(LOG_MS);
    const { wakes, rows, alarms } = counted(runtime.log.slice(from));
    const each = (sum: number) => (sum / SESSIONS).toFixed(1);
    const cells = [
      "two people, a minute",
      each(heartbeats),
      each(wakes.alarm ?? 0),
      each(wakes.message ?? 0),
      each(rows),
      each(alarms),
    ];
    return {
      title: "An idle session",
      columns: [
        "what",
        "heartbeats",
        "wakes by the alarm",
        "wakes by messages",
        "rows",
        "alarms set",
      ],
      rows: [
        {
          cells,
          includes: `the mean of ${SESSIONS} sessions in which both beat every ${HEARTBEAT_MS / 1_000} s and \
report their \`quality\` once, as a client is to do every minute; counted from the Worker's log \
(\`LOG_LEVEL=debug\`). A heartbeat wakes nothing and writes nothing. The alarm looks who still beats; \
setting it anew is a row of its own where rows are paid for`,
        },
      ],
    };
  } finally {
    for (const beat of beats) clearInterval(beat);
    await runtime.stop();
  }
}

const QUALITY = {
  score: 86,
  rating: "excellent",
  mos: 4.3,
  rtt_ms: 42,
  loss_pct: 0.1,
  jitter_ms: 3.5,
  bitrate_kbps: 1_240,
  available_kbps: 2_600,
  fps: 30,
  width: 1280,
  height: 720,
  pair: "srflx/udp",
};
