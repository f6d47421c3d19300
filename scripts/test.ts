// `make test`: every check and every test, in order; one line at the end with the runners' counts.
//
// A check that fails counts as one failure. A runner that could not run counts as one, too: nothing
// is skipped in silence.

import { spawn } from "node:child_process";

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

const steps: Step[] = [
  { name: "formatting of Rust", command: "cargo fmt --check" },
  { name: "formatting of the rest", command: "prettier --check --log-level warn ." },
  { name: "clippy", command: "cargo clippy --quiet --workspace --all-targets -- -D warnings" },
  {
    name: "clippy, as WebAssembly",
    command:
      "cargo clippy --quiet -p samewire-worker -p samewire-client --target wasm32-unknown-unknown -- -D warnings",
  },
  {
    name: "native tests",
    command: "cargo test --workspace --quiet --no-fail-fast",
    count: cargoCounts,
  },
  { name: "Worker, npm package and pages", command: "make build" },
  { name: "types", command: "tsc -p web --noEmit && tsc -p tests --noEmit" },
  {
    name: "integration tests in workerd",
    command: "node --test --test-concurrency=1 'tests/integration/*.test.ts'",
    count: nodeCounts,
  },
  { name: "Chromium", command: "scripts/chromium.sh" },
  {
    name: "end-to-end tests in Chromium",
    command: "playwright test -c tests",
    count: playwrightCounts,
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
for (const { name, command, count } of steps) {
  console.log(`\n▸ ${name}`);
  const began = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const counts = count?.(output);
  total.passed += counts?.passed ?? 0;
  total.skipped += counts?.skipped ?? 0;
  total.failed += counts?.failed ?? 0;
  // Something is wrong that no runner has counted.
  if ((code !== 0 && !counts?.failed) || (count && !counts)) total.failed += 1;
  const outcome = code === 0 ? "ok" : "FAILED";
  const found = counts
    ? `, ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
    : "";
  console.log(`  ${name}: ${outcome}${found} (${seconds} s)`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
