#!/bin/sh
# Output files: complete or absent; folders that can not be written; pictures without gnuplot.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2086
run() {
    "$GEODES" run "$SCENARIO" $SHORT "$@"
}

code_is 0 run --out results --no-plots
is_json results/results.json
for name in metrics.csv timeline.csv curves/t_visibility.csv; do
    not_empty "results/$name"
done
code_is 0 run --format json
same out results/results.json
code_is 0 run --format csv
same out results/metrics.csv
checks=$((checks + 1))
find results -name '*.tmp*' -o -name '.*' -type f | grep -q . && fail 'temporary files stay'

# A folder that can not be written is noticed before the run: a day takes minutes.
# /proc takes no files, not even from root.
for folder in /proc/geodes /proc/self "$SCENARIO/x"; do
    code_is 4 timeout 60 "$GEODES" run "$SCENARIO" --set duration=24h --out "$folder"
    not_empty err
    empty out
done

# Without gnuplot: a note, and scripts and data stay.
mkdir bin
for tool in sh env; do
    ln -s "$(command -v "$tool")" "bin/$tool"
done
# shellcheck disable=SC2086
code_is 0 env PATH="$work/bin" "$GEODES" run "$SCENARIO" $SHORT --out bare
has err 'note:'
has err gnuplot
not_empty bare/figures/latency_cdf.gp
not_empty bare/figures/latency_cdf.csv
checks=$((checks + 1))
[ ! -e bare/figures/latency_cdf.svg ] || fail 'a picture without gnuplot'
# shellcheck disable=SC2086
code_is 4 env PATH="$work/bin" "$GEODES" plot "$SCENARIO" $SHORT --out bare2
not_empty bare2/latency_cdf.gp

if command -v gnuplot >/dev/null; then
    # shellcheck disable=SC2086
    code_is 0 "$GEODES" plot "$SCENARIO" $SHORT --out drawn --only latency_cdf
    not_empty drawn/latency_cdf.svg
    not_empty drawn/latency_cdf.png
    has drawn/latency_cdf.svg '</svg>'
    checks=$((checks + 1))
    [ "$(find drawn -name '*.svg' | wc -l)" -eq 1 ] || fail '--only draws others as well'
    # shellcheck disable=SC2086
    code_is 0 "$GEODES" plot "$SCENARIO" $SHORT --out drawn2 --only latency_cdf --no-png
    checks=$((checks + 1))
    [ ! -e drawn2/latency_cdf.png ] || fail '--no-png draws PNG'
else
    echo 'no gnuplot here: pictures were not drawn'
fi

# What is probably not meant is said once, and kept with the results; nothing fails for it.
printf 'region,us-east-1,eu-wset-1\nus-east-1,0,80\neu-wset-1,80,0\n' >matrix.csv
cat >matrix.json <<'JSON'
{"name": "matrix", "duration": "2s", "regions": ["us-east-1", "eu-west-1"],
 "network": {"latency": {"from": "matrix", "file": "matrix.csv", "unit": "rtt_ms"}},
 "datasets": {"d": {"replication": {"strategy": "primary", "primary": "us-east-1"}}},
 "clients": [{"at": "eu-west-1", "rate": "5/s"}],
 "variants": {"fast": {"clients[0].rate": "9/s"}}}
JSON
for command in check 'run --variant all'; do
    # shellcheck disable=SC2086 # several words
    code_is 0 "$GEODES" $command matrix.json
    has err 'note: matrix.csv:3: has no row "eu-west-1"'
    has err '(did you mean it where it says "eu-wset-1"?)'
    [ "$(grep -c '^note: ' err)" = 1 ] || fail 'one note, once'
done
code_is 0 "$GEODES" run matrix.json --format json
python3 -c 'import json
notes = json.load(open("out"))["notes"]
assert len(notes) == 1 and notes[0].startswith("matrix.csv:3: has no row"), notes' || fail 'notes'
code_is 0 "$GEODES" check matrix.json --quiet
empty err
python3 -c 'import json
faults = [{"id": "f%d" % i, "kind": "partition", "isolate": ["eu-west-1"], "at": "%dms" % i}
          for i in range(201)]
print("faults=" + json.dumps(faults))' >many
code_is 0 "$GEODES" check matrix.json --set "$(cat many)"
has err 'faults: only the first 200 of 201 have rows before, during and after them'

finish
