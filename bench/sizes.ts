// What travels: bytes of gzip -9.

import { execFileSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";

import { build } from "esbuild";

import { installed } from "../tests/e2e/support/packages.ts";
import { type Table, bytes } from "./figures.ts";

const CLIENT = ["wasm-client/npm/dist/index.js", "wasm-client/npm/dist/samewire.wasm"];
const QUALITY = "wasm-client/npm/dist/quality.js";
const WORKER = "worker/build/index_bg.wasm";

/** What each package is to whoever imports all that it exports. */
const OTHERS = {
  peerjs: "peerjs",
  "simple-peer": "simple-peer/simplepeer.min.js",
  "@daily-co/daily-js": "@daily-co/daily-js",
  "livekit-client": "livekit-client",
};

export async function sizes(): Promise<Table> {
  return {
    title: "Size, in bytes of gzip -9",
    columns: ["what", "size", "raw", "gate", "aim"],
    rows: [
      {
        cells: [
          "client on the path of `join`",
          ...shown(await sum(CLIENT)),
          bytes(await gate("scripts/client.sh", "join_gate")),
          bytes(24_000),
        ],
        includes: `\`index.js\` and \`samewire.wasm\` of the npm package, each compressed by itself; \
nothing else is loaded. Beyond the gate the build fails`,
      },
      {
        cells: [
          "the same, with quality",
          ...shown(await sum([...CLIENT, QUALITY])),
          bytes(await gate("scripts/client.sh", "whole_gate")),
          bytes(39_000),
        ],
        includes: "`quality.js` besides, which is loaded once somebody has joined",
      },
      ...(await others()),
      {
        cells: [
          "Worker",
          ...shown(await sum([WORKER])),
          bytes(await gate("scripts/worker.sh", "gate")),
          bytes(400_000),
        ],
        includes: "its WebAssembly: routes, tokens and the session object with the core. The same",
      },
    ],
  };
}

/** What would be imported in the client's place, bundled and minified as the client's script is. */
async function others(): Promise<Table["rows"]> {
  const packages = await installed("bench/packages", "bench-packages");
  return Promise.all(
    Object.entries(OTHERS).map(async ([name, module]) => {
      const { outputFiles } = await build({
        stdin: {
          resolveDir: packages,
          contents: `import * as all from "${module}"; globalThis.all = all;`,
        },
        bundle: true,
        minify: true,
        format: "esm",
        target: "es2022",
        write: false,
        nodePaths: [packages],
        logLevel: "error",
      });
      const { contents } = outputFiles[0]!;
      const packed = gzip("-", contents);
      const manifest = path.join(packages, name, "package.json");
      const { version } = JSON.parse(await readFile(manifest, "utf8"));
      return {
        cells: [`${name} ${version}`, ...shown({ packed, raw: contents.length }), "", ""],
        includes: INCLUDES[name]!,
      };
    }),
  );
}

const INCLUDES: Record<string, string> = {
  peerjs: `all it exports, bundled and minified by esbuild for the same target. One connection to one \
other; no session, no repair, no measuring`,
  "simple-peer": "its own bundle, minified again. The same, and no signalling",
  "@daily-co/daily-js": `all it exports; it fetches its call engine when somebody joins, which is not \
counted`,
  "livekit-client": "all it exports; a client of a media server",
};

/** What the build refuses to go beyond, as the script says that refuses it. */
async function gate(script: string, name: string): Promise<number> {
  const found = (await readFile(script, "utf8")).match(new RegExp(`^${name}=(\\d+)$`, "im"));
  if (!found) throw new Error(`${script} has no ${name}`);
  return Number(found[1]);
}

interface Size {
  packed: number;
  raw: number;
}

const shown = ({ packed, raw }: Size): [string, string] => [bytes(packed), bytes(raw)];

const add = (a: Size, b: Size): Size => ({ packed: a.packed + b.packed, raw: a.raw + b.raw });

async function sum(files: string[]): Promise<Size> {
  const each = files.map(async (file) => ({ packed: gzip(file), raw: (await stat(file)).size }));
  return (await Promise.all(each)).reduce(add);
}

/** Not Node's zlib, which packs differently: the build counts what this counts. */
const gzip = (file: string, input?: Uint8Array): number =>
  execFileSync("gzip", ["-9c", file], { maxBuffer: 2 ** 26, ...(input && { input }) }).length;
