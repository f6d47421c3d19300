// dev-sfu, the local stand-in for Cloudflare's Realtime SFU: built once, started on a free port, and
// treated as badly as a test wants.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The program. */
export const binary = fileURLToPath(
  new URL("../../target/debug/samewire-dev-sfu", import.meta.url),
);

let built: Promise<unknown> | undefined;

/** Builds it, the first time it is asked. */
export function buildDevSfu(): Promise<unknown> {
  const cargo = ["build", "--quiet", "--package", "samewire-dev-sfu"];
  built ??= promisify(execFile)("cargo", cargo, { cwd: root });
  return built;
}

export interface DevSfuOptions {
  /** No more sessions than that. */
  maxSessions?: number;
  /** The port of the API; a free one unless it is said. */
  port?: number;
  /** Where the API listens. */
  httpIp?: string;
  /** Where media comes in. */
  listenIp?: string;
  /** What it is started with: `["ip", "netns", "exec", NAME]`. */
  within?: string[];
}

export class DevSfu {
  readonly app = "dev";
  readonly secret = randomUUID();
  readonly #options: DevSfuOptions;
  #process: ChildProcess | undefined;
  #url = "";

  private constructor(options: DevSfuOptions) {
    this.#options = options;
  }

  static async start(options: DevSfuOptions = {}): Promise<DevSfu> {
    const sfu = new DevSfu(options);
    await buildDevSfu();
    await sfu.#start(options.port ?? 0);
    return sfu;
  }

  /** What stands for `https://rtc.live.cloudflare.com/v1`. */
  get url(): string {
    return this.#url;
  }

  /** The entry of `PROVIDERS`, with what else it is to say; the secret of the name is `secret`. */
  provider(more: object = {}): object {
    const config = { appId: this.app, url: this.url };
    const secret = "CLOUDFLARE_SFU_SECRET";
    return { name: "cloudflare", kind: "sfu", config, secret, ...more };
  }

  async #start(port: number): Promise<void> {
    const { maxSessions, httpIp, listenIp, within = [] } = this.#options;
    const [command, ...rest] = [...within, binary, "--port", String(port)];
    if (maxSessions !== undefined) rest.push("--max-sessions", String(maxSessions));
    if (httpIp !== undefined) rest.push("--http-ip", httpIp);
    const child = spawn(command!, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        SFU_APP_SECRET: this.secret,
        ...(listenIp === undefined ? {} : { SFU_LISTEN_IP: listenIp }),
      },
    });
    this.#process = child;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    this.#url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        said += `${line}\n`;
        const url = /^listening at (\S+)$/.exec(line)?.[1];
        if (url) resolve(url);
      });
      child.once("error", reject);
      child.once("close", () => reject(new Error(`dev-sfu does not run:\n${said}`)));
    });
  }

  /** A call of its API, below the app: `POST`, `sessions/new`. */
  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const answer = await fetch(`${this.url}/apps/${this.app}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.secret}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  /** Ends it with no time for anything. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Starts it again where it was; it knows nobody any more. */
  async restart(): Promise<void> {
    await this.#end("SIGKILL");
    await this.#start(Number(new URL(this.url).port));
  }

  /** It does nothing until it is thawed: sockets stay open, and nobody answers. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    // One that is frozen would not hear a gentler signal.
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("close", done));
    child.kill(signal);
    await gone;
  }
}
