#!/bin/sh
# Installs those of the named Debian packages that are missing:  install-packages.sh PACKAGE...
# Says what it is about to install; does nothing when all are there.
set -eu
missing=
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "These packages are missing, and installing them takes root:$missing" >&2; exit 1; }
    as_root=sudo
fi
echo "Installing with apt:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update -q && $as_root apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt could not install:$missing" >&2
    exit 1
fi
