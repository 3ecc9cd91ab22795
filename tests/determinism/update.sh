#!/bin/sh
# After a change of the model that is meant to change results: writes golden.csv, the outputs in the
# README and its pictures anew. The commit says why. usage: update.sh PROGRAM
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
GEODES=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
SOURCE=$(cd "$folder/../.." && pwd)
export GEODES SOURCE
sh "$folder/fingerprints.sh" >"$folder/golden.new"
mv "$folder/golden.new" "$folder/golden.csv"
python3 "$SOURCE/tests/cli/readme_output.py" "$GEODES" "$SOURCE" --write
sh "$SOURCE/plots/examples/draw.sh" "$GEODES"
git -C "$SOURCE" --no-pager diff --stat -- tests/determinism/golden.csv README.md plots/examples || true
