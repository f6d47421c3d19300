// A stand-in for the control plane of Cloudflare's SFU: it takes every call and answers as it is told.
// It has no media, and knows nothing of sessions but their numbers.

import { type IncomingMessage, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The API token of its app. */
export const APP_SECRET = "a test's app secret";

/** A call that reached it. */
export interface Call {
  method: string;
  path: string;
  authorization: string | undefined;
  body: any;
}

/** What it answers: a status and a text, or nothing at all. */
export type Answer = [status: number, text: string] | "silence";

export class SfuStandIn {
  readonly calls: Call[] = [];
  /** Answers the next call instead of it. */
  next: Answer | undefined;
  readonly #server: Server;
  #sessions = 0;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await text(request);
      const { method = "", url: path = "", headers } = request;
      const { authorization } = headers;
      this.calls.push({ method, path, authorization, body: body && JSON.parse(body) });
      const answer = this.next ?? this.#usual(path);
      this.next = undefined;
      if (answer === "silence") return;
      response.writeHead(answer[0], { "content-type": "application/json", location: "/elsewhere" });
      response.end(answer[1]);
    });
  }

  static async start(): Promise<SfuStandIn> {
    const standIn = new SfuStandIn();
    await new Promise<void>((done) => standIn.#server.listen(0, "127.0.0.1", done));
    return standIn;
  }

  /** The entry of `PROVIDERS`; the secret of the name is `APP_SECRET`. */
  provider(more: object = {}): object {
    const { port } = this.#server.address() as AddressInfo;
    const config = { appId: "app1", url: `http://127.0.0.1:${port}/v1` };
    return { name: "cloudflare", kind: "sfu", config, secret: "APP_SECRET", ...more };
  }

  /** The last call that reached it. */
  get last(): Call {
    return this.calls.at(-1)!;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #usual(path: string): Answer {
    if (path.endsWith("/sessions/new")) {
      return [201, JSON.stringify({ sessionId: `sfu-${++this.#sessions}` })];
    }
    return [200, JSON.stringify({ tracks: this.last.body?.tracks ?? [] })];
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let all = "";
  for await (const part of request.setEncoding("utf8")) all += part;
  return all;
}
