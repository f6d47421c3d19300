// The package as a customer gets it: packed, and installed into a copy of the fixtures beside the
// bundlers of this folder's lock file. The repository's own `node_modules` know nothing of it.

import { type ExecFileException, execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = fileURLToPath(new URL("../../wasm-client/npm", import.meta.url));

const quiet = ["--no-fund", "--no-audit", "--loglevel=error", "--prefer-offline"];

export class Installed {
  /** The copy: `fixtures` and `node_modules`. */
  readonly folder: string;
  /** The packed package. */
  readonly tarball: string;

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.tarball = tarball;
  }

  static async install(): Promise<Installed> {
    const folder = await mkdtemp(path.join(tmpdir(), "samewire-packaging-"));
    for (const name of ["package.json", "package-lock.json", "fixtures"])
      await cp(path.join(here, name), path.join(folder, name), { recursive: true });
    const [packed] = JSON.parse(
      await run(source, "npm", "pack", "--json", "--loglevel=error", "--pack-destination", folder),
    );
    const installed = new Installed(folder, path.join(folder, packed.filename));
    await installed.run("npm", "ci", ...quiet);
    await installed.run("npm", "install", "--no-save", ...quiet, installed.tarball);
    return installed;
  }

  /** Runs a command of the copy, to its end; what it printed, or an error that says it. */
  run(command: string, ...args: string[]): Promise<string> {
    return run(this.folder, command, ...args);
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  async remove() {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const bin = path.join(cwd, "node_modules/.bin");
  const env = {
    ...process.env,
    PATH: `${bin}${path.delimiter}${process.env["PATH"]}`,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  return new Promise((resolve, reject) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string) =>
      error
        ? reject(new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`))
        : resolve(stdout);
    execFile(command, args, { cwd, env, maxBuffer: 2 ** 26 }, done);
  });
}

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

/** Serves folders, as a web server without a will of its own, until it is stopped. */
export async function serve(
  folders: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<{ origin: string; stop: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [prefix, folder] = Object.entries(folders).find(([at]) => pathname.startsWith(at)) ?? [];
    try {
      const body = await readFile(
        path.join(folder!, path.normalize(pathname.slice(prefix!.length))),
      );
      const type = TYPES[path.extname(pathname)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
