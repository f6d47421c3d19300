// `make dev`: wrangler with what make has built, and at the end the link to open.

import { spawn } from "node:child_process";
import { createServer } from "node:net";

const port = process.env.PORT ?? "8787";
if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
  console.error(`PORT is "${port}"; it is a number from 1 to 65535`);
  process.exit(1);
}

const taken = await new Promise<boolean>((resolve) => {
  const probe = createServer().once("error", () => resolve(true));
  probe.listen(Number(port), "localhost", () => probe.close(() => resolve(false)));
});
if (taken) {
  console.error(`Port ${port} is in use. Stop what is there, or take another: PORT=8788 make dev`);
  process.exit(1);
}

const passedOn = ["PROVIDERS", "TUNING", "ICE_SERVERS", "LOG_LEVEL", "ALLOWED_ORIGINS"].flatMap(
  (key) => {
    const value = process.env[key];
    return value === undefined ? [] : ["--var", `${key}:${value}`];
  },
);

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
  { stdio: ["ignore", "inherit", "inherit"] },
);
wrangler.on("error", (error) => {
  console.error(`wrangler could not be started: ${error.message}`);
  process.exit(1);
});
wrangler.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 0 : 1)));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => wrangler.kill(signal));
}

const origin = `http://localhost:${port}`;
for (;;) {
  const answer = await fetch(`${origin}/healthz`).catch(() => undefined);
  if (answer?.ok) break;
  if (answer) {
    const problem = (await answer.json().catch(() => undefined)) as { detail?: string } | undefined;
    console.error(`\n  ${problem?.detail ?? `the Worker answers ${answer.status}`}\n`);
    wrangler.kill("SIGTERM");
    break;
  }
  await new Promise((again) => setTimeout(again, 200));
}
if (!wrangler.killed) {
  console.log(`
  Samewire is running. Open this link in two browser tabs:

    ${origin}/?session=demo-first-light

  Saving a Rust or page file builds and serves it. Ctrl-C stops.
`);
}
