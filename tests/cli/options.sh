#!/bin/sh
# Options in every spelling, suggestions, --set and --variant, several variants at once.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2086
run() {
    "$GEODES" run "$SCENARIO" $SHORT "$@"
}

# fingerprint: of the last run's table.
fingerprint() {
    sed -n 's/.*# fingerprint //p' out
}

code_is 2 "$GEODES" rnu
has err 'did you mean "run"?'
code_is 2 "$GEODES" help rnu
has err 'did you mean "run"?'
code_is 2 run --replicatons 2
has err 'did you mean "--replications"?'
code_is 2 run --rep 2 # no abbreviations
code_is 2 run --formatjson
code_is 2 run -x
code_is 2 run -s1 # a short option's value stands apart
code_is 2 "$GEODES" list strategie
has err 'did you mean "strategies"?'
code_is 2 "$GEODES" describe quorun
has err 'did you mean "quorum"?'
code_is 3 run --set datasets.orders.replication.strategy=qourum
has err 'quorum'
code_is 3 run --variant semi-synk
has err 'semi-sync'
code_is 3 run --set datasets.orders.replicaton.acks=all
has err 'replication'

code_is 0 run --seed 7
one=$(fingerprint)
for form in '--seed=7' '-s 7'; do
    # shellcheck disable=SC2086
    code_is 0 run $form
    checks=$((checks + 1))
    [ "$(fingerprint)" = "$one" ] || fail "$form is not --seed 7"
done
code_is 0 run --set seed=7
checks=$((checks + 1))
[ "$(fingerprint)" = "$one" ] || fail "--set seed=7 is not --seed 7"
code_is 0 run --seed 8
checks=$((checks + 1))
[ "$(fingerprint)" != "$one" ] || fail 'the seed changes nothing'

# Options behind operands, "--", "-".
code_is 0 "$GEODES" run --set duration=2s "$SCENARIO" --set warmup=1s
cp "$SCENARIO" ./--seed
code_is 0 "$GEODES" check -- --seed
has out ok
code_is 2 "$GEODES" check --seed

# The last override wins; values are JSON when they parse as such, else text.
code_is 0 run --set datasets.orders.replication.acks=semi_sync
cp out bare
code_is 0 run --set 'datasets.orders.replication.acks="semi_sync"'
checks=$((checks + 1))
[ "$(sed -n 's/.*# fingerprint //p' bare)" = "$(fingerprint)" ] || fail 'quoted --set differs'
code_is 0 run --set datasets.orders.replication.acks=all \
    --set datasets.orders.replication.acks=semi_sync
checks=$((checks + 1))
[ "$(sed -n 's/.*# fingerprint //p' bare)" = "$(fingerprint)" ] || fail 'the last --set does not win'
code_is 0 run --set 'clients[0].rate=10/s' --set 'clients[1].mix={"write":1}'
code_is 0 run --set 'regions=["us-east-1","eu-west-1","ap-northeast-1","sa-east-1"]'
code_is 2 run --set clients
code_is 2 run --set =3

# A variant, by name and among all; the reproduce line gives the same again.
code_is 0 run --variant sync
one=$(fingerprint)
line=$(sed -n 's/^reproduce: geodes \(.*\)   # .*/\1/p' out)
cp out first
code_is 0 sh -c "\"$GEODES\" $line"
same out first
code_is 0 run --variant all
has out '== variant base'
has out "# fingerprint $one"
has out 'variants, latency in ms'
checks=$((checks + 1))
[ "$(sed -n '/variants, latency/,$p' out | wc -l)" -eq 6 ] || fail 'rows of the comparison'
code_is 0 run --variant all --format json
is_json out
checks=$((checks + 1))
python3 -c 'import json
assert len(json.load(open("out"))) == 5' || fail 'one result a variant'
code_is 0 run --variant all --format csv
checks=$((checks + 1))
python3 -c 'import csv
rows = list(csv.DictReader(open("out", newline="")))
names = list(dict.fromkeys(r["variant"] for r in rows))
assert names == ["base", "semi-sync", "sync", "read-your-writes", "primary-reads"], names
value = {(r["variant"], r["name"], r["labels"], r["statistic"]): r["value"] for r in rows}
def write_p50(name):
    return float(value[name, "latency_ms", "operation=write", "p50"])
assert write_p50("base") < write_p50("semi-sync") < write_p50("sync")' || fail 'the comparison'
code_is 0 run --variant all --replications 2 --out all --no-plots --quiet --format none
for variant in base semi-sync sync read-your-writes primary-reads; do
    is_json "all/$variant/results.json"
done
not_empty all/comparison.csv

# Intervals appear with replications.
code_is 0 run --replications 3
has out '±'
has out 'replications, ± is the 95 % interval'

# Variants with faults stand side by side with what these cost.
code_is 0 "$GEODES" run "$SOURCE/scenarios/failover/mysql-semi-sync.json" --variant all
has out 'writes back, s'
has out 'split brain, s'

finish
