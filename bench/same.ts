// Whether two objects have told and stored the same: what makes comparing their times fair.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Peer } from "../tests/integration/support/peer.ts";

/** Two people in one session of one of the two objects. */
export interface Pair {
  session: string;
  speaker: Peer;
  listener: Peer;
}

const TABLES = ["meta", "participants", "cursors", "kept", "chat", "events"];

/** What is random, or the time. */
const CHANCE =
  /[0-9a-f]{32,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=\\*"(at|[a-z_]+_(at|opened)|(started|updated)At)\\*":)\d+/g;

/** The first difference between what two pairs of people were told, and their objects stored. */
export async function differences(disk: string, a: Pair, b: Pair): Promise<string | undefined> {
  const told = ({ session, speaker, listener }: Pair) =>
    lines([...speaker.frames, ...listener.frames], session);
  // The order of rows hangs on random names.
  const rows = async ({ session }: Pair) => lines(await stored(disk, session), session).sort();
  return difference(told(a), told(b)) ?? difference(await rows(a), await rows(b));
}

function lines(values: object[], session: string): string[] {
  return values.map((value) =>
    JSON.stringify(value).replaceAll(session, "SESSION").replaceAll(CHANCE, "CHANCE"),
  );
}

function difference(a: string[], b: string[]): string | undefined {
  const at = a.findIndex((line, i) => line !== b[i]);
  if (at < 0 && a.length === b.length) return undefined;
  return `${a[at]}\n\n  and\n\n${b[at]}`;
}

/** All rows of the object of a session. */
async function stored(disk: string, session: string): Promise<object[]> {
  for (const file of await readdir(disk, { recursive: true })) {
    if (!file.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(path.join(disk, file), { readOnly: true });
    try {
      const tables = database
        .prepare("SELECT name FROM sqlite_master")
        .all()
        .map((row) => row.name);
      if (!TABLES.every((table) => tables.includes(table))) continue;
      const id = database.prepare("SELECT value FROM meta WHERE key = 'id'").get();
      if (id?.value !== JSON.stringify(session)) continue;
      return TABLES.flatMap((table) =>
        database
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map((row) => ({ table, ...row })),
      );
    } finally {
      database.close();
    }
  }
  throw new Error(`nothing is stored of ${session}`);
}
