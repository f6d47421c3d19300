// An SFU that is killed under a call: when everyone sees everyone again on the other one.

import { setTimeout as wait } from "node:timers/promises";

import { type Table, ms, percentile } from "./figures.ts";
import { type Call, House, undisturbed } from "./moving.ts";

const PEOPLE = 4;
const KILLS = 5;

/** What failed may be moved to again once it runs again. Whatever else decides is as it is shipped. */
const TUNING = { BAR_FAILED: 1_000, PREPARE_DEADLINE: 15_000 };

/** Milliseconds after the kill. */
interface Death {
  evidence: number;
  decision: number;
  pictures: number;
  sound: number;
}

export async function sfuDies(): Promise<Table> {
  const house = await House.open(TUNING);
  try {
    const call = await house.meet("bench-dies", PEOPLE);
    try {
      const deaths: Death[] = [];
      let dropped = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        await isOnTheFirst(call);
        const death = await undisturbed(() => dies(house, call));
        if (death) deaths.push(death);
        else dropped += 1;
        await house.sfu.restart();
      }
      return table(deaths, dropped);
    } finally {
      await call.end();
    }
  } finally {
    await house.close();
  }
}

/** Waits until that may be moved to again. */
async function isOnTheFirst(call: Call) {
  await call.areTogether();
  await wait(TUNING.BAR_FAILED);
  const { epoch, provider } = await call.snapshot();
  if (provider === "p2p") await call.arrives(epoch);
  else if (provider !== "cloudflare") await call.switches("cloudflare");
}

async function dies(house: House, call: Call): Promise<Death> {
  const { epoch } = await call.snapshot();
  await call.fresh();
  const killed = Date.now();
  await house.sfu.kill();
  await call.arrives(epoch);
  await wait(500);
  const missed = await call.missed();
  const since = async (kind: string) => {
    const first = (await call.log(kind)).find((entry) => entry.at >= killed);
    return (first?.at as number) - killed;
  };
  return {
    evidence: await since("reported"),
    decision: await since("committed"),
    pictures: Math.max(...missed.map((one) => one.back)) - killed,
    sound: Math.max(...missed.map((one) => one.sound)),
  };
}

function table(deaths: Death[], dropped: number): Table {
  const row = (what: string, of: keyof Death) => {
    const values = deaths.map((death) => death[of]);
    return { cells: [what, values.length, ...[50, 95, 100].map((p) => ms(percentile(values, p)))] };
  };
  const rows: Table["rows"] = [
    row("everyone's pictures are back", "pictures"),
    row("the longest that anyone hears nothing", "sound"),
    row("the session is told of the first evidence", "evidence"),
    row("the session has decided", "decision"),
  ];
  rows[0]!.includes = `${PEOPLE} people on \`dev-sfu\`, which gets SIGKILL; links, pictures and tones as with the \
moves above. From the kill until the last of all ${PEOPLE * (PEOPLE - 1)} pictures moves again, through Janus; \
evidence and decision by the session's log. The goals are 3 s at p95, and a decision within 1 s of the first \
evidence. Every constant but \`BAR_FAILED\` and \`PREPARE_DEADLINE\`, which have no part in it, is as it is shipped. Dropped, \
since the machine stood still meanwhile: ${dropped}`;
  return {
    title: "An SFU is killed, in milliseconds after that",
    columns: ["what", "n", "p50", "p95", "most"],
    rows,
  };
}
