#!/bin/sh
# Writes golden.csv from a program: after a change of the model that is meant to change results.
# The commit of the new file says why. usage: update.sh PROGRAM
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
GEODES=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
SOURCE=$(cd "$folder/../.." && pwd)
export GEODES SOURCE
sh "$folder/fingerprints.sh" >"$folder/golden.new"
mv "$folder/golden.new" "$folder/golden.csv"
git -C "$SOURCE" --no-pager diff --stat -- tests/determinism/golden.csv || true
