#!/bin/sh
# Each documented exit code, provoked.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2086 # SHORT is several words
run() {
    "$GEODES" run "$SCENARIO" $SHORT "$@"
}

code_is 0 run
code_is 0 "$GEODES" help
code_is 0 "$GEODES" --version

# 1: a CHECK or an unexpected error of GSL, which only a bug can reach.

code_is 2 "$GEODES"
code_is 2 "$GEODES" walk
code_is 2 "$GEODES" run
code_is 2 "$GEODES" run "$SCENARIO" "$SCENARIO"
code_is 2 run --sede 3
code_is 2 run --seed
code_is 2 run --seed three
code_is 2 run --seed -1
code_is 2 run --seed 9007199254740992
code_is 2 run --replications 0
code_is 2 run --jobs 0
code_is 2 run --format xml
code_is 2 run --color perhaps
code_is 2 run --seed 1 --seed 2
code_is 2 run --quiet=yes
code_is 2 run --set seed
code_is 2 run --set =5
code_is 2 run --set regions[=5
code_is 2 "$GEODES" check "$SCENARIO" --set 'clients=[{"at": "us-east-1"'
has err 'the value is not JSON'
code_is 2 "$GEODES" check "$SCENARIO" --set 'description="open'
code_is 2 "$GEODES" verify "$SCENARIO" --set a..b=5
code_is 0 "$GEODES" check "$SCENARIO" --set 'description=true story' --set 'summary="{"'
code_is 2 "$GEODES" init nothing
code_is 2 "$GEODES" completion tcsh
code_is 2 "$GEODES" list nothing
code_is 2 "$GEODES" describe nothing-of-this-name
code_is 2 "$GEODES" help walk
code_is 2 "$GEODES" plot "$SCENARIO" --only no-such-figure

code_is 3 run --set seed=true
code_is 3 run --set nothing.of.this=1
code_is 3 run --variant no-such-variant
code_is 3 run --set 'expect={"no_such_metric": ["rate<1"]}'
code_is 3 run --set 'expect={"latency_ms{region:atlantis}": ["avg<1"]}'
# A row that no run can have is found before the run.
code_is 3 "$GEODES" check "$SCENARIO" --set 'expect={"latency_ms{group:us-east-1,region:us-east-1}": ["avg<1"]}'
has err '--set expect={"latency_ms{group:us-east-1'
has err 'no row {group, region} (there is: {[region], [operation]}, {group, [operation]}'
printf '{' >broken.json
code_is 3 "$GEODES" run broken.json
code_is 3 "$GEODES" check broken.json "$SCENARIO"
code_is 3 "$GEODES" check /dev/null

code_is 4 "$GEODES" run no-such-file.json
has err 'no-such-file.json'
code_is 4 "$GEODES" check no-such-file.json
code_is 4 "$GEODES" run "$work"
code_is 4 run --out "$SCENARIO"
code_is 4 run --out "$SCENARIO/below"

code_is 5 run --set event_limit=1000
has err event_limit
# What a stopped run measured is less than what was planned, and its rates are of that time.
code_is 5 run --set duration=100s --set warmup=100ms --set event_limit=2000 --format json \
    --set 'expect={"operations_offered": ["rate>50", "rate<1000"]}'
python3 -c 'import json
report = json.load(open("out"))
measured = report["measured_s"]
assert 0 < measured < 10, measured
assert report["duration_s"] == 100, report["duration_s"]
offered = [m["value"] for m in report["metrics"] if m["name"] == "operations_offered" and not m["labels"]][0]
rate = report["expectations"][0]["observed"]
assert abs(rate - offered / measured) <= 1e-6 * rate, (rate, offered, measured)' || fail 'measured_s'
code_is 5 run --set duration=100s --set event_limit=2000
has out 's of 100s simulated'

code_is 6 run --set 'expect={"latency_ms{operation:read}": ["avg<0.001"]}'
has out fail
code_is 6 run --format json --set 'expect={"latency_ms{operation:read}": ["avg<0.001"]}'
is_json out
code_is 6 run --format none --set 'expect={"latency_ms{operation:read}": ["avg<0.001"]}'
empty out
code_is 6 run --set 'clients=[{"at":"us-east-1","rate":"10/s","mix":{"read":1}}]' \
    --set 'expect={"latency_ms{operation:write}": ["avg<100"]}'
has out 'no samples'

# The bound is the mean itself, so that the interval of four replications lies around it.
code_is 0 run --replications 4 --format json
mean=$(python3 -c 'import json, sys
for metric in json.load(open("out"))["metrics"]:
    if metric["name"] == "latency_ms" and metric["labels"] == {"operation": "write"}:
        print(metric["mean"])')
code_is 7 run --replications 4 --set "expect={\"latency_ms{operation:write}\": [\"avg<$mean\"]}"
has out inconclusive

finish
