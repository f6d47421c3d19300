// What travels: bytes of gzip -9.

import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

import { type Table, bytes } from "./figures.ts";

const CLIENT = ["wasm-client/npm/dist/index.js", "wasm-client/npm/dist/samewire.wasm"];
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
          bytes(40_000),
          bytes(24_000),
        ],
        includes: `\`index.js\` and \`samewire.wasm\` of the npm package, each compressed by itself; \
nothing else is loaded. Beyond the gate the build fails`,
      },
      {
        cells: ["Worker", ...(await size(WORKER)), bytes(400_000), ""],
        includes: "its WebAssembly: routes, tokens and the session object with the core. The same",
      },
    ],
  };
}

async function size(files: string[]): Promise<[string, string]> {
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const sum = (of: (content: Buffer) => number) => bytes(contents.reduce((n, c) => n + of(c), 0));
  return [sum((content) => gzipSync(content, { level: 9 }).length), sum((c) => c.length)];
}
