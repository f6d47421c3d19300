// `make test`: every check and every test, in order; at the end what failed, by name, and one line
// with the runners' counts.
//
// A check that fails counts as one failure. A runner that could not run counts as one, too: nothing
// is skipped in silence.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Step {
  name: string;
  command: string;
  /** Reads a runner's own counts from what it printed; a check has none. */
  count?: (output: string) => Counts | undefined;
  /** Reads the names of the tests that failed from what it printed. */
  names?: (output: string) => string[];
}

/** `cargo test` prints a line a test binary. */
function cargoCounts(output: string): Counts | undefined {
  const lines = [
    ...output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm),
  ];
  if (lines.length === 0) return undefined;
  const sum = (i: number) => lines.reduce((total, line) => total + Number(line[i]), 0);
  return { passed: sum(1), failed: sum(2), skipped: sum(3) };
}

/** Node's runner closes with `ℹ pass N`. */
function nodeCounts(output: string): Counts | undefined {
  const of = (word: string) => Number(output.match(new RegExp(`^\\S+ ${word} (\\d+)$`, "m"))?.[1]);
  const counts = {
    passed: of("pass"),
    failed: of("fail") + of("cancelled"),
    skipped: of("skipped") + of("todo"),
  };
  return Object.values(counts).some(Number.isNaN) ? undefined : counts;
}

/** Playwright closes with `N passed`, and with lines for what was not. */
function playwrightCounts(output: string): Counts | undefined {
  const of = (word: string) =>
    Number(output.match(new RegExp(`^\\s+(\\d+) ${word}\\b`, "m"))?.[1] ?? 0);
  const counts = {
    passed: of("passed"),
    failed: of("failed") + of("flaky") + of("interrupted"),
    skipped: of("skipped") + of("did not run"),
  };
  return counts.passed + counts.failed + counts.skipped === 0 ? undefined : counts;
}

const indented = (block: string | undefined) =>
  (block ?? "").split("\n").flatMap((line) => line.trim() || []);

/** The files of tests with four and five browsers at once. */
const CROWDS = "hybrid\\.spec";

/** `cargo test` closes a binary that fails with `failures:` and its tests. */
const cargoNames = (output: string) =>
  [...output.matchAll(/^failures:\n((?: {4}\S+\n)+)/gm)].flatMap((found) => indented(found[1]));

/** Node's runner says `✖ a name (12.3ms)`, in its place and again at the end. */
const nodeNames = (output: string) => [
  ...new Set([...output.matchAll(/^\s*✖ (.+) \([\d.]+ms\)$/gm)].map((found) => found[1]!)),
];

/** Playwright lists below `N failed` what did. */
const playwrightNames = (output: string) =>
  [...output.matchAll(/^ {2}\d+ (?:failed|flaky|interrupted)\n((?: {4}.+\n)+)/gm)]
    .flatMap((found) => indented(found[1]))
    .map((line) => line.replace(/[\s─]+$/, ""));

/** Those that race hundreds of sockets, or kill under load; the others wait for most of their time. */
const CROWDED = ["race", "one-wire", "nothing-lost", "linearizable"].map(
  (name) => `${name}.test.ts`,
);

function integration(crowded: boolean): string {
  const all = readdirSync("tests/integration").filter((name) => name.endsWith(".test.ts"));
  const some = all.filter((name) => CROWDED.includes(name) === crowded);
  return some.map((name) => `tests/integration/${name}`).join(" ");
}

const steps: Step[] = [
  { name: "formatting of Rust", command: "cargo fmt --check" },
  { name: "formatting of the rest", command: "prettier --check --log-level warn ." },
  { name: "clippy", command: "cargo clippy --quiet --workspace --all-targets -- -D warnings" },
  {
    name: "clippy, as WebAssembly",
    command:
      "scripts/target.sh && cargo clippy --quiet -p samewire-worker -p samewire-client --target wasm32-unknown-unknown -- -D warnings",
  },
  {
    name: "native tests",
    command: "cargo test --workspace --exclude samewire-model --quiet --no-fail-fast",
    count: cargoCounts,
    names: cargoNames,
  },
  {
    // Optimised, or a million states take ten minutes; one test after the other, because each has
    // two threads of its own.
    name: "model of the session",
    command:
      "cargo test -p samewire-model --profile model --quiet --no-fail-fast -- --test-threads 1 --nocapture",
    count: cargoCounts,
    names: cargoNames,
  },
  { name: "Worker, npm package and pages", command: "make build" },
  { name: "types", command: "tsc -p web --noEmit && tsc -p tests --noEmit" },
  { name: "Janus, an SFU", command: "scripts/packages.sh janus" },
  {
    name: "integration tests in workerd",
    command: `node --test --test-force-exit --test-concurrency=2 ${integration(false)}`,
    count: nodeCounts,
    names: nodeNames,
  },
  {
    name: "integration tests in workerd that want it for themselves",
    command: `node --test --test-force-exit --test-concurrency=1 ${integration(true)}`,
    count: nodeCounts,
    names: nodeNames,
  },
  { name: "browsers", command: "scripts/packages.sh chromium firefox-esr" },
  {
    name: "packaging",
    command: "node --test 'tests/types/*.test.ts' 'tests/packaging/*.test.ts'",
    count: nodeCounts,
    names: nodeNames,
  },
  {
    name: "end-to-end tests in Chromium and Firefox",
    command: `playwright test -c tests --grep-invert '@long|${CROWDS}'`,
    count: playwrightCounts,
    names: playwrightNames,
  },
  {
    name: "end-to-end tests with many people, who want the machine for themselves",
    command: `playwright test -c tests --workers=1 --grep '${CROWDS}' --grep-invert @long`,
    count: playwrightCounts,
    names: playwrightNames,
  },
  {
    name: "bad networks",
    command: "tests/lab/run",
    count: playwrightCounts,
    names: playwrightNames,
  },
];

function run(command: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", command], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        process.stdout.write(text);
      });
    }
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
for (const { name, command, count, names } of steps) {
  console.log(`\n▸ ${name}`);
  const began = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const counts = count?.(output);
  total.passed += counts?.passed ?? 0;
  total.skipped += counts?.skipped ?? 0;
  total.failed += counts?.failed ?? 0;
  // Something is wrong that no runner has counted.
  const uncounted = (code !== 0 && !counts?.failed) || (count !== undefined && !counts);
  if (uncounted) total.failed += 1;
  const failed = names?.(output) ?? [];
  failures.push(...failed.map((test) => `${name}: ${test}`));
  if (uncounted || (counts?.failed && failed.length === 0)) failures.push(`${name}, as said above`);
  const outcome = code === 0 ? "ok" : "FAILED";
  const found = counts
    ? `, ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
    : "";
  console.log(`  ${name}: ${outcome}${found} (${seconds} s)`);
}
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((f) => `  ${f}\n`).join("")}`);
else console.log();
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
