#!/bin/sh
# Draws the pictures of the README anew. usage: plots/examples/draw.sh PROGRAM
set -eu
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" plot scenarios/read-replicas.json --replications 20 --only t_visibility --no-png --out "$scratch" >/dev/null
"$program" run scenarios/pbs/lnkd-disk.json --variant all --out "$scratch" --format none --quiet
"$program" run scenarios/failover/active-passive.json --variant all --out "$scratch/failover" --format none --quiet
"$program" run scenarios/conflicts/every-resolver.json --variant all --out "$scratch/conflicts" --format none --quiet
"$program" plot scenarios/conflicts/lww-clocks.json --only conflict_sketch --no-png --out "$scratch" >/dev/null
cp "$scratch/conflicts/figures/conflicts_variants.svg" plots/examples/every-resolver-variants.svg
cp "$scratch/conflict_sketch.svg" plots/examples/lww-clocks-sketch.svg
cp "$scratch/failover/figures/failover_variants.svg" plots/examples/active-passive-variants.svg
cp "$scratch/failover/base/figures/failover.svg" plots/examples/active-passive.svg
cp "$scratch/t_visibility.svg" plots/examples/read-replicas.svg
cp "$scratch/figures/t_visibility_variants.svg" plots/examples/pbs-lnkd-disk.svg
