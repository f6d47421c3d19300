#!/bin/sh
# Builds a crate for the browser, as small as it gets: scripts/wasm.sh CRATE OUT NAME leaves OUT/NAME.js and
# OUT/NAME.wasm. The commands of binaryen and esbuild are to be found on the PATH.
set -eu
crate=$1 out=$2 name=$3
mkdir -p "$out"

cargo build --quiet --release --target wasm32-unknown-unknown -p "$crate"
.tools/bin/wasm-bindgen --target web --omit-default-module-path --no-typescript \
  --out-dir "$out" --out-name "$name" \
  "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/$(echo "$crate" | tr - _).wasm"
node scripts/client-snip.mjs "$out/${name}_bg.wasm" "$out/$name.js" "$out/snipped.wasm"
optimise() {
  wasm-opt --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int \
    --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue "$@"
}
# Rust puts nothing below its stack, and fresh memory is zero. Large functions that are called once stay
# functions: inlined they are fewer bytes, and more of them once compressed.
optimise --one-caller-inline-max-function-size=20 -Oz --flatten --rereloop -Oz -Oz --converge --low-memory-unused --zero-filled-memory \
  --strip-debug --strip-producers --strip-target-features \
  -o "$out/optimised.wasm" "$out/snipped.wasm"
optimise --minify-imports-and-exports-and-modules \
  -o "$out/$name.wasm" "$out/optimised.wasm" >"$out/names.json"
node scripts/client-names.mjs "$out/names.json" "$out/$name.js"
