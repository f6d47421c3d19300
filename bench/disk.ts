// What a flush to the disk takes, without anything else: the floor of whatever is durable.

import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { type Table, ms, percentile, stopwatch } from "./figures.ts";

const FLUSHES = 50;
const PAGE = Buffer.alloc(4_096, 1);

/** Milliseconds that each of some flushes took, where the databases are that are measured. */
export function flushes(): number[] {
  const folder = mkdtempSync(path.join(tmpdir(), "samewire-disk-"));
  const file = openSync(path.join(folder, "log"), "w");
  try {
    return Array.from({ length: FLUSHES }, () => {
      const elapsed = stopwatch();
      writeSync(file, PAGE);
      fsyncSync(file);
      return elapsed();
    });
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

/** A row of these samples, as wide as its table. */
export function flushRow(samples: number[], columns: string[]): Table["rows"][number] {
  const cells = columns.map((column): string | number => {
    if (column === "what") return "a bare `fsync`";
    if (column === "n") return samples.length;
    return "";
  });
  const p50 = columns.findIndex((column) => column.endsWith("p50"));
  cells[p50] = ms(percentile(samples, 50));
  cells[p50 + 1] = ms(percentile(samples, 99));
  const includes = `4 KiB appended to a file and flushed, in the folder where the databases of this \
table are, between the measurements: what the disk took at that time. Whatever is durable waits for \
one at least, or shares it with others`;
  return { cells, includes };
}
