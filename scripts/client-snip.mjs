// Empties the functions that print a panic. In a page nobody hears them: what Rust prints there goes
// nowhere, and the trap that follows is all that is left. With them goes the code that formats, and
// what is exported and never called.

import { readFile, writeFile } from "node:fs/promises";

import binaryen from "binaryen";

import { blank } from "./client-blank.mjs";

const [from, script, to] = process.argv.slice(2);

const panics = [
  /(core|std)(\[[0-9a-f]+\])?::panicking::/,
  /core(\[[0-9a-f]+\])?::cell::panic_already/,
  /core(\[[0-9a-f]+\])?::(option|result)::(unwrap|expect)_failed/,
  /core(\[[0-9a-f]+\])?::slice::index::slice_\w*fail/,
  /core(\[[0-9a-f]+\])?::str::slice_error_fail/,
  /alloc(\[[0-9a-f]+\])?::raw_vec::(handle_error|capacity_overflow)/,
  /alloc(\[[0-9a-f]+\])?::alloc::handle_alloc_error/,
  /__rustc(\[[0-9a-f]+\])?::rust_begin_unwind/,
  // The client formats nothing but panics: `format!` is disallowed in it, see its clippy.toml.
  /^<?(core|[iu](8|16|32|64|size) as core)(\[[0-9a-f]+\])?::fmt::/,
];

// What Rust's target and wasm-bindgen use, and browsers have had for years: with all features on, the
// module would say things that they do not understand.
const {
  MVP,
  MutableGlobals,
  NontrappingFPToInt,
  SignExt,
  BulkMemory,
  BulkMemoryOpt,
  ReferenceTypes,
  Multivalue,
} = binaryen.Features;
const features =
  MVP |
  MutableGlobals |
  NontrappingFPToInt |
  SignExt |
  BulkMemory |
  BulkMemoryOpt |
  ReferenceTypes |
  Multivalue;
const module = binaryen.readBinary(await readFile(from), features);
let snipped = 0;
for (let index = 0; index < module.getNumFunctions(); index += 1) {
  const reference = module.getFunctionByIndex(index);
  const { name, module: imported } = binaryen.getFunctionInfo(reference);
  if (!imported && panics.some((panic) => panic.test(name))) {
    binaryen.Function.setBody(reference, module.unreachable());
    snipped += 1;
  }
}
// A compiler that names them otherwise is worth knowing of; the size alone would not say why.
if (snipped === 0) throw new Error("no function that panics was found by its name");
const called = new Set((await readFile(script, "utf8")).match(/(?<=\bwasm\.)[\w$]+/g));
const exported = Array.from({ length: module.getNumExports() }, (_, index) => {
  return binaryen.getExportInfo(module.getExportByIndex(index)).name;
});
for (const name of exported) if (!called.has(name)) module.removeExport(name);
const binary = module.emitBinary();
if (blank(binary) === 0) throw new Error("no place in the source was found");
await writeFile(to, binary);
