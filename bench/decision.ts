// A durable decision over the socket, next to the same object in JavaScript: two Workers in one
// workerd, asked in turns, so that whatever disturbs the machine disturbs both.

import { Peer, type Door } from "../tests/integration/support/peer.ts";
import { Runtime, TOKEN_SECRET } from "../tests/integration/support/runtime.ts";
import { flushRow, flushes } from "./disk.ts";
import { type Table, ms, percentile, stopwatch } from "./figures.ts";
import { type Pair, differences } from "./same.ts";

const WARM_UP = 300;
const DECISIONS = 2_000;
const SESSIONS = 300;
/** A client acknowledges when so many frames are unacknowledged. */
const ACK_EVERY = 32;
const TEXT = "Could you say that again, please? The picture stood still for a moment.";

/** The JavaScript object with its Worker, under a path of its own. */
const PEER_WORKER = {
  name: "peer",
  modulesRoot: "bench/peer-object",
  modules: ["index", "session-object", "records", "limits", "index-object", "token"].map(
    (name) => ({
      type: "ESModule" as const,
      path: `bench/peer-object/${name}.mjs`,
    }),
  ),
  compatibilityDate: "2026-10-23",
  routes: ["*/peer/*"],
  bindings: { TOKEN_SECRET },
  durableObjects: {
    PEERS: { className: "PeerObject", useSQLite: true },
    PEER_INDEX: { className: "PeerIndex", useSQLite: true },
  },
};

/** Samples of the same thing done by both. */
interface Samples {
  ours: number[];
  javascript: number[];
}

export async function decisions(): Promise<Table> {
  // Nobody says so much so fast; what is measured is not the limit.
  const TUNING = JSON.stringify({ FRAME_BURST: 1_000_000 });
  const runtime = await Runtime.start({ TUNING }, [PEER_WORKER]);
  try {
    const javascript: Door = {
      token: (session, body) => runtime.token(session, body),
      socketUrl: (session) => runtime.socketUrl(session).replace("/v1/", "/peer/v1/"),
    };
    const ours = await join(runtime, "bench-ours");
    const peer = await join(javascript, "bench-peer");
    const disk = flushes();
    const chats = await inTurns(
      DECISIONS,
      () => chat(ours),
      () => chat(peer),
    );
    disk.push(...flushes());
    const different = await differences(runtime.disk, ours, peer);
    if (different) throw new Error(`bench/peer-object does not do the same:\n\n${different}`);
    const pings = await inTurns(
      DECISIONS,
      () => ping(ours.speaker),
      () => ping(peer.speaker),
    );
    for (const pair of [ours, peer]) await leave(pair);

    const firsts = await inTurns(
      SESSIONS,
      () => first(runtime),
      () => first(javascript),
    );
    disk.push(...flushes());
    const measured = table(chats, pings, firsts);
    measured.rows.push(flushRow(disk, measured.columns));
    return measured;
  } finally {
    await runtime.stop();
  }
}

async function join(door: Door, session: string): Promise<Pair> {
  const speaker = await Peer.join(door, session, "speaker", { instance: "tab-1" });
  const listener = await Peer.join(door, session, "listener", { instance: "tab-2" });
  await speaker.next("participant_joined");
  return { session, speaker, listener };
}

async function leave({ speaker, listener }: Pair) {
  for (const person of [speaker, listener]) {
    person.send({ type: "leave" });
    await person.untilClosed();
  }
}

/** Does both in turns, each first in every other round. The first rounds are not counted. */
async function inTurns<T>(
  rounds: number,
  ours: () => Promise<T>,
  javascript: () => Promise<T>,
): Promise<{ ours: T[]; javascript: T[] }> {
  const samples = { ours: [] as T[], javascript: [] as T[] };
  const sides = [
    [ours, samples.ours],
    [javascript, samples.javascript],
  ] as const;
  for (let round = -Math.min(WARM_UP, rounds / 10); round < rounds; round += 1) {
    for (const [side, kept] of round % 2 === 0 ? sides : sides.toReversed()) {
      const sample = await side();
      if (round >= 0) kept.push(sample);
    }
  }
  return samples;
}

/** From sending a line to its echo, which is its acknowledgement. */
async function chat({ speaker, listener }: Pair): Promise<number> {
  const elapsed = stopwatch();
  for (const peer of [listener, speaker]) {
    const { seq } = peer.frames.at(-1)!;
    if (seq % ACK_EVERY === 0) peer.send({ type: "ack", ack: seq });
  }
  const id = speaker.chat(TEXT);
  await speaker.next("chat", (frame) => frame.id === id);
  const sample = elapsed();
  await listener.next("chat", (frame) => frame.id === id);
  return sample;
}

async function ping(peer: Peer): Promise<number> {
  const pongs = peer.pongs;
  const elapsed = stopwatch();
  peer.ping();
  await peer.until("a pong came", () => peer.pongs > pongs);
  return elapsed();
}

let sessions = 0;

/** The first decision of a session that nobody was in. */
async function first(door: Door): Promise<{ socket: number; hello: number }> {
  const session = `bench-first-${(sessions += 1)}`;
  const token = await door.token(session, { userId: "speaker" });
  const socket = stopwatch();
  const peer = await Peer.open(door, session, "speaker", { token });
  const hello = stopwatch();
  peer.hello();
  await peer.next("welcome");
  const sample = { socket: socket(), hello: hello() };
  peer.send({ type: "leave" });
  await peer.untilClosed();
  return sample;
}

function table(
  chats: Samples,
  pings: Samples,
  firsts: Record<keyof Samples, { socket: number; hello: number }[]>,
): Table {
  const part = (name: "socket" | "hello"): Samples => ({
    ours: firsts.ours.map((sample) => sample[name]),
    javascript: firsts.javascript.map((sample) => sample[name]),
  });
  return {
    title: "A durable decision over the socket, in milliseconds",
    columns: ["what", "n", "p50", "p99", "JavaScript p50", "p99", "ratio p50", "p99"],
    rows: [
      row("chat, session of two", chats, CHAT_INCLUDES),
      row("ping", pings, PING_INCLUDES),
      row("first decision: `hello` → `welcome`", part("hello"), HELLO_INCLUDES),
      row("first decision: open → `hello` → `welcome`", part("socket"), SOCKET_INCLUDES),
    ],
  };
}

function row(name: string, { ours, javascript }: Samples, includes: string) {
  const [p50, p99] = [percentile(ours, 50), percentile(ours, 99)];
  const [peer50, peer99] = [percentile(javascript, 50), percentile(javascript, 99)];
  const ratios = [p50 / peer50, p99 / peer99].map((ratio) => `${ratio.toFixed(2)} ×`);
  const cells = [name, ours.length, ms(p50), ms(p99), ms(peer50), ms(peer99), ...ratios];
  return { cells, includes };
}

const CHAT_INCLUDES = `a line of ${TEXT.length} characters is sent, decoded, decided, stored in one \
transaction, and comes back to its sender once it is durable; the second person is told, too. Stored \
by both objects, in six statements: the line of the chat (and the line 200 before it deleted), the \
frame kept for each of the two people, the cursor of each. Each of the two acknowledges after \
${ACK_EVERY} frames, which deletes what was kept for them: a decision of its own, right before one \
round trip in ${ACK_EVERY / 2}, and counted into it. After the run the rows that both have stored, and all \
frames they have sent, are compared byte for byte (but for random names and times)`;

const PING_INCLUDES = `what the way costs: the runtime answers by itself, without the object`;

const HELLO_INCLUDES = `in a session that nobody was ever in: the token's claims and capacity are \
checked, provider, room and epoch chosen; stored in one transaction are session, participant (with \
the SHA-256 of a resume secret), cursor, two entries of the decision log and what the index of live \
sessions is to know; the alarm is set. The index is told beside it, by both: nobody waits for that, \
but the machine is shared`;

const SOCKET_INCLUDES = `the same, and before it the TCP connection, the upgrade, the check of the \
token's signature in the Worker, the start of the object, its six tables made and read, and its \
first alarm. Getting the token is not included`;
