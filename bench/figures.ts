// Numbers in, a line of a table out.

/** Milliseconds from now until it is called. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => performance.now() - began;
}

/** The smallest sample that is not below `percent` of them all (nearest rank). */
export function percentile(samples: number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export const ms = (value: number) => value.toFixed(value < 100 ? 2 : 0);

export const bytes = (value: number) => value.toLocaleString("en-GB");

/** A table in Markdown, and below it what each row includes, where another does not say it. */
export interface Table {
  title: string;
  columns: string[];
  rows: { cells: (string | number)[]; includes?: string }[];
}

export function markdown({ title, columns, rows }: Table): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map((_, i) => (i === 0 ? "---" : "--:"));
  return [
    `## ${title}`,
    "",
    ...[columns, rule, ...rows.map((row) => row.cells)].map(line),
    "",
    ...rows.flatMap(({ cells, includes }) => (includes ? [`- **${cells[0]}**: ${includes}`] : [])),
  ].join("\n");
}
