#!/usr/bin/env bash
# What wrangler runs at its start, and whenever a file is saved.
#
# wrangler answers no request between a build that failed and the next good one. Under `make dev` a
# build that fails is therefore told to the person and not to wrangler, which goes on with what was
# built before, if anything was. Everybody else is told.
set -euo pipefail
cd "$(dirname "$0")/.."

make --silent build && exit 0

if [ "${SAMEWIRE_DEV:-}" != 1 ] || [ ! -e worker/build/index.js ] || [ ! -e web/dist/index.html ]; then
  exit 1
fi
echo "The build failed, as said above. What is served is still the last good build; the next saved file builds again." >&2
