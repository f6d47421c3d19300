// How soon a participant who died without a word is noticed. Every constant is as it is shipped.

import { setTimeout as wait } from "node:timers/promises";

import { Peer } from "../tests/integration/support/peer.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import { type Table, ms, percentile, stopwatch } from "./figures.ts";

const SESSIONS = 40;
/** Between the deaths, so that what is measured is not how many fit into one moment. */
const APART_MS = 600;
/** After this the npm package takes somebody's media for stalled: `STALLED` of `core/src/link/pair.rs`. */
const STALLED_MS = 1_500;
const HEARTBEAT_MS = 15_000;

export async function presence(): Promise<Table> {
  const runtime = await Runtime.start();
  try {
    const all = (suspects: boolean) =>
      Promise.all(
        Array.from({ length: SESSIONS }, async (_, i) => {
          await wait(i * APART_MS);
          return noticed(runtime, `bench-${suspects ? "suspected" : "silent"}-${i}`, suspects);
        }),
      );
    const [suspected, silent] = await Promise.all([all(true), all(false)]);
    return {
      title: "A dead participant noticed, in seconds",
      columns: ["what", "n", "p50", "p95", "most"],
      rows: [
        row("by somebody whose media stalls", suspected, SUSPECTED),
        row("by its silence", silent, SILENT),
      ],
    };
  } finally {
    await runtime.stop();
  }
}

/** Milliseconds from somebody's last word to the alert that the other gets. */
async function noticed(runtime: Runtime, session: string, suspects: boolean): Promise<number> {
  const alive = await Peer.join(runtime, session, "alive");
  const dies = await Peer.join(runtime, session, "dies");
  const beat = setInterval(() => alive.ping(), HEARTBEAT_MS);
  try {
    const { participant, session: of } = dies.welcome;
    await ping(dies);
    // From here on it says nothing, and answers nothing. Its socket stays open.
    const elapsed = stopwatch();
    if (suspects) {
      await wait(STALLED_MS);
      const evidence = { stalled_ms: STALLED_MS };
      alive.send({ type: "suspect", epoch: of.epoch, participant, evidence });
    }
    await alive.next("alert", (frame) => {
      return frame.kind === "participant_stale" && frame.participant === participant;
    });
    return elapsed();
  } finally {
    clearInterval(beat);
    for (const peer of [alive, dies]) peer.cut();
  }
}

async function ping(peer: Peer) {
  const { pongs } = peer;
  peer.ping();
  await peer.until("a pong came", () => peer.pongs > pongs);
}

function row(what: string, samples: number[], includes: string) {
  const seconds = [50, 95, 100].map((percent) => ms(percentile(samples, percent) / 1_000));
  return { cells: [what, samples.length, ...seconds], includes };
}

const SUSPECTED = `two in a session; one stops saying anything, and its socket stays open, as when a \
cable is pulled. The other says \`suspect\` ${STALLED_MS / 1_000} s after that, the span after which the npm package takes media for stalled (here it is \
a timer, no media). The session asks the silent one (\`probe\`), waits for \`PROBE\`, \
3 s, and alerts the other: ${STALLED_MS / 1_000} + 3 s, and the way. ${SESSIONS} sessions of one Worker at \
the same time, ${APART_MS} ms apart`;

const SILENT = `the same, and nobody suspects anything. It dies right after a heartbeat, which is the \
worst moment: \`LEASE\`, 30 s, then \`PROBE\`, 3 s, by the object's alarm. At another moment it is up to \
\`HEARTBEAT\`, 15 s, less. A socket that ends is told at once, and is not measured here`;
