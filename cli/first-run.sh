#!/bin/sh
# From a fresh Debian 12 to results: installs what is missing, builds, runs the first scenario with
# table, files and pictures in ./out. Further arguments go to `geodes run` instead.
set -eu
cd "$(dirname "$0")/.."

sh cli/install-missing.sh gcc make cmake pkg-config libc6-dev libgsl-dev libcjson-dev libcsv-dev \
    gnuplot-nox fonts-dejavu-core
cmake --preset release -DGEODES_TESTS=OFF >/dev/null
cmake --build --preset release -- -s
if [ $# -eq 0 ]; then
    set -- scenarios/read-replicas.json --out out
fi
exec build-release/geodes run "$@"
