// Serves a page, bundled by esbuild with the built npm package as a customer would, on a free port.

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { type BuildOptions, build } from "esbuild";

import { packages } from "./packages.ts";

const page = (name: string) => fileURLToPath(new URL(`../pages/${name}.js`, import.meta.url));
const wasm = new URL("../../../wasm-client/npm/dist/samewire.wasm", import.meta.url);

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="color-scheme" content="light dark" />
    <title>Samewire in a page</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <main><h1>Samewire in a page</h1><div id="root"></div></main>
    <script type="module" src="/page.js"></script>
  </body>
</html>`;

export class BundleServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A page of `tests/e2e/pages`. */
  static async start(name: string): Promise<BundleServer> {
    return BundleServer.of(page(name), await packages(), {
      // React's own checks, and its StrictMode that mounts twice, are in its development build alone.
      define: { "process.env.NODE_ENV": '"development"' },
    });
  }

  /** The page of a module, with what it imports of a `node_modules`. */
  static async of(
    entry: string,
    packages: string,
    options: BuildOptions = {},
    headers: Record<string, string> = {},
  ): Promise<BundleServer> {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      target: "es2022",
      write: false,
      nodePaths: [packages],
      ...options,
    });
    const files = new Map<string, [type: string, body: Uint8Array | string]>([
      ["/", ["text/html", HTML]],
      ["/page.js", ["text/javascript", outputFiles![0]!.contents]],
      ["/samewire.wasm", ["application/wasm", await readFile(wasm)]],
    ]);
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const [type, body] = files.get(pathname) ?? ["text/plain", ""];
      response
        .writeHead(files.has(pathname) ? 200 : 404, { ...headers, "content-type": type })
        .end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new BundleServer(server);
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
