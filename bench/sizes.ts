// What travels: bytes of gzip -9.

import { execFileSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";

import { type Table, bytes } from "./figures.ts";

const CLIENT = ["wasm-client/npm/dist/index.js", "wasm-client/npm/dist/samewire.wasm"];
const QUALITY = "wasm-client/npm/dist/quality.js";
const WORKER = ["worker/build/index_bg.wasm"];

export async function sizes(): Promise<Table> {
  return {
    title: "Size, in bytes of gzip -9",
    columns: ["what", "size", "raw", "gate", "aim"],
    rows: [
      {
        cells: [
          "client on the path of `join`",
          ...(await size(CLIENT)),
          bytes(await gate("scripts/client.sh", "join_gate")),
          bytes(24_000),
        ],
        includes: `\`index.js\` and \`samewire.wasm\` of the npm package, each compressed by itself; \
nothing else is loaded. Beyond the gate the build fails`,
      },
      {
        cells: [
          "the same, with quality",
          ...(await size([...CLIENT, QUALITY])),
          bytes(await gate("scripts/client.sh", "whole_gate")),
          bytes(39_000),
        ],
        includes: "`quality.js` besides, which is loaded once somebody has joined",
      },
      {
        cells: [
          "Worker",
          ...(await size(WORKER)),
          bytes(await gate("scripts/worker.sh", "gate")),
          bytes(400_000),
        ],
        includes: "its WebAssembly: routes, tokens and the session object with the core. The same",
      },
    ],
  };
}

/** What the build refuses to go beyond, as the script says that refuses it. */
async function gate(script: string, name: string): Promise<number> {
  const found = (await readFile(script, "utf8")).match(new RegExp(`^${name}=(\\d+)$`, "im"));
  if (!found) throw new Error(`${script} has no ${name}`);
  return Number(found[1]);
}

async function size(files: string[]): Promise<[string, string]> {
  const raw = await Promise.all(files.map(async (file) => (await stat(file)).size));
  // Not Node's zlib, which packs differently: the build counts what this counts.
  const packed = files.map((file) => execFileSync("gzip", ["-9c", file], PLENTY).length);
  const sum = (sizes: number[]) => bytes(sizes.reduce((n, size) => n + size, 0));
  return [sum(packed), sum(raw)];
}

const PLENTY = { maxBuffer: 2 ** 26 };
