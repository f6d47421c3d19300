#!/bin/sh
# Builds the npm package into wasm-client/npm/dist and holds it to its size. What is there is replaced
# at the end only: a build that fails leaves the one before it.
set -eu
cd "$(dirname "$0")/.."
# binaryen's and esbuild's commands want the Node of node_modules, not the system's.
PATH="$PWD/node_modules/.bin:$PATH"
# What is on the way into a call, and with it what is loaded then. The aims are 24000 and 39000.
join_gate=62000
whole_gate=87000
# What a session loads when it first needs an SFU: what the drivers share, and the larger of them.
sfu_gate=31000
out=build/client
dist=wasm-client/npm/dist
mkdir -p "$dist"

scripts/wasm.sh samewire-client "$out" samewire
scripts/wasm.sh samewire-quality build/quality samewire_quality
scripts/wasm.sh samewire-sfu build/sfu samewire_sfu
for chunk in quality sfu; do
  gzip -9 -n -c "build/$chunk/samewire_$chunk.wasm" >"build/$chunk/samewire_$chunk.wasm.gz"
done
bundle() {
  esbuild "$1" --bundle --minify --format=esm --target=es2022 --log-level=warning \
    --external:./quality.js --external:../sfu.js --external:./drivers/* \
    --loader:.gz=binary --outfile="$out/$2"
}
bundle wasm-client/npm/index.js index.js
bundle wasm-client/npm/quality/index.js quality.js
bundle wasm-client/npm/sfu/index.js sfu.js
mkdir -p "$out/drivers"
for driver in cloudflare janus; do
  bundle "wasm-client/npm/drivers/$driver.js" "drivers/$driver.js"
done

size() { gzip -9 -c "$1" | wc -c; }
wasm=$(size "$out/samewire.wasm")
js=$(size "$out/index.js")
quality=$(size "$out/quality.js")
join=$((wasm + js))
whole=$((join + quality))
echo "samewire: $join bytes gzip ($wasm wasm + $js js, gate $join_gate); with quality, loaded after joining, $whole (gate $whole_gate)"
if [ "$join" -gt "$join_gate" ] || [ "$whole" -gt "$whole_gate" ]; then
  echo "samewire is larger than its gate: see scripts/client.sh" >&2
  exit 1
fi
shared=$(size "$out/sfu.js")
for driver in cloudflare janus; do
  own=$(size "$out/drivers/$driver.js")
  echo "samewire/drivers/$driver: $((own + shared)) bytes gzip ($own of its own, $shared that all share, gate $sfu_gate)"
  if [ $((own + shared)) -gt "$sfu_gate" ]; then
    echo "samewire/drivers/$driver is larger than its gate: see scripts/client.sh" >&2
    exit 1
  fi
done
scripts/client-entries.sh
cd "$out"
cp samewire.wasm index.js quality.js sfu.js react.js elements.js inline.js "../../$dist/"
mkdir -p "../../$dist/drivers"
cp drivers/*.js "../../$dist/drivers/"
