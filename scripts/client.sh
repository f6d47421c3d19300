#!/bin/sh
# Builds the npm package into wasm-client/npm/dist and holds it to its size. What is there is replaced
# at the end only: a build that fails leaves the one before it.
set -eu
cd "$(dirname "$0")/.."
# binaryen's and esbuild's commands want the Node of node_modules, not the system's.
PATH="$PWD/node_modules/.bin:$PATH"
# The aim is 39000, and 60000 with everything native in it: quality is, and is to become a chunk of its own.
gate=64000
out=build/client
dist=wasm-client/npm/dist
mkdir -p "$out" "$dist"

cargo build --quiet --release --target wasm32-unknown-unknown -p samewire-client
.tools/bin/wasm-bindgen --target web --omit-default-module-path --no-typescript \
  --out-dir "$out" --out-name samewire \
  "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/samewire_client.wasm"
node scripts/client-snip.mjs "$out/samewire_bg.wasm" "$out/samewire.js" "$out/snipped.wasm"
optimise() {
  wasm-opt --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int \
    --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue "$@"
}
# Rust puts nothing below its stack, and fresh memory is zero.
optimise -Oz --flatten --rereloop -Oz -Oz --converge --low-memory-unused --zero-filled-memory \
  --strip-debug --strip-producers --strip-target-features \
  -o "$out/optimised.wasm" "$out/snipped.wasm"
optimise --minify-imports-and-exports-and-modules \
  -o "$out/samewire.wasm" "$out/optimised.wasm" >"$out/names.json"
node scripts/client-names.mjs "$out/names.json" "$out/samewire.js"
esbuild wasm-client/npm/index.js --bundle --minify --format=esm --target=es2022 \
  --log-level=warning --outfile="$out/index.js"

wasm=$(gzip -9 -c "$out/samewire.wasm" | wc -c)
js=$(gzip -9 -c "$out/index.js" | wc -c)
total=$((wasm + js))
echo "samewire: $total bytes gzip ($wasm wasm + $js js, gate $gate)"
if [ "$total" -gt "$gate" ]; then
  echo "samewire is larger than its gate: see scripts/client.sh" >&2
  exit 1
fi
scripts/client-entries.sh
cp "$out/samewire.wasm" "$out/index.js" "$out/react.js" "$out/elements.js" "$out/inline.js" "$dist/"
