#!/bin/sh
# Data on standard output, talk on standard error; colours; full disks; closed pipes.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2086
run() {
    "$GEODES" run "$SCENARIO" $SHORT "$@"
}

# coloured COMMAND: whether it prints escapes at a terminal.
at_a_terminal() {
    script -qec "$1" /dev/null </dev/null >terminal 2>&1
}

code_is 0 run
empty err
not_empty out
has out 'reproduce: geodes run'
code_is 0 run --format none
empty out
empty err
code_is 2 run --format xml
empty out
not_empty err
code_is 3 run --set seed=true
empty out
not_empty err
code_is 0 run --out results --no-plots
has err 'wrote results'
code_is 0 run --out results --no-plots --quiet
empty err

for format in json jsonl csv; do
    code_is 0 run --format "$format" --out results --no-plots
    cp out "plain.$format"
    code_is 0 run --format "$format"
    same out "plain.$format"
done
is_json plain.json
checks=$((checks + 1))
python3 -c 'import json
lines = [json.loads(line) for line in open("plain.jsonl", encoding="utf-8")]
assert lines[0]["type"] == "header" and lines[-1]["type"] == "end", (lines[0], lines[-1])' ||
    fail 'lines of --format jsonl'
checks=$((checks + 1))
python3 -c 'import csv
rows = list(csv.DictReader(open("plain.csv", encoding="utf-8", newline="")))
assert any(r["name"] == "latency_ms" and float(r["p50"]) > 0 for r in rows)
assert all(None not in r and None not in r.values() for r in rows)' ||
    fail 'columns of --format csv'
for format in json jsonl csv; do
    has_not "plain.$format" nan
    has_not "plain.$format" inf,
done

# Errors for programs: one list, whatever the number of files.
printf '{"a": 1' >one.json
printf '{"b" 1}' >two.json
code_is 3 "$GEODES" check one.json two.json "$SCENARIO" --format json
is_json out
checks=$((checks + 1))
python3 -c 'import json
errors = json.load(open("out"))
assert [e["file"] for e in errors] == ["one.json", "two.json"], errors
assert all(e["line"] == 1 and e["column"] > 1 and e["message"] for e in errors), errors' ||
    fail 'errors of check --format json'
code_is 0 "$GEODES" check "$SCENARIO" --format json
printf '[]\n' >nothing
same out nothing

# Colours at a terminal only, and not there when the user does not want them.
escape=$(printf '\033')
run --color always >out
has out "$escape"
run --color auto >out
has_not out "$escape"
if script -qec true /dev/null </dev/null >terminal 2>&1; then
    line="$GEODES run $SCENARIO $SHORT"
    at_a_terminal "TERM=xterm $line"
    has terminal "$escape"
    at_a_terminal "TERM=xterm NO_COLOR=1 $line"
    has_not terminal "$escape"
    at_a_terminal "TERM=dumb $line"
    has_not terminal "$escape"
    at_a_terminal "TERM=xterm NO_COLOR= $line"
    has terminal "$escape"
    at_a_terminal "TERM=xterm $line --color never"
    has_not terminal "$escape"
else
    echo 'no script(1) or no terminal here: colours at a terminal were not looked at'
fi

# A full disk is an error whatever the command and the format.
for arguments in 'list' 'list regions' 'describe quorum' 'init' 'schema' 'help' 'help --man' \
    'completion zsh' '--version' "check --expand $SCENARIO" "run $SCENARIO $SHORT" \
    "run $SCENARIO $SHORT --format json" "run $SCENARIO $SHORT --format csv" \
    "verify $SCENARIO $SHORT"; do
    code=0
    checks=$((checks + 1))
    # shellcheck disable=SC2086
    "$GEODES" $arguments >/dev/full 2>err || code=$?
    [ "$code" -eq 4 ] || fail "exit $code on a full disk: geodes $arguments"
    not_empty err
done

# A reader that leaves early: no message, no core.
for arguments in 'list regions' 'schema' "run $SCENARIO $SHORT --format json"; do
    # shellcheck disable=SC2086
    "$GEODES" $arguments 2>err | head -n 1 >out
    empty err
    not_empty out
done

# Standard input.
code_is 0 run
cp out by_name
"$GEODES" init >mine.json
code_is 0 "$GEODES" check - <mine.json
has out ok
# shellcheck disable=SC2086
code_is 0 "$GEODES" run - $SHORT --set 'faults=[]' <mine.json
# shellcheck disable=SC2086
"$GEODES" init | "$GEODES" run - $SHORT --set 'faults=[]' --variant all >out 2>err ||
    fail 'all variants of a piped scenario'
has out '== variant sync'

finish
