// Serves the built npm package and a blank page, on a free port.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const dist = new URL("../../../wasm-client/npm/dist/", import.meta.url);

const files: Record<string, string> = {
  "index.js": "text/javascript",
  "quality.js": "text/javascript",
  "sfu.js": "text/javascript",
  "drivers/cloudflare.js": "text/javascript",
  "drivers/janus.js": "text/javascript",
  "samewire.wasm": "application/wasm",
};

/** What is served at a path: a file of the package, or the blank page. */
export async function served(pathname: string): Promise<{ contentType: string; body: Buffer }> {
  const name = pathname.slice(1);
  const contentType = files[name];
  if (contentType) return { contentType, body: await readFile(new URL(name, dist)) };
  return { contentType: "text/html", body: Buffer.from("<!doctype html><title>.</title>") };
}

export class PackageServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<PackageServer> {
    const server = createServer(async (request, response) => {
      try {
        const { contentType, body } = await served(
          new URL(request.url ?? "/", "http://localhost").pathname,
        );
        response.writeHead(200, { "content-type": contentType }).end(body);
      } catch (error) {
        response.writeHead(500).end(`${error}: is the package built?`);
      }
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new PackageServer(server);
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
