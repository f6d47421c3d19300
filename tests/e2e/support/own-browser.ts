// A Chromium whose tabs are hidden, kept and thrown away as everybody's are. Playwright's own stay
// visible, whatever is in front of them, and keep no page in the back/forward cache.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import config from "../../playwright.config.ts";

export class OwnBrowser {
  readonly #chromium: ChildProcess;
  readonly #profile: string;
  readonly #origin: string;

  private constructor(chromium: ChildProcess, profile: string, origin: string) {
    this.#chromium = chromium;
    this.#profile = profile;
    this.#origin = origin;
  }

  static async launch(): Promise<OwnBrowser> {
    const { executablePath, args } = config.use!.launchOptions!;
    const profile = await mkdtemp(path.join(tmpdir(), "samewire-browser-"));
    const chromium = spawn(
      executablePath!,
      [...args!, "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const origin = await new Promise<string>((resolve, reject) => {
      let said = "";
      chromium.stderr!.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = /ws:\/\/([^/]+)/.exec(said);
        if (found) resolve(`http://${found[1]}`);
      });
      chromium.once("exit", () => reject(new Error(`Chromium does not start:\n${said}`)));
    });
    return new OwnBrowser(chromium, profile, origin);
  }

  /** A new tab, in front of the others. */
  async open(url: string): Promise<Tab> {
    const answer = await fetch(`${this.#origin}/json/new?${encodeURIComponent(url)}`, {
      method: "PUT",
    });
    const { id, webSocketDebuggerUrl } = (await answer.json()) as Record<string, string>;
    const socket = new WebSocket(webSocketDebuggerUrl!);
    await new Promise((open, broken) => {
      socket.onopen = open;
      socket.onerror = broken;
    });
    const show = async () => {
      await fetch(`${this.#origin}/json/activate/${id}`);
    };
    return new Tab(socket, show);
  }

  async close() {
    const gone = new Promise((done) => this.#chromium.once("exit", done));
    this.#chromium.kill("SIGKILL");
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Tab {
  /** Brings it to the front; the others are hidden then. */
  readonly show: () => Promise<void>;
  readonly #socket: WebSocket;
  #asked = 0;

  constructor(socket: WebSocket, show: () => Promise<void>) {
    this.#socket = socket;
    this.show = show;
  }

  /** What an expression comes to in the page, awaited. */
  async run<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#ask("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  #ask(method: string, params: object): Promise<any> {
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      const hear = ({ data }: MessageEvent) => {
        const answer = JSON.parse(data);
        if (answer.id !== id) return;
        this.#socket.removeEventListener("message", hear);
        if (answer.error) reject(new Error(answer.error.message));
        else resolve(answer.result);
      };
      this.#socket.addEventListener("message", hear);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
