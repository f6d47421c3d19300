#!/usr/bin/env bash
# Adds the WebAssembly target to your Rust: an installed toolchain does not fetch the targets of
# rust-toolchain.toml by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

TARGET=wasm32-unknown-unknown
if command -v rustup >/dev/null && ! rustup target list --installed | grep -qx "$TARGET"; then
  echo "adding the target $TARGET to your Rust, through rustup"
  rustup target add "$TARGET" >/dev/null 2>&1 ||
    { echo "rustup could not add the target $TARGET" >&2; exit 1; }
fi
