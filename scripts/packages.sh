#!/usr/bin/env bash
# Sees to it that these commands are there, as Debian's packages:
#   scripts/packages.sh COMMAND[=PACKAGE] …
# The package is named like the command unless it is said.
set -euo pipefail

missing=()
for wanted in "$@"; do
  command -v "${wanted%%=*}" >/dev/null || missing+=("${wanted#*=}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Missing: ${missing[*]}; installing Debian's packages (a minute)"
cannot() {
  echo "They could not be installed: $1" >&2
  echo "The tests need them: apt-get install ${missing[*]}" >&2
  exit 1
}
command -v apt-get >/dev/null || cannot "there is no apt-get here"
[ "$(id -u)" = 0 ] || cannot "this needs root"
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null || cannot "apt-get failed"
