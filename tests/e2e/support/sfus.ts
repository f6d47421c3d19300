// The servers that drivers are tried against: each is the real thing, or the stand-in that it says. Another
// driver's goes into the list, and the whole suite runs for it.

import { createHmac } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { DevSfu } from "../../support/dev-sfu.ts";
import { Janus } from "../../support/janus.ts";
import { served } from "./package-server.ts";

/** An SFU, and the page from which it is used. */
export interface Sfu {
  /** Where the blank page, the package, and what a driver calls are. */
  readonly origin: string;
  /** Whether a source that was silent for half a minute is to be published anew. */
  readonly forgetsSilence: boolean;
  /** A room of its own for a test: its name, for as many who send as are said. */
  room(most?: number): Promise<string>;
  /** What a participant of a room is given. */
  credentials(room: string): object;
  /** The same, and no good. */
  badCredentials(room: string): object;
  /** `SIGKILL`. */
  kill(): Promise<void>;
  /** After `kill`: at the same address, with the room and nobody in it. */
  restart(room: string): Promise<void>;
  stop(): Promise<void>;
}

/** Serves the package and a blank page, and what a driver calls. */
export class Page {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(
    called?: (method: string, path: string, token: string, body: string) => Promise<Response>,
  ): Promise<Page> {
    const server = createServer(async (request, response) => {
      try {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        if (!called || !pathname.startsWith(CALLED)) return send(response, await served(pathname));
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
        const path = pathname.slice(CALLED.length);
        const answer = await called(request.method!, path, token, Buffer.concat(chunks).toString());
        const contentType = "application/json";
        send(response, { contentType, body: await answer.text(), status: answer.status });
      } catch (error) {
        send(response, { contentType: "text/plain", body: `${error}`, status: 502 });
      }
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new Page(server);
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

const CALLED = "/v1/sfu/cloudflare/";

function send(
  response: ServerResponse,
  {
    contentType,
    body,
    status = 200,
  }: { contentType: string; body: Buffer | string; status?: number },
) {
  response.writeHead(status, { "content-type": contentType }).end(body);
}

const json = (status: number, errorCode: string) =>
  Response.json({ errorCode, errorDescription: errorCode }, { status });

/**
 * `dev-sfu`, which stands in for Cloudflare's Realtime SFU; and for the Worker, which holds its secret, a server
 * that knows one token. (What the Worker lets pass is tested with the Worker.)
 */
async function cloudflare(): Promise<Sfu> {
  const good = "the one good token";
  const sfu = await DevSfu.start();
  let most = Infinity;
  let made = 0;
  const page = await Page.start(async (method, path, token, body) => {
    if (token !== good) return json(401, "unauthorized");
    if (path === "sessions/new" && ++made > most) return json(503, "temporarily_unavailable_error");
    return fetch(`${sfu.url}/apps/${sfu.app}/${path}`, {
      method,
      headers: { authorization: `Bearer ${sfu.secret}`, "content-type": "application/json" },
      ...(body && { body }),
    });
  });
  return {
    origin: page.origin,
    forgetsSilence: true,
    async room(limit = Infinity) {
      [most, made] = [limit, 0];
      return "room";
    },
    credentials: () => ({ token: good, expires_at: Date.now() + 600_000 }),
    badCredentials: () => ({ token: "another", expires_at: Date.now() + 600_000 }),
    kill: () => sfu.kill(),
    restart: () => sfu.restart(),
    async stop() {
      await page.stop();
      await sfu.stop();
    },
  };
}

/** A real Janus, Debian's. What makes rooms and signs tokens is the Worker's work, done here. */
async function janus(): Promise<Sfu> {
  const sfu = await Janus.start();
  const page = await Page.start();
  const sign = (secret: string, ...of: string[]) => {
    const said = `${Math.floor(Date.now() / 1_000) + 600},${of.join(",")}`;
    return `${said}:${createHmac("sha1", secret).update(said).digest("base64")}`;
  };
  const plugin = "janus.plugin.videoroom";
  const tokens = (room: string, secret: string) => ({
    url: sfu.url,
    token: sign(secret, "janus", plugin),
    room_token: sign(secret, plugin, `room=${room}`),
  });
  const make = async (room: string, most: number) => {
    const { token } = tokens(room, sfu.secret.tokenSecret);
    const ask = async (path: string, body: object) => {
      const transaction = "a test's";
      const answer = await fetch(`${sfu.api}${path}`, {
        method: "POST",
        body: JSON.stringify({ ...body, token, transaction }),
      });
      return (await answer.json()) as { data: { id: number }; plugindata?: { data: object } };
    };
    const session = await ask("", { janus: "create" });
    const handle = await ask(`/${session.data.id}`, { janus: "attach", plugin });
    const made = await ask(`/${session.data.id}/${handle.data.id}`, {
      janus: "message",
      body: {
        request: "create",
        room,
        admin_key: sfu.secret.adminKey,
        publishers: most,
        signed_tokens: true,
      },
    });
    await ask(`/${session.data.id}`, { janus: "destroy" });
    if (!JSON.stringify(made).includes('"created"')) throw new Error(JSON.stringify(made));
  };
  let rooms = 0;
  return {
    origin: page.origin,
    forgetsSilence: false,
    async room(most = 16) {
      const room = `room-${++rooms}`;
      await make(room, most);
      return room;
    },
    credentials: (room) => tokens(room, sfu.secret.tokenSecret),
    badCredentials: (room) => tokens(room, "another secret"),
    kill: () => sfu.kill(),
    async restart(room) {
      await sfu.restart();
      await make(room, 16);
    },
    async stop() {
      await page.stop();
      await sfu.stop();
    },
  };
}

/** Every driver, by the name of its module, with the server that it is tried against. */
export const SFUS: Record<string, () => Promise<Sfu>> = { cloudflare, janus };
