// `make dev`: wrangler with what make has built, an SFU beside it, and at the end the link to open.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { startSfu } from "./dev-sfu.ts";

const port = process.env.PORT ?? "8787";

const sfu = process.env.PROVIDERS
  ? undefined
  : await startSfu().catch((error: Error) => {
      console.error(error.message);
      process.exit(1);
    });
process.on("exit", () => sfu?.stop());

const passedOn = [
  ...Object.keys(sfu?.vars ?? {}),
  ...(sfu ? [] : ["PROVIDERS"]),
  "TUNING",
  "ICE_SERVERS",
  "SAME_USER",
  "LOG_LEVEL",
  "ALLOWED_ORIGINS",
].flatMap((key) => {
  const value = sfu?.vars[key] ?? process.env[key];
  return value === undefined ? [] : ["--var", `${key}:${value}`];
});

const colours: Record<string, string> = process.stdout.isTTY
  ? { FORCE_COLOR: "1", CARGO_TERM_COLOR: "always" }
  : {};
const wrangler = spawn(
  "wrangler",
  [
    "dev",
    "--port",
    port,
    "--inspector-port",
    "0",
    "--show-interactive-dev-session=false",
    ...passedOn,
  ],
  {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...colours, SAMEWIRE_DEV: "1" },
    // A group of its own: Ctrl-C comes to wrangler once, from here, and ends a running build, too.
    detached: true,
  },
);

/** What wrangler and make say when all is well, or say of what was said already. */
const NOISE = [
  /^⎔ /,
  /^(\[custom build\] ?)?$/,
  /^\[custom build\] Running: /,
  /^\[custom build\] make(\[\d+\])?: \*\*\* /,
  /^The file .* changed, restarting build/,
  // Asked from here, too.
  /^\[wrangler:info\] GET \/healthz 200 /,
];

/** What was said before the link; only somebody whose start fails wants it. */
let held: string[] | undefined = [];
let stopping = false;
/** Whether a build has begun of which nobody was told how it ended. */
let building = false;

for (const [from, to] of [
  [wrangler.stdout, process.stdout],
  [wrangler.stderr, process.stderr],
] as const) {
  createInterface({ input: from }).on("line", (line) => {
    if (stopping) return;
    if (held) return void held.push(line);
    const plain = line.replace(/\x1b\[[\d;]*m/g, "").trimEnd();
    if (/^\[custom build\] Running: /.test(plain)) building = true;
    if (/^\[custom build\] The build failed/.test(plain)) building = false;
    if (building && /^⎔ .* ready$/.test(plain)) {
      building = false;
      to.write("▸ served\n");
    }
    if (NOISE.some((noise) => noise.test(plain))) return;
    to.write(`${line.replace(/^(\x1b\[[\d;]*m)*\[custom build\](\x1b\[[\d;]*m)* /, "")}\n`);
  });
}

void sfu?.ended.then((why) => {
  if (!stopping) console.error(`The SFU is gone, and a call of four goes on directly: ${why}`);
});

const end = (signal: NodeJS.Signals) => {
  try {
    process.kill(-wrangler.pid!, signal);
  } catch {
    // It is gone already.
  }
};
const failed = (why: string) => {
  console.error(`\n  ${why}\n`);
  stopping = true;
  process.exitCode = 1;
  end("SIGTERM");
};

wrangler.on("error", (error) => {
  console.error(`wrangler could not be started: ${error.message}`);
  process.exit(1);
});
wrangler.on("exit", (code) => {
  if (stopping) process.exit();
  if (held?.length) console.error(held.join("\n"));
  process.exit(code || 1);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // Asked twice, it does not ask any more.
    end(stopping ? "SIGKILL" : "SIGTERM");
    stopping = true;
    setTimeout(() => end("SIGKILL"), 5_000).unref();
  });
}

const origin = `http://localhost:${port}`;
while (!stopping) {
  const answer = await fetch(`${origin}/healthz`).catch(() => undefined);
  if (stopping) break;
  if (answer?.ok) {
    // What the Worker warns of when it starts.
    for (const line of held?.filter((line) => line.includes('"level":"WARN"')) ?? []) {
      console.error(line);
    }
    held = undefined;
    console.log(`
  Samewire is running. Open this link in two browser tabs:

    ${origin}/?session=demo-first-light

  ${sfu ? "Three people talk directly, more of them through an SFU on this machine." : "Providers are those of PROVIDERS."}
  The API is at ${origin}/v1; its keys are in .dev.vars.
  Saving a Rust or page file builds and serves it. Ctrl-C stops.
`);
    break;
  }
  if (answer) {
    const problem = (await answer.json().catch(() => undefined)) as { detail?: string } | undefined;
    if (!problem?.detail && held?.length) console.error(held.join("\n"));
    failed(problem?.detail ?? `the Worker answers ${answer.status}`);
    break;
  }
  await new Promise((again) => setTimeout(again, 200));
}
