#!/usr/bin/env bash
# Builds the Worker into worker/build, and fails when it has grown beyond its gate.
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH="$PWD/node_modules/.bin:$PATH"
GATE=400000

WASM_BINDGEN_BIN="$PWD/.tools/bin/wasm-bindgen" ESBUILD_BIN="$PWD/node_modules/.bin/esbuild" \
  .tools/bin/worker-build --release --no-opt worker
# The names of functions, which are two fifths of the file and in no message of ours.
wasm-opt --strip-debug -O3 --all-features worker/build/index_bg.wasm -o worker/build/index_bg.wasm

size=$(gzip -9c worker/build/index_bg.wasm | wc -c)
echo "worker: $size bytes of WASM, gzip (gate $GATE)"
[ "$size" -le "$GATE" ] || { echo "worker: beyond the gate" >&2; exit 1; }
