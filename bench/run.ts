// `make bench`: measures, prints, and writes bench/RESULTS.md. A timing is no assertion: what fails
// here could not be measured.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

import { format } from "prettier";

import { decisions } from "./decision.ts";
import { firstFrames } from "./first-frame.ts";
import { type Table, markdown } from "./figures.ts";
import { sizes } from "./sizes.ts";

const root = new URL("..", import.meta.url).pathname;
process.chdir(root);

const output = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

const began = Date.now();
const tables: Table[] = [];
for (const [what, measure] of Object.entries({
  "a durable decision over the socket": decisions,
  "join to first remote frame": firstFrames,
  sizes,
})) {
  console.log(`▸ ${what}`);
  tables.push(await measure());
}

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
- Versions: Node ${process.versions.node}, workerd ${output("node_modules/.bin/workerd", "--version").split(" ").at(-1)}, ${output("/usr/bin/chromium", "--version").split(" ").slice(0, 2).join(" ")}

${tables.map(markdown).join("\n\n")}
`;
const text = await format(results, { parser: "markdown", printWidth: 100 });
writeFileSync("bench/RESULTS.md", text);
console.log(
  `\n${text}\nIn ${Math.round((Date.now() - began) / 1000)} s, kept in bench/RESULTS.md.`,
);
