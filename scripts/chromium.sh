#!/usr/bin/env bash
# Sees to it that there is a Chromium for the browser tests: Debian's, unless there is one.
set -euo pipefail

command -v chromium >/dev/null && exit 0

echo "Chromium is missing; installing Debian's package (a minute)"
cannot() {
  echo "Chromium could not be installed: $1" >&2
  echo "The browser tests need /usr/bin/chromium: apt-get install chromium" >&2
  exit 1
}
command -v apt-get >/dev/null || cannot "there is no apt-get here"
[ "$(id -u)" = 0 ] || cannot "this needs root"
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends chromium; } >/dev/null || cannot "apt-get failed"
