// A planned move between peer-to-peer and an SFU, as those who are in the call see and hear it; the same
// without make-before-break, and with no move at all.

import { setTimeout as wait } from "node:timers/promises";

import { type Table, ms, percentile } from "./figures.ts";
import { type Call, House, type Missed, undisturbed } from "./moving.ts";

const PEOPLE = 3;
/** There and back, prepared. */
const ROUNDS = 13;
/** There by an urgent commit, and back prepared. */
const URGENT = 5;
const STILL = 3;

/** Looked at for so long after everyone has arrived: what is left of the way before is gone by then. */
const AFTERWARDS_MS = 2_300;

/** Operators move at any time; what failed is forgotten at once, so that it can be moved to again. */
const TUNING = { BAR_FAILED: 1, PREPARE_DEADLINE: 15_000 };

const PREPARED = "a prepared move";
const BROKEN = "break before make";
const NONE = "no move";

export async function switches(): Promise<Table[]> {
  const house = await House.open(TUNING);
  try {
    const call = await house.meet("bench-switches", PEOPLE);
    try {
      const missed: Record<string, Missed[]> = { [PREPARED]: [], [BROKEN]: [], [NONE]: [] };
      let dropped = 0;
      const sees = async (what: string, happens: () => Promise<unknown>) => {
        const seen = await undisturbed(async () => {
          await call.fresh();
          await happens();
          await wait(AFTERWARDS_MS);
          return call.missed();
        });
        if (seen) missed[what]!.push(...seen);
        else dropped += 1;
      };
      const isOn = async (provider: string) => {
        if ((await call.snapshot()).provider !== provider) await call.switches(provider);
      };
      for (let round = 0; round < ROUNDS; round += 1) {
        await isOn("p2p");
        await sees(PREPARED, () => call.switches("cloudflare"));
        await isOn("cloudflare");
        await sees(PREPARED, () => call.switches("p2p"));
      }
      for (let round = 0; round < URGENT; round += 1) {
        await isOn("p2p");
        await sees(BROKEN, () => call.breaks());
        await isOn("cloudflare");
        await sees(PREPARED, () => call.switches("p2p"));
      }
      for (let round = 0; round < STILL; round += 1) await sees(NONE, () => wait(1_000));
      const roundTrips = (await call.traffic()).flatMap((one) => one.roundTrips);
      return [gaps(missed, percentile(roundTrips, 50), dropped), await preparations(call)];
    } finally {
      await call.end();
    }
  } finally {
    await house.close();
  }
}

function gaps(missed: Record<string, Missed[]>, roundTrip: number, dropped: number): Table {
  const rows = Object.entries(missed).flatMap(([what, all]) => {
    const row = (of: string, values: number[]) => ({
      cells: [`${what}: ${of}`, all.length, ...[50, 95, 99].map((p) => ms(percentile(values, p)))],
    });
    return [
      row(
        "pictures",
        all.map((one) => one.picture),
      ),
      row(
        "sound",
        all.map((one) => one.sound),
      ),
    ];
  });
  const [first, , urgent, , none] = rows as { cells: (string | number)[]; includes?: string }[];
  first!.includes = `${missed[PREPARED]!.length / PEOPLE / (PEOPLE - 1)} moves of ${PEOPLE} people between peer-to-peer and \`dev-sfu\`, \
asked for by an operator; every other one of everyone is a value. Each page has a link whose delay is \
emulated by Chromium (\`Network.emulateNetworkConditions\`): a round trip of ICE takes ${ms(roundTrip)} ms. \
Pictures of 160 by 120, 30 a second, in a \`<video>\` that shows the same stream all the time: the longest \
time between two that were shown, from before the request until 2.3 s after everyone's media came by \
the new way, by the \`presentationTime\` of \`requestVideoFrameCallback\`. For sound each sends a tone; \
the longest time in which an AudioWorklet on what the call gives does not hear it. The goals are 150 ms at \
the median and 300 ms at p99 for pictures, 200 ms at p95 for sound. Dropped, since the machine stood still \
or had no time for the bench meanwhile: ${dropped} of all`;
  urgent!.includes = `two of the three say that peer-to-peer is dead (\`simulate("provider-failure")\`), \
while it is well, so that the session commits the SFU without a \`prepare\`: everyone closes what there \
was, and connects anew. What is measured and how is the same`;
  none!.includes = `the same call and the same measurement, for as long, and nothing happens: what there is of \
both without any move`;
  return {
    title: "A move seen and heard, in milliseconds",
    columns: ["what", "n", "p50", "p95", "p99"],
    rows,
  };
}

/** What the session's own log says of how long it took until all were ready. */
async function preparations(call: Call): Promise<Table> {
  const prepared = (await call.log("committed")).filter((entry) => entry.cause === "operator");
  const aborted = await call.log("aborted");
  const rows = ["cloudflare", "p2p"].map((provider) => {
    const all = prepared.filter((entry) => entry.provider === provider);
    const took = all.map((entry) => entry.evidence.preparedInMs as number);
    const cells = [
      `to ${provider}`,
      all.length,
      ...[50, 95, 100].map((p) => ms(percentile(took, p))),
    ];
    return { cells } as Table["rows"][number];
  });
  rows[0]!.includes = `the same moves, by the session's log: from telling everyone until the last one had said \
\`ready\`, which is when all of everyone's media is decoded there. The goal is 2 s at p95. ${aborted.length} \
were aborted`;
  return {
    title: "From `prepare` to `commit`, in milliseconds",
    columns: ["what", "n", "p50", "p95", "most"],
    rows,
  };
}
