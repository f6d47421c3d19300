// What the package declares, pinned: whoever changes it sees it in the diff, as its users will.
//
// After a change that is meant: SAMEWIRE_SNAPSHOT=write node --test tests/types/snapshot.test.ts

import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { test } from "node:test";

import { format } from "prettier";

const source = new URL("../../wasm-client/npm/", import.meta.url);
const snapshots = new URL("snapshot/", import.meta.url);

const isDeclaration = (file: string) => file.endsWith(".d.ts");

/** The declarations without what is said about them. */
async function declared(file: string): Promise<string> {
  const text = await readFile(new URL(file, source), "utf8");
  const bare = text.replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/^\s*\n/gm, "");
  return format(bare, { parser: "typescript", printWidth: 100 });
}

const files = (await readdir(source)).filter(isDeclaration);

for (const file of files) {
  test(`the types in ${file} are those of the snapshot`, async () => {
    const snapshot = new URL(`${file}.txt`, snapshots);
    const now = await declared(file);
    if (process.env["SAMEWIRE_SNAPSHOT"] === "write") await writeFile(snapshot, now);
    assert.equal(now, await readFile(snapshot, "utf8"));
  });
}

test("every entry point of the package has a snapshot of its types, and no snapshot is left over", async () => {
  const { exports } = JSON.parse(await readFile(new URL("package.json", source), "utf8"));
  const typed = Object.values<{ types?: string }>(exports).flatMap(({ types }) => types ?? []);
  assert.deepEqual(typed.map((path) => path.slice(2)).sort(), files.sort());
  const kept = (await readdir(snapshots)).map((name) => name.replace(/\.txt$/, ""));
  assert.deepEqual(kept.sort(), files.sort());
});

test("every export says what it promises", async () => {
  for (const file of files) {
    const lines = (await readFile(new URL(file, source), "utf8")).split("\n");
    const silent = lines.filter(
      (line, at) => /^export (?!\{|type \*)/.test(line) && !/\*\/$/.test(lines[at - 1] ?? ""),
    );
    assert.deepEqual(silent, [], file);
  }
});
