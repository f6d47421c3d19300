// What real clients were answered while workerd was killed and their sockets were cut, judged by
// stateright's LinearizabilityTester: is it what a single writer could have answered?

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { ADMIN_KEY, Runtime } from "./support/runtime.ts";
import { Tab, type Told } from "./support/tab.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ROUNDS = 3;
const SESSIONS = 12;
const NAMES = ["p2p", "west", "daily"];
const PROVIDERS = JSON.stringify(
  NAMES.map((name, n) => ({ name, kind: n ? "sfu" : "p2p", priority: n + 1 })),
);

type Op = { op: "select" | "read" } | { op: "failover"; epoch: number };

/** What happened in one session, in the order in which it did. */
class History {
  readonly events: object[] = [];
  #threads = 0;

  /** A line of operations, one at a time. */
  thread() {
    let thread = this.#threads++;
    return {
      invoke: (invoke: Op) => this.events.push({ thread, invoke }),
      answered: (told: Told) => this.events.push({ thread, return: told }),
      /** The last operation may have happened or not; what follows is another's. */
      lost: () => {
        thread = this.#threads++;
      },
    };
  }
}

/** Random numbers that are the same in every run. */
function random(seed: number) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function person(runtime: Runtime, session: string, user: string, history: History) {
  const thread = history.thread();
  thread.invoke({ op: "select" });
  const tab = await Tab.join(runtime, session, user, { drivers: NAMES });
  thread.answered(tab.rendering!);
  return { tab, thread };
}

/** Says that its epoch failed until the last provider is reached. */
async function fails(
  { tab, thread }: Awaited<ReturnType<typeof person>>,
  chance: () => number,
  reported: () => void,
) {
  while (tab.rendering!.epoch < NAMES.length) {
    await tab.online();
    const { epoch, provider } = tab.rendering!;
    if (epoch >= NAMES.length) return;
    const links = tab.links;
    thread.invoke({ op: "failover", epoch });
    const sent = tab.fail(epoch, provider);
    reported();
    if (chance() < 0.3) tab.cut();
    await tab.until(
      "it is told of another epoch, or came back to the same",
      () => tab.rendering!.epoch > epoch || (tab.links > links && tab.isOnline) || !sent,
    );
    // Told of the one after the next, it cannot know what came of its own report.
    if (tab.rendering!.epoch === epoch + 1) thread.answered(tab.rendering!);
    else thread.lost();
  }
}

/** Reads over HTTP until it is told to stop. */
async function reads(runtime: Runtime, session: string, history: History, goOn: () => boolean) {
  const thread = history.thread();
  while (goOn()) {
    thread.invoke({ op: "read" });
    try {
      const answer = await fetch(new URL(`/v1/sessions/${session}`, runtime.origin), {
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const { epoch, provider } = (await answer.json()) as Told;
      thread.answered({ epoch, provider });
    } catch {
      thread.lost();
    }
    // A few reads between any two reports are enough.
    await new Promise((later) => setTimeout(later, 50));
  }
}

test("what clients are told while everything is killed and cut is linearizable", async (t) => {
  const runtime = await Runtime.start({ PROVIDERS });
  t.after(() => runtime.stop());
  const lines: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { promise: reported, resolve: someReported } = Promise.withResolvers<void>();
    let moves = 0;
    const running = Array.from({ length: SESSIONS }, async (_, n) => {
      const session = `history-${round}-${n}`;
      const history = new History();
      const chance = random(round * SESSIONS + n + 1);
      const people = await Promise.all(
        ["ana", "ben"].map((user) => person(runtime, session, user, history)),
      );
      let going = true;
      const reading = reads(runtime, session, history, () => going);
      const moved = () => {
        moves += 1;
        if (moves === SESSIONS) someReported();
      };
      await Promise.all(people.map((who) => fails(who, chance, moved)));
      going = false;
      await reading;
      for (const { tab } of people) tab.stop();
      lines.push(JSON.stringify({ session, providers: NAMES, events: history.events }));
    });
    // The runtime dies while the reports are on their way.
    await reported;
    await runtime.killAndRestart();
    await Promise.all(running);
  }
  const folder = await mkdtemp(path.join(tmpdir(), "samewire-histories-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "histories.jsonl");
  await writeFile(file, lines.join("\n"));
  const verdict = await new Promise<string>((resolve, reject) =>
    execFile(
      "cargo",
      [
        "run",
        "--quiet",
        "-p",
        "samewire-model",
        "--profile",
        "model",
        "--bin",
        "judge",
        "--",
        file,
      ],
      { cwd: root, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => (error ? reject(new Error(stdout + stderr)) : resolve(stdout)),
    ),
  );
  const judged = verdict.trim().split("\n");
  assert.equal(judged.length, ROUNDS * SESSIONS);
  assert.ok(
    judged.every((line) => line.includes(": linearizable")),
    verdict,
  );
  const events = lines.reduce((sum, line) => sum + JSON.parse(line).events.length, 0);
  t.diagnostic(`${judged.length} histories, ${events} events`);
});
