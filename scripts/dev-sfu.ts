// The SFU of `make dev`: the stand-in of dev-sfu, on a free port, so that a fourth participant moves
// everybody to an SFU on a bare machine. Whoever sets PROVIDERS says what there is, and gets none.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY = fileURLToPath(new URL("../target/debug/samewire-dev-sfu", import.meta.url));
const SECRET = "CLOUDFLARE_SFU_SECRET";

export interface DevSfu {
  /** What the Worker is told of it. */
  vars: Record<string, string>;
  /** Resolves, with the reason, if it ends unasked. */
  ended: Promise<string>;
  stop: () => void;
}

export async function startSfu(): Promise<DevSfu> {
  const secret = randomUUID();
  const child = spawn(BINARY, ["--app-id", "dev"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SFU_APP_SECRET: secret },
    // A group of its own: Ctrl-C comes to it from here, when the Worker has been told.
    detached: true,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<string>((why) => {
    child.once("error", (error) => why(error.message));
    child.once("close", (code, signal) => why(said.trim() || `it ended with ${signal ?? code}`));
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /^listening at (\S+)$/.exec(line)?.[1];
      if (url) resolve(url);
    });
    void ended.then((why) => reject(new Error(`the SFU for development does not run: ${why}`)));
  });
  const providers = [
    { name: "p2p", kind: "p2p", priority: 1 },
    {
      name: "cloudflare",
      kind: "sfu",
      priority: 2,
      config: { appId: "dev", url },
      secret: SECRET,
    },
  ];
  return {
    vars: { PROVIDERS: JSON.stringify(providers), [SECRET]: secret },
    ended,
    stop: () => child.kill("SIGTERM"),
  };
}
