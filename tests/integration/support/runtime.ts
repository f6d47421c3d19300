// A real workerd with the built Worker in it, through Miniflare, on a port and a disk of its own.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare, convertV4MiniflareOptions, Log, LogLevel } from "miniflare";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export const API_KEY = "integration-api-key";
export const ADMIN_KEY = "integration-admin-key";
export const OPERATOR_KEY = "integration-operator-key";
export const TOKEN_SECRET = "an integration test's secret of more than 32 bytes";

/** A line of the Worker's log. */
export interface LogLine {
  level: string;
  message?: string;
  event?: string;
  rebuilt?: boolean;
  [key: string]: unknown;
}

/** Another Worker in the same runtime, in Miniflare's words. */
export type Beside = Record<string, unknown>;

/** In the place of the index: a stand-in that hears nothing, as one would that is overloaded. */
const DEAF_INDEX = {
  name: "deaf",
  modules: true,
  script: `import { DurableObject } from "cloudflare:workers";
    export class DeafIndex extends DurableObject {
      fetch() { return new Response("overloaded", { status: 503 }); }
    }
    export default { fetch() { return new Response("", { status: 404 }); } };`,
  compatibilityDate: "2026-10-23",
  durableObjects: { DEAF: { className: "DeafIndex", useSQLite: true } },
};

export class Runtime {
  readonly log: LogLine[] = [];
  /** Where it stores what is stored. */
  readonly disk: string;
  readonly #readers = new Set<() => void>();
  readonly #vars: Record<string, string>;
  readonly #beside: Beside[];
  /** Whether the index hears nothing, until the next start. */
  #deaf = false;
  #miniflare: Miniflare | undefined;
  #origin: URL | undefined;

  private constructor(vars: Record<string, string>, disk: string, beside: Beside[]) {
    this.disk = disk;
    this.#vars = vars;
    this.#beside = beside;
  }

  /** Starts a runtime; `vars` are added to the least that the Worker needs. */
  static async start(vars: Record<string, string> = {}, beside: Beside[] = []): Promise<Runtime> {
    const disk = await mkdtemp(path.join(tmpdir(), "samewire-integration-"));
    const runtime = new Runtime(vars, disk, beside);
    try {
      await runtime.#boot(0);
    } catch (error) {
      // One that did not start says so again when it is stopped.
      await runtime.stop().catch(() => {});
      throw error;
    }
    return runtime;
  }

  /** Starts one whose index hears nothing until `killAndRestart`. */
  static async withDeafIndex(vars: Record<string, string>): Promise<Runtime> {
    const disk = await mkdtemp(path.join(tmpdir(), "samewire-integration-"));
    const runtime = new Runtime(vars, disk, []);
    runtime.#deaf = true;
    await runtime.#boot(0);
    return runtime;
  }

  async #boot(port: number) {
    this.#miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port,
        cf: false,
        log: new Log(LogLevel.ERROR),
        resourcePersistencePath: this.disk,
        handleStructuredLogs: ({ message }: { message: string }) => {
          for (const line of message.split("\n")) {
            try {
              this.log.push(JSON.parse(line));
            } catch {
              // What is no JSON is the runtime's own.
            }
          }
          for (const read of this.#readers) read();
        },
        workers: [this.#worker(), ...this.#beside, ...(this.#deaf ? [DEAF_INDEX] : [])],
      } as Parameters<typeof convertV4MiniflareOptions>[0]),
    );
    this.#origin = await this.#miniflare.ready;
  }

  #worker() {
    return {
      name: "samewire",
      modulesRoot: path.join(root, "worker/build"),
      modules: [
        { type: "ESModule", path: path.join(root, "worker/build/index.js") },
        { type: "CompiledWasm", path: path.join(root, "worker/build/index_bg.wasm") },
      ],
      compatibilityDate: "2026-10-23",
      bindings: {
        API_KEY,
        ADMIN_KEYS: JSON.stringify({
          tester: { key: ADMIN_KEY, role: "viewer" },
          olga: { key: OPERATOR_KEY, role: "operator" },
        }),
        TOKEN_SECRET,
        ...this.#vars,
      },
      durableObjects: {
        SESSIONS: { className: "SessionObject", useSQLite: true },
        INDEX: this.#deaf
          ? { className: "DeafIndex", scriptName: "deaf", useSQLite: true }
          : { className: "IndexObject", useSQLite: true },
      },
    };
  }

  get origin(): string {
    return this.#origin!.origin;
  }

  /** `ws://…` of a session's socket. */
  socketUrl(session: string): string {
    return `${this.origin.replace("http", "ws")}/v1/sessions/${session}/connect`;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.origin), init);
  }

  async json(path: string, init?: RequestInit): Promise<any> {
    return (await this.fetch(path, init)).json();
  }

  /** A join token, as a backend gets it. */
  async token(session: string, body: Record<string, unknown>): Promise<string> {
    const answer = await this.fetch(`/v1/sessions/${session}/tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify(body),
    });
    const json = (await answer.json()) as { token: string };
    if (!answer.ok) throw new Error(`no token: ${JSON.stringify(json)}`);
    return json.token;
  }

  /** Asks with a key of the role `operator`. */
  operate(method: string, path: string, body?: object): Promise<Response> {
    return this.fetch(path, {
      method,
      headers: { authorization: `Bearer ${OPERATOR_KEY}` },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  /** Asks with a key of the role `viewer`. */
  look(path: string): Promise<any> {
    return this.json(path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  }

  /** The whole decision log of a session. */
  async events(session: string): Promise<any[]> {
    return (await this.look(`/v1/sessions/${session}/events?limit=1000`)).rows;
  }

  /** The session as an operator sees it. */
  snapshot(session: string): Promise<any> {
    return this.look(`/v1/sessions/${session}`);
  }

  /** Waits until the log holds so many wakes by an event, and gives them. It comes with a delay. */
  async wakes(event: string, count: number): Promise<LogLine[]> {
    const found = () => this.log.filter((line) => line.message === "wake" && line.event === event);
    if (found().length < count) {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          this.#readers.delete(read);
          reject(new Error(`waited in vain for ${count} wakes by "${event}" in the log`));
        }, 20_000);
        const read = () => {
          if (found().length < count) return;
          clearTimeout(late);
          this.#readers.delete(read);
          resolve();
        };
        this.#readers.add(read);
      });
    }
    return found();
  }

  /** `kill -9` for workerd, and a new one on the same port and disk, whose index hears. */
  async killAndRestart() {
    const killed = await children("workerd");
    if (killed.length === 0) throw new Error("there is no workerd to kill");
    for (const pid of killed) process.kill(pid, "SIGKILL");
    const port = Number(this.#origin!.port);
    await this.#miniflare!.dispose().catch(() => {});
    this.#deaf = false;
    await this.#boot(port);
  }

  async stop() {
    try {
      await this.#miniflare!.dispose();
    } finally {
      await rm(this.disk, { recursive: true, force: true });
    }
  }
}

/** The processes of this name that this process has started. */
async function children(name: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const [, comm, rest] = stat.match(/^\d+ \((.*)\) (.*)/) ?? [];
    if (comm === name && Number(rest?.split(" ")[1]) === process.pid) found.push(Number(entry));
  }
  return found;
}
