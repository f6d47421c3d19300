// `wrangler dev`, as a contributor runs it, on a free port and a disk of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { freePort } from "../../support/network.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What signs the tokens. */
export const TOKEN_SECRET = "an end-to-end test's secret of more than 32 bytes";

const VARS = {
  API_KEY: "e2e-api-key",
  ADMIN_KEYS: '{"tester":{"key":"e2e-admin-key","role":"operator"}}',
  TOKEN_SECRET,
  DEMO: "true",
};

export class Server {
  readonly origin: string;
  readonly #port: number;
  readonly #disk: string;
  readonly #wrangler: ChildProcess;
  #output = "";

  private constructor(port: number, ip: string, disk: string, vars: Record<string, string>) {
    this.#port = port;
    this.#disk = disk;
    this.origin = `http://${ip}:${port}`;
    this.#wrangler = spawn(
      path.join(root, "node_modules/.bin/node"),
      [
        path.join(root, "node_modules/wrangler/bin/wrangler.js"),
        "dev",
        ...["--port", String(port), "--ip", ip, "--inspector-port", "0", "--persist-to", disk],
        "--show-interactive-dev-session=false",
        ...Object.entries({ ...VARS, ...vars }).flatMap(([k, v]) => ["--var", `${k}:${v}`]),
      ],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    for (const stream of [this.#wrangler.stdout!, this.#wrangler.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  /** Serves at this address. */
  static async start(vars: Record<string, string> = {}, ip = "localhost"): Promise<Server> {
    const disk = await mkdtemp(path.join(tmpdir(), "samewire-e2e-"));
    const server = new Server(await freePort(ip), ip, disk, vars);
    await server.healthy();
    return server;
  }

  /** What it has printed: why something went wrong. */
  get output(): string {
    return this.#output;
  }

  /** Waits until the Worker answers. */
  async healthy() {
    const late = Date.now() + 60_000;
    for (;;) {
      const answer = await fetch(`${this.origin}/healthz`).catch(() => undefined);
      if (answer?.ok) return;
      if (this.#wrangler.exitCode !== null || Date.now() > late) {
        await this.stop();
        throw new Error(`wrangler dev does not serve:\n${this.#output}`);
      }
      await new Promise((again) => setTimeout(again, 100));
    }
  }

  /** What a customer's backend asks for, for somebody of this name. */
  async ticket(room: string, name: string): Promise<{ room: string; url: string; token: string }> {
    const answer = await fetch(`${this.origin}/v1/sessions/${room}/tokens`, {
      method: "POST",
      headers: { authorization: "Bearer e2e-api-key", "content-type": "application/json" },
      body: JSON.stringify({ userId: name, name }),
    });
    if (!answer.ok) throw new Error(`tokens: ${answer.status} ${await answer.text()}`);
    const { url, token } = await answer.json();
    return { room, url, token };
  }

  /** The session as an operator sees it, or what is below it: `demo-a/events`. */
  async snapshot(session: string): Promise<any> {
    const answer = await fetch(`${this.origin}/v1/sessions/${session}`, {
      headers: { authorization: "Bearer e2e-admin-key" },
    });
    return answer.json();
  }

  /** What an operator does to a session, or to what is below it. */
  async change(session: string, method: string, what = "", body?: object): Promise<void> {
    const answer = await fetch(`${this.origin}/v1/sessions/${session}${what}`, {
      method,
      headers: { authorization: "Bearer e2e-admin-key", "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${what}: ${answer.status} ${await answer.text()}`);
  }

  /** What an operator removes below a session, or all of it. */
  remove(session: string, what = ""): Promise<void> {
    return this.change(session, "DELETE", what);
  }

  /** `kill -9` for the workerd that runs the Worker and its objects; wrangler starts another. */
  async killRuntime() {
    const workerds = await runningBelow(this.#wrangler.pid!, "workerd");
    // The other one is wrangler's own proxy: it listens on the port that the pages use.
    const proxy = await listener(this.#port, workerds);
    const victims = workerds.filter((pid) => pid !== proxy);
    if (proxy === undefined || victims.length === 0) {
      throw new Error(`no runtime to kill among ${workerds} with the proxy ${proxy}`);
    }
    for (const pid of victims) process.kill(pid, "SIGKILL");
  }

  async stop() {
    const gone = new Promise((done) => this.#wrangler.once("exit", done));
    if (this.#wrangler.exitCode === null) {
      // The whole group: wrangler, what it started, and the build it may be running.
      process.kill(-this.#wrangler.pid!, "SIGTERM");
      await gone;
    }
    await rm(this.#disk, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The processes that descend from one, all or those of a name. */
export async function runningBelow(ancestor: number, name?: string): Promise<number[]> {
  const parents = new Map<number, { parent: number; name: string }>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const [, comm, rest] = stat.match(/^\d+ \((.*)\) (.*)/) ?? [];
    if (comm) parents.set(Number(entry), { parent: Number(rest!.split(" ")[1]), name: comm });
  }
  const descends = (pid: number): boolean => {
    const parent = parents.get(pid)?.parent;
    return parent !== undefined && (parent === ancestor || descends(parent));
  };
  return [...parents]
    .filter(([pid, p]) => (name === undefined || p.name === name) && descends(pid))
    .map(([pid]) => pid);
}

/** Which of these processes listens on a port. */
async function listener(port: number, pids: number[]): Promise<number | undefined> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = (await readFile("/proc/net/tcp", "utf8"))
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) && columns[3] === "0A")
    .map((columns) => `socket:[${columns[9]}]`);
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (sockets.includes(target)) return pid;
    }
  }
  return undefined;
}
