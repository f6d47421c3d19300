// What a join, a switch and the rest cost: frames, rows and wakes, counted.

import { setTimeout as wait } from "node:timers/promises";

import { Peer } from "../tests/integration/support/peer.ts";
import { Runtime } from "../tests/integration/support/runtime.ts";
import { DRIVERS, PROVIDERS } from "../tests/integration/support/session.ts";
import { counted } from "./counters.ts";
import type { Table } from "./figures.ts";

/** The log comes with a delay. */
const LOG_MS = 1_500;
const SESSION = "bench-cost";

export async function cost(): Promise<Table> {
  const runtime = await Runtime.start({ LOG_LEVEL: "debug", PROVIDERS });
  try {
    const peers: Peer[] = [];
    /** Sockets that were cut. */
    const gone: Peer[] = [];
    const rows: Table["rows"] = [];
    const sum = (of: (peer: Peer) => number) =>
      [...peers, ...gone].reduce((n, peer) => n + of(peer), 0);
    const step = async (what: string, run: () => Promise<unknown>) => {
      const up = sum((peer) => peer.sent);
      const down = sum((peer) => peer.frames.length);
      const from = runtime.log.length;
      await run();
      await wait(LOG_MS);
      const { wakes, rows: stored, alarms, told } = counted(runtime.log.slice(from));
      const woken = Object.values(wakes).reduce((n, count) => n + count, 0);
      const sent = sum((peer) => peer.sent) - up;
      const got = sum((peer) => peer.frames.length) - down;
      rows.push({ cells: [what, sent, got, woken, stored, alarms, told] });
    };
    const join = async (user: string) => {
      const peer = await Peer.join(runtime, SESSION, user, { drivers: DRIVERS });
      peers.push(peer);
      return peer;
    };
    const all = (type: string) => Promise.all(peers.map((peer) => peer.next(type)));
    const epoch = () => peers[0]!.frames.findLast(({ type }) => type === "commit")?.epoch ?? 1;

    await step("the first comes", () => join("ana"));
    await step("the second comes", () => join("ben"));
    const [ana, ben] = peers as [Peer, Peer];
    await step("both publish two tracks", async () => {
      for (const peer of peers) peer.send({ type: "tracks", epoch: 1, tracks: TRACKS });
      await all("participant_updated");
    });
    await step("both see each other", async () => {
      ana.connected(1, [ben]);
      ben.connected(1, [ana]);
      await all("participant_updated");
    });
    await step("both beat ten times", async () => {
      for (let i = 0; i < 10; i += 1) for (const peer of peers) peer.ping();
    });
    await step("a signal", async () => {
      const to = { to: ben.id, epoch: 1, generation: 1, to_generation: 1 };
      ana.send({ type: "signal", id: 1, ...to, payload: { candidate: null } });
      await ben.next("signal");
    });
    await step("a line of chat", async () => {
      ben.chat("Hello");
      await all("chat");
    });
    await step("both acknowledge it all", async () => {
      for (const peer of peers) peer.send({ type: "ack", ack: peer.frames.at(-1)!.seq });
    });
    await step("a planned switch of two", async () => {
      const answer = await runtime.operate("POST", `/v1/sessions/${SESSION}/switch`, {
        provider: "east",
      });
      if (answer.status !== 202) throw new Error(`the switch was answered ${answer.status}`);
      const [prepare] = await all("prepare");
      for (const peer of peers) peer.ready(prepare!.epoch);
      await all("commit");
    });
    await step("the provider fails for two", async () => {
      const failed = epoch();
      for (const peer of peers) peer.failed(failed, "east");
      const [commit] = await all("commit");
      ana.connected(commit!.epoch, [ben]);
      ben.connected(commit!.epoch, [ana]);
      await all("participant_updated");
    });
    await step("a cut and a resume", async () => {
      const { instance, resume } = ben;
      gone.push(ben);
      ben.cut();
      peers[1] = await Peer.join(runtime, SESSION, "ben", { instance, resume, drivers: DRIVERS });
    });
    await step("a third comes", () => join("eva"));
    await step("the third leaves", async () => {
      peers[2]!.send({ type: "leave" });
      await ana.next("participant_left");
    });
    rows[0]!.includes = INCLUDES;
    return {
      title: "What it costs, counted",
      columns: ["what", "frames up", "frames down", "wakes", "rows", "alarms set", "index told"],
      rows,
    };
  } finally {
    await runtime.stop();
  }
}

const TRACKS = [
  { id: "audio", source: "microphone", muted: false },
  { id: "video", source: "camera", muted: false },
];

const INCLUDES = `this row and those below are one session, in this order, of people with a driver for \
three providers. Frames up are what the clients say, frames down what they are told, heartbeats \
aside. A join is the socket, which wakes the object once, and \`hello\`, which does so again. Wakes \
are of the session's object, rows what its statements wrote as its SQLite counts them (rows that a \
statement deletes count, too), both from the Worker's log with \`LOG_LEVEL=debug\`; alarms set are \
rows of their own where rows are paid for, and so is the row that the index of live sessions writes \
when it is told. Within ${LOG_MS / 1_000} s after each: an alarm that rings later is in no row here. \
The planned switch is an operator's request, \`prepare\`, \`ready\` of both, \`commit\`; the failure \
is \`failed\` of both, of which the first commits at once, and \`connected\` of both. What adapters \
and drivers say to a provider is not in it`;
