// Gives the script of wasm-bindgen the names that wasm-opt has given the module's imports and exports.
// Theirs end in hashes, twice in the package, and a hash does not compress.

import { readFile, writeFile } from "node:fs/promises";

const [namesFile, script] = process.argv.slice(2);

const { imports, exports } = JSON.parse(await readFile(namesFile, "utf8"));
let text = await readFile(script, "utf8");

function rename(from, to) {
  const renamed = text.replaceAll(from, to);
  // A wasm-bindgen that writes them otherwise would make a package that does not load.
  if (renamed === text) throw new Error(`${script} has no ${from}`);
  text = renamed;
}

const word = (name) => name.replaceAll("$", "\\$");
for (const [, name, short] of imports)
  rename(new RegExp(`(?<=^ +)${word(name)}(?=: )`, "gm"), short);
for (const [name, short] of exports)
  rename(new RegExp(`(?<=\\bwasm\\.)${word(name)}\\b`, "g"), short);
rename(/"\.\/\w+_bg\.js":/g, "a:");
await writeFile(script, text);
