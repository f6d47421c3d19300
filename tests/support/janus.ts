// A real Janus, Debian's package `janus`, on free ports with a configuration of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { freePort, ownAddress } from "./network.ts";

/** Where Debian keeps the plugins and transports: below the folder of the architecture. */
const LIBRARIES = "/usr/lib";

/** What is not needed: the VideoRoom, HTTP and the WebSocket are. */
const PLUGINS =
  "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail";
const TRANSPORTS = "mqtt nanomsg pfunix rabbitmq";

/** How long Janus may take to answer after it was started. */
const PATIENCE = 20_000;

export class Janus {
  /** Its HTTP transport, which the Worker makes rooms over. */
  readonly api: string;
  /** Its WebSocket, which browsers join by. */
  readonly url: string;
  /** What makes rooms, and what signs the tokens of those who join. */
  readonly secret = { adminKey: "a test's admin key", tokenSecret: "a test's token secret" };
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #output = "";

  private constructor(folder: string, host: string, http: number, ws: number) {
    this.#folder = folder;
    this.api = `http://${host}:${http}/janus`;
    this.url = `ws://${host}:${ws}`;
  }

  /**
   * Starts one that browsers of this machine reach at `host`, and waits until it answers. What it
   * listens on stays the same over `restart`.
   */
  static async start(host = ownAddress()): Promise<Janus> {
    const folder = await mkdtemp(path.join(tmpdir(), "samewire-janus-"));
    const [http, ws] = [await freePort(host), await freePort(host)];
    const janus = new Janus(folder, host, http, ws);
    const files = configuration(await modules(), host, http, ws, janus.secret);
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(folder, name), text);
    }
    try {
      await janus.restart();
    } catch (error) {
      await janus.stop();
      throw error;
    }
    return janus;
  }

  /** The entry of `PROVIDERS`, with what else it is to say; the secret of the name is `secretText`. */
  provider(more: object = {}): object {
    const config = { api: this.api, url: this.url };
    return { name: "janus", kind: "sfu", config, secret: "JANUS_SECRET", ...more };
  }

  /** What `JANUS_SECRET` holds. */
  get secretText(): string {
    return JSON.stringify(this.secret);
  }

  /** Starts it again on its ports, with nothing of what it knew, and waits until it answers. */
  async restart() {
    this.#output = "";
    const janus = spawn("janus", [`--configs-folder=${this.#folder}`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = janus;
    for (const stream of [janus.stdout!, janus.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
    await once(janus, "spawn").catch(() => {
      throw new Error("there is no janus: apt-get install janus");
    });
    const late = Date.now() + PATIENCE;
    while (!(await answers(this.api))) {
      if (janus.exitCode !== null || Date.now() > late) {
        throw new Error(`Janus does not answer at ${this.api}:\n${this.#output.slice(-3_000)}`);
      }
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  /** `SIGKILL`: it is gone, and so are its rooms. */
  async kill() {
    const janus = this.#process;
    this.#process = undefined;
    if (!janus || janus.exitCode !== null || janus.signalCode !== null) return;
    const gone = once(janus, "exit");
    janus.kill("SIGKILL");
    await gone;
  }

  /** `SIGSTOP`: its sockets stand, and nothing answers on them. */
  freeze() {
    this.#process!.kill("SIGSTOP");
  }

  /** `SIGCONT`: it goes on. */
  thaw() {
    this.#process!.kill("SIGCONT");
  }

  async stop() {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function answers(api: string): Promise<boolean> {
  const asked = fetch(`${api}/info`, { signal: AbortSignal.timeout(2_000) });
  return asked.then(
    (answer) => answer.ok,
    () => false,
  );
}

async function modules(): Promise<string> {
  for (const architecture of await readdir(LIBRARIES)) {
    const folder = path.join(LIBRARIES, architecture, "janus");
    const found = await readdir(folder).catch((): string[] => []);
    if (found.includes("plugins")) return folder;
  }
  throw new Error(`no plugins of Janus are below ${LIBRARIES}: apt-get install janus`);
}

function configuration(
  modules: string,
  host: string,
  http: number,
  ws: number,
  { adminKey, tokenSecret }: Janus["secret"],
): Record<string, string> {
  return {
    "janus.jcfg": `
      general: {
        plugins_folder = "${modules}/plugins"
        transports_folder = "${modules}/transports"
        debug_level = 4
        token_auth = true
        token_auth_secret = "${tokenSecret}"
        hide_dependencies = true
      }
      media: { }
      nat: {
        full_trickle = true
        ice_enforce_list = "${host}"
      }
      plugins: { disable = "${libraries(PLUGINS)}" }
      transports: { disable = "${libraries(TRANSPORTS)}" }
    `,
    "janus.plugin.videoroom.jcfg": `
      general: {
        admin_key = "${adminKey}"
        string_ids = true
      }
    `,
    "janus.transport.http.jcfg": `
      general: { json = "compact", base_path = "/janus", http = true, port = ${http}, ip = "${host}", https = false }
      admin: { admin_http = false }
    `,
    "janus.transport.websockets.jcfg": `
      general: { json = "compact", ws = true, ws_port = ${ws}, ws_ip = "${host}", wss = false }
      admin: { admin_ws = false }
    `,
  };
}

function libraries(names: string): string {
  return names
    .split(" ")
    .map((name) => `libjanus_${name}.so`)
    .join(",");
}
