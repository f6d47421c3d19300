// `make bench`: measures, prints, and writes bench/RESULTS.md. A timing is no assertion: what fails
// here could not be measured.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg, totalmem } from "node:os";

import { format } from "prettier";

import { decisions } from "./decision.ts";
import { firstFrames } from "./first-frame.ts";
import { type Table, markdown } from "./figures.ts";
import { postgres } from "./postgres.ts";
import { quiet } from "./quiet.ts";
import { recovery } from "./recovery.ts";
import { resumes } from "./resume.ts";
import { sampling } from "./sampling.ts";
import { sfuDies } from "./sfu-dies.ts";
import { sizes } from "./sizes.ts";
import { switches } from "./switches.ts";
import { throughput } from "./throughput.ts";
import { warm } from "./warm.ts";

const root = new URL("..", import.meta.url).pathname;
process.chdir(root);

const output = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

const benches: Record<string, () => Promise<Table | Table[]>> = {
  decisions,
  throughput,
  postgres,
  resumes,
  quiet,
  "first-frame": firstFrames,
  recovery,
  switches,
  "sfu-dies": sfuDies,
  warm,
  sampling,
  sizes,
};

const began = Date.now();
const load = [loadavg()[0]!];
const some = process.argv.slice(2);
const tables: Table[] = [];
for (const name of some.length > 0 ? some : Object.keys(benches)) {
  const started = Date.now();
  process.stdout.write(`▸ ${name}`);
  tables.push(...[await benches[name]!()].flat());
  console.log(` (${Math.round((Date.now() - started) / 1000)} s)`);
}
if (some.length > 0) {
  console.log(`\n${tables.map(markdown).join("\n\n")}`);
  process.exit();
}

load.push(loadavg()[0]!);
const dirty = output(
  "git",
  "status",
  "--porcelain",
  "--untracked-files=no",
  "--",
  ":!bench/RESULTS.md",
);
const results = `
# What was measured

By \`make bench\`, in one run on one machine. A timing is never an assertion in a test.

- Commit: ${output("git", "rev-parse", "--short=12", "HEAD")}${dirty && ", with changes"}
- Command: \`make bench\` (after the build: \`node bench/run.ts\`)
- Date: ${new Date().toISOString().slice(0, 10)}
- Machine: ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB of memory
- Load of the last minute: ${load.map((n) => n.toFixed(1)).join(" before it began, ")} when it ended
- Versions: Node ${process.versions.node}, workerd ${output("node_modules/.bin/workerd", "--version").split(" ").at(-1)}, ${output("/usr/bin/chromium", "--version").split(" ").slice(0, 2).join(" ")}

${tables.map(markdown).join("\n\n")}
`;
const text = await format(results, { parser: "markdown", printWidth: 100 });
writeFileSync("bench/RESULTS.md", text);
console.log(
  `\n${text}\nIn ${Math.round((Date.now() - began) / 1000)} s, kept in bench/RESULTS.md.`,
);
