// Signalling back after a cut: a socket that ends without a word, and a client that comes back at once.

import { Peer } from "../tests/integration/support/peer.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import { type Table, ms, percentile, stopwatch } from "./figures.ts";

const WARM_UP = 20;
const CUTS = 200;
/** What somebody else writes meanwhile. */
const LINES = 3;

export async function resumes(): Promise<Table> {
  const runtime = await Runtime.start();
  try {
    const samples: number[] = [];
    let session = "";
    let ben!: Peer;
    let ana!: Peer;
    for (let cut = -WARM_UP; cut < CUTS; cut += 1) {
      // A socket may say 120 things at once: a new session now and then.
      if ((cut + WARM_UP) % 20 === 0) {
        session = `bench-resume-${cut + WARM_UP}`;
        ben = await Peer.join(runtime, session, "ben");
        ana = await Peer.join(runtime, session, "ana");
      }
      const { instance, resume } = ana;
      const token = await runtime.token(session, { userId: "ana" });
      const elapsed = stopwatch();
      ana.cut();
      const ids = Array.from({ length: LINES }, () => ben.chat("Are you still there?"));
      const back = await Peer.join(runtime, session, "ana", { instance, token, resume });
      const sample = elapsed();
      if (!back.welcome.resumed) throw new Error("it was no resume");
      for (const id of ids) await back.next("chat", (frame) => frame.id === id);
      const heard = [...ana.frames, ...back.frames].filter(
        ({ type, id }) => type === "chat" && ids.includes(id),
      );
      if (heard.length !== LINES)
        throw new Error(`${LINES} lines were heard ${heard.length} times`);
      if (cut >= 0) samples.push(sample);
      for (const peer of [ben, back]) peer.send({ type: "ack", ack: peer.frames.at(-1)!.seq });
      ana = back;
    }
    const [p50, p99] = [50, 99].map((percent) => ms(percentile(samples, percent)));
    return {
      title: "Signalling back after a cut, in milliseconds",
      columns: ["what", "n", "p50", "p99"],
      rows: [
        {
          cells: ["socket cut → resumed `welcome`", samples.length, p50!, p99!],
          includes: `a client in Node ends its socket without a closing handshake and comes back at \
once: the TCP connection, the upgrade, the check of the token's signature, the old socket replaced or \
its end noticed, \`hello\` with the resume secret (which is compared and replaced), the rows stored, \
\`welcome\`. Not included: what the npm package waits before it tries, 125 to 250 ms at \
random the first time, lest all come back at once; and a network, since this is the loopback. Each time somebody \
else writes ${LINES} lines meanwhile: all arrived, each once`,
        },
      ],
    };
  } finally {
    await runtime.stop();
  }
}
