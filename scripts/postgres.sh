#!/usr/bin/env bash
# Says where PostgreSQL's programs are, for the bench: Debian's packages, unless they are there.
set -euo pipefail

programs() {
  local found
  found=$(find /usr/lib/postgresql -path '*/bin/pgbench' 2>/dev/null | sort -V | tail -1)
  [ -n "$found" ] && dirname "$found"
}
programs && exit 0

echo "PostgreSQL is missing; installing Debian's packages (half a minute)" >&2
cannot() {
  echo "PostgreSQL could not be installed: $1" >&2
  exit 1
}
command -v apt-get >/dev/null || cannot "there is no apt-get here"
[ "$(id -u)" = 0 ] || cannot "this needs root"
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends postgresql postgresql-contrib; } >/dev/null ||
  cannot "apt-get failed"
programs
