// How much one object carries: two people of one session who do not wait for each other.

import type { Frame } from "../tests/integration/support/peer.ts";
import { Peer } from "../tests/integration/support/peer.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import { flushRow, flushes } from "./disk.ts";
import { type Table, ms, percentile } from "./figures.ts";

/** What each of the two has said and not yet seen arrive. */
const IN_FLIGHT = 32;
const ACK_EVERY = 32;
const WARM_UP_MS = 1_000;
const MEASURED_MS = 4_000;

/** A candidate as a browser sends it. */
const PAYLOAD = {
  candidate: {
    candidate:
      "candidate:842163049 1 udp 1677729535 203.0.113.17 46154 typ srflx raddr 192.0.2.4 rport 46154 generation 0 ufrag EsAw network-cost 999",
    sdpMid: "0",
    sdpMLineIndex: 0,
    usernameFragment: "EsAw",
  },
};
const TEXT = "Could you say that again, please? The picture stood still for a moment.";

export async function throughput(): Promise<Table> {
  // Nobody says so much so fast; what is measured is not the limit.
  const TUNING = JSON.stringify({ FRAME_BURST: 1_000_000, FRAME_EVERY: 1 });
  const runtime = await Runtime.start({ TUNING });
  try {
    const rows: Table["rows"] = [];
    const disk: number[] = [];
    for (const { what, type, say, includes } of CASES) {
      const session = `bench-${type}`;
      const ana = await Peer.join(runtime, session, "ana");
      const ben = await Peer.join(runtime, session, "ben");
      await ana.next("participant_joined");
      disk.push(...flushes());
      const samples = await pipelined(ana, ben, type, say);
      const [p50, p99] = [50, 99].map((percent) => ms(percentile(samples, percent)));
      const rate = Math.round((samples.length / MEASURED_MS) * 1_000);
      rows.push({ cells: [what, samples.length, rate, p50!, p99!], includes });
      for (const peer of [ana, ben]) peer.close();
    }
    rows.push(flushRow(disk, COLUMNS));
    return { title: "One object, two sockets that do not wait", columns: COLUMNS, rows };
  } finally {
    await runtime.stop();
  }
}

const COLUMNS = ["what", "n", "a second", "ms p50", "p99"];

type Say = (from: Peer, to: Peer, id: number) => void;

/**
 * Both say one thing more whenever something they said has arrived: of a signal at the other, of a
 * line of chat as its echo. Gives the milliseconds that each took.
 */
async function pipelined(ana: Peer, ben: Peer, type: string, say: Say): Promise<number[]> {
  const samples: number[] = [];
  const began = performance.now() + WARM_UP_MS;
  const ends = began + MEASURED_MS;
  let waiting = 0;
  const sides = [
    { from: ana, to: ben },
    { from: ben, to: ana },
  ].map((pair) => ({ ...pair, said: new Map<number, number>(), id: 0 }));
  const speak = (side: (typeof sides)[number]) => {
    side.id += 1;
    side.said.set(side.id, performance.now());
    waiting += 1;
    say(side.from, side.to, side.id);
  };
  await new Promise<void>((resolve, reject) => {
    const arrived = (at: Peer, frame: Frame) => {
      if (frame.seq % ACK_EVERY === 0) at.send({ type: "ack", ack: frame.seq });
      if (frame.type === "error") reject(new Error(JSON.stringify(frame)));
      if (frame.type !== type) return;
      const side = sides.find(({ from }) => from.welcome.participant === frame.from)!;
      if (type === "chat" && side.from !== at) return;
      const said = side.said.get(frame.id);
      if (said === undefined) return reject(new Error(`${type} ${frame.id} arrived twice`));
      side.said.delete(frame.id);
      waiting -= 1;
      const now = performance.now();
      if (now >= began && now < ends) samples.push(now - said);
      if (now < ends) speak(side);
      else if (waiting === 0) resolve();
    };
    for (const peer of [ana, ben]) peer.listen((frame) => arrived(peer, frame));
    for (const side of sides) for (let i = 0; i < IN_FLIGHT; i += 1) speak(side);
  });
  return samples;
}

const CASES: { what: string; type: string; say: Say; includes: string }[] = [
  {
    what: "signals relayed",
    type: "signal",
    say: (from, to, id) =>
      from.send({
        type: "signal",
        id,
        to: to.welcome.participant,
        epoch: 1,
        generation: 1,
        to_generation: 1,
        payload: PAYLOAD,
      }),
    includes: `two people of one session send each other candidates of ${JSON.stringify(PAYLOAD).length} \
bytes, each with ${IN_FLIGHT} under way. Of each, epoch and both generations are checked, what its \
sender may not repeat and what its receiver has to have are stored (three rows), and it is told once \
that is durable; the milliseconds are from sending it to having it. The acknowledgement of every \
${ACK_EVERY}nd frame is handled beside it. The two people, in one Node, share the machine with the \
object`,
  },
  {
    what: "lines of chat decided",
    type: "chat",
    say: (from) => from.chat(TEXT),
    includes: `the same with lines of ${TEXT.length} characters, each of which is told to both people, \
and stored as said above; the milliseconds are from sending it to its echo`,
  },
];
