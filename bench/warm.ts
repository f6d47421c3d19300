// What it costs three people to be connected to an SFU in advance, and what a fourth gains by it is in the
// time that a move takes.

import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

import { runningBelow } from "../tests/e2e/support/server.ts";
import { type Table } from "./figures.ts";
import { type Call, House, type Traffic } from "./moving.ts";

const PEOPLE = 3;
const ROUNDS = 2;
const SPAN_MS = 5_000;
/** Of a process, in the unit of /proc: a hundredth of a second. */
const TICK_MS = 10;

interface Cost {
  connections: number;
  /** Per cent of one core. */
  browser: number;
  sfu: number;
  /** Of one page, both ways, in kbit/s. */
  traffic: number;
}

export async function warm(): Promise<Table> {
  const house = await House.open({});
  try {
    const costs: Record<string, Cost[]> = { "with the warm leg": [], "without it": [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [what, samples] of Object.entries(costs)) {
        // Where peer-to-peer is good for more, the next is no reason to go elsewhere.
        const p2pLimit = what === "without it" ? PEOPLE + 1 : PEOPLE;
        const call = await house.meet(`bench-warm-${p2pLimit}-${round}`, PEOPLE, { p2pLimit });
        const connections = PEOPLE - 1 + (p2pLimit === PEOPLE ? 1 : 0);
        try {
          await call.each((page) =>
            page.waitForFunction(
              async (connections) => (await window.traffic()).connections === connections,
              connections,
            ),
          );
          samples.push(await measure(call, connections));
        } finally {
          await call.end();
        }
      }
    }
    return table(costs);
  } finally {
    await house.close();
  }
}

async function measure(call: Call, connections: number): Promise<Cost> {
  // What connecting costs is over.
  await wait(1_500);
  const bytes = (all: Traffic[]) => all.reduce((sum, one) => sum + one.bytes, 0);
  const look = async () => ({
    at: performance.now(),
    bytes: bytes(await call.traffic()),
    browser: await cpu("chromium"),
    sfu: await cpu("samewire-dev-sf"),
  });
  const before = await look();
  await wait(SPAN_MS);
  const after = await look();
  const span = after.at - before.at;
  return {
    connections,
    browser: (100 * (after.browser - before.browser)) / span,
    sfu: (100 * (after.sfu - before.sfu)) / span,
    traffic: ((after.bytes - before.bytes) * 8) / span / PEOPLE,
  };
}

/** Milliseconds of all that we run under a name, which the kernel cuts after 15 letters. */
async function cpu(name: string): Promise<number> {
  const used = async (pid: number) => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(stat) ?? [];
    return (Number(user ?? 0) + Number(system ?? 0)) * TICK_MS;
  };
  const all = await Promise.all((await runningBelow(process.pid, name)).map(used));
  return all.reduce((sum, one) => sum + one, 0);
}

function table(costs: Record<string, Cost[]>): Table {
  const rows: Table["rows"] = Object.entries(costs).map(([what, samples]) => {
    const mean = (of: keyof Cost) =>
      (samples.reduce((sum, one) => sum + one[of], 0) / samples.length).toFixed(1);
    return {
      cells: [what, mean("connections"), mean("browser"), mean("sfu"), mean("traffic")],
    };
  });
  rows[0]!.includes = `three people, peer-to-peer: one more would move them to \`dev-sfu\`, so that each page has \
connected ICE and DTLS there (\`standby\`), and sends nothing. The mean of ${ROUNDS} calls of each kind, in turns, \
${SPAN_MS / 1_000} s of each, once all were connected: the processor's time of all three pages' Chromium and of \
\`dev-sfu\`, in per cent of one core, and what one page's connections carry both ways, of ICE and DTLS too`;
  return {
    title: "Standing by: an SFU connected in advance",
    columns: ["what", "connections of a page", "Chromium, %", "SFU, %", "kbit/s of a page"],
    rows,
  };
}
