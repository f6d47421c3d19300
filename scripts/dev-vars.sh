#!/usr/bin/env bash
# Writes .dev.vars from its example, with a secret of its own. Leaves one that is there alone.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -e .dev.vars ]; then
  umask 077
  secret=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
  sed -e '/^#/d' -e "s/^TOKEN_SECRET=.*/TOKEN_SECRET=\"$secret\"/" .dev.vars.example >.dev.vars
fi
