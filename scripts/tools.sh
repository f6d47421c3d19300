#!/usr/bin/env bash
# Puts the build tools that are no npm packages into .tools, once: worker-build and wasm-bindgen.
set -euo pipefail
cd "$(dirname "$0")/.."

WORKER_BUILD=0.8.7
# Cargo.toml pins the crate to exactly this version.
WASM_BINDGEN=0.2.130

scripts/target.sh

has() { [ -x ".tools/bin/$1" ] && ".tools/bin/$1" --version 2>/dev/null | grep -qF "$2"; }

# `dev` tools are fast enough, and are built in a fifth of the time; nobody debugs them. Quiet, since cargo would have
# .tools/bin in everybody's PATH, and warns of yanked crates in a lock that is not ours.
install() {
  echo "building $1 $3 into .tools/bin"
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$PWD/.tools/target" cargo install --quiet --root .tools --profile dev "$@"
}

has worker-build "$WORKER_BUILD" || install worker-build --version "$WORKER_BUILD" --locked
# Not --locked: its lock names a version that crates.io does not have.
has wasm-bindgen "$WASM_BINDGEN" || install wasm-bindgen-cli --version "$WASM_BINDGEN"
rm -rf .tools/target
