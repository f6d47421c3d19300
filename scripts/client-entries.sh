#!/bin/sh
# Builds the package's other entry points beside build/client/index.js, which they share: a page that
# imports several of them has one package, loaded once.
set -eu
cd "$(dirname "$0")/../wasm-client/npm"
out=../../build/client

esbuild react.js elements.js inline.js --bundle --minify --format=esm --target=es2022 \
  --alias:samewire=./index.js --external:./index.js --external:react --loader:.wasm=base64 \
  --log-level=warning --outdir="$out"
for entry in react elements inline; do
  echo "samewire/$entry: $(gzip -9 -c "$out/$entry.js" | wc -c) bytes gzip, beside samewire"
done
