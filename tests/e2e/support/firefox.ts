// Debian's Firefox, driven over WebDriver BiDi: https://w3c.github.io/webdriver-bidi/

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import type { Tab } from "./tab.ts";

const PREFERENCES = {
  // A camera and a microphone that are none, for whoever asks.
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  // Two browsers on one host find each other by its addresses.
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  // It does not look around in the network by itself.
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** How long it may take to start on a machine that is busy. */
const STARTS_WITHIN_MS = 60_000;

interface Answer {
  id?: number;
  type: "success" | "error" | "event";
  result?: any;
  error?: string;
  message?: string;
  method?: string;
  params?: any;
}

export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #tabs = new Map<string, FirefoxTab>();
  #last = 0;

  /** Should the test run end without `stop`. */
  readonly #atExit = () => kill(this.#process, "SIGKILL");

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = child;
    process.on("exit", this.#atExit);
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hears(JSON.parse(String(data))));
  }

  static async start(): Promise<Firefox> {
    const profile = await mkdtemp(path.join(tmpdir(), "samewire-firefox-"));
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    await writeFile(path.join(profile, "user.js"), lines.join(""));
    const child = spawn(
      "firefox-esr",
      ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
      { stdio: ["ignore", "ignore", "pipe"], detached: true },
    );
    try {
      const socket = new WebSocket(`${await address(child)}/session`);
      await once(socket, "open", { signal: AbortSignal.timeout(STARTS_WITHIN_MS) });
      const firefox = new Firefox(child, profile, socket);
      await firefox.command("session.new", { capabilities: {} });
      await firefox.command("session.subscribe", { events: ["log.entryAdded"] });
      return firefox;
    } catch (error) {
      await end(child, profile);
      throw error;
    }
  }

  /** A page with storage and cookies of its own. */
  async tab(): Promise<FirefoxTab> {
    const { userContext } = await this.command("browser.createUserContext", {});
    const { context } = await this.command("browsingContext.create", { type: "tab", userContext });
    const tab = new FirefoxTab(this, context, userContext);
    this.#tabs.set(context, tab);
    return tab;
  }

  /** Says something of the protocol; gives what it is answered. */
  async command(method: string, params: object): Promise<any> {
    const id = ++this.#last;
    const answered = new Promise<Answer>((answered) => this.#waiting.set(id, answered));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { type, result, error, message } = await answered;
    if (type === "error") throw new Error(`${method}: ${error}: ${message}`);
    return result;
  }

  #hears(answer: Answer) {
    if (answer.id !== undefined) {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    } else if (answer.method === "log.entryAdded" && answer.params.level === "error") {
      this.#tabs.get(answer.params.source.context)?.complaints.push(answer.params.text);
    }
  }

  async stop() {
    this.#socket.close();
    process.off("exit", this.#atExit);
    await end(this.#process, this.#profile);
  }
}

export class FirefoxTab implements Tab {
  /** What the page logged as an error, or did not catch; a page that works says nothing. */
  readonly complaints: string[] = [];
  readonly #firefox: Firefox;
  readonly #context: string;
  readonly #userContext: string;

  constructor(firefox: Firefox, context: string, userContext: string) {
    this.#firefox = firefox;
    this.#context = context;
    this.#userContext = userContext;
  }

  async goto(url: string) {
    const context = this.#context;
    await this.#firefox.command("browsingContext.navigate", { context, url, wait: "complete" });
  }

  async before(script: () => void) {
    const contexts = [this.#context];
    const functionDeclaration = String(script);
    await this.#firefox.command("script.addPreloadScript", { functionDeclaration, contexts });
  }

  async evaluate(run: (given: any) => unknown, given?: unknown): Promise<any> {
    const { type, result, exceptionDetails } = await this.#firefox.command("script.callFunction", {
      functionDeclaration: `async (given) => JSON.stringify([await (${run})(JSON.parse(given))])`,
      arguments: [{ type: "string", value: JSON.stringify(given ?? null) }],
      target: { context: this.#context },
      awaitPromise: true,
      userActivation: true,
    });
    if (type === "exception") throw new Error(exceptionDetails.text);
    return JSON.parse(result.value)[0];
  }

  async close() {
    const userContext = this.#userContext;
    await this.#firefox.command("browser.removeUserContext", { userContext });
  }
}

/** Where it listens, as it says itself. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    const fails = () => failed(new Error(`Firefox does not listen:\n${said}`));
    const late = setTimeout(fails, STARTS_WITHIN_MS);
    child.once("error", failed).once("exit", fails);
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? [];
      if (!url) return;
      clearTimeout(late);
      found(url);
    });
  });
}

/** All of it: it is the first of a group. */
function kill({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals) {
  if (pid && exitCode === null && signalCode === null) process.kill(-pid, signal);
}

async function end(child: ChildProcess, profile: string) {
  const gone = new Promise((gone) => child.once("close", gone));
  kill(child, "SIGTERM");
  if (child.exitCode === null && child.signalCode === null && child.pid) await gone;
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
