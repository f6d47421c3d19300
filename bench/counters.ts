// What the Worker's log says of its costs, with LOG_LEVEL=debug.

import type { LogLine } from "../tests/integration/support/runtime.ts";

export interface Counters {
  /** Of the session's object, by what woke it. */
  wakes: Record<string, number>;
  /** Written by statements of the session's object, as its SQLite counts them. */
  rows: number;
  /** How often its alarm was set. */
  alarms: number;
  /** How often the index of live sessions was told. */
  told: number;
}

export function counted(log: LogLine[]): Counters {
  const counters: Counters = { wakes: {}, rows: 0, alarms: 0, told: 0 };
  for (const line of log) {
    const { message, event } = line;
    if (message === "wake") counters.wakes[event!] = (counters.wakes[event!] ?? 0) + 1;
    if (message === "stored") counters.rows += Number(line.rows);
    if (message === "alarm set") counters.alarms += 1;
    if (message === "told") counters.told += 1;
  }
  return counters;
}
