# Sourced by the tests of this folder and of tests/determinism. They are started by ctest with
#   GEODES   the program            SOURCE  the root of the sources
#   CHEAP=1  under sanitizers: shorter runs, same checks
# and work in a folder of their own, which is removed at the end.
# shellcheck shell=sh

set -eu
: "${GEODES:?the program}" "${SOURCE:?the root of the sources}"
# The program reads no locale; the tools around it (sort, awk) do.
LC_ALL=C
export LC_ALL
unset NO_COLOR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
failures=0
checks=0
SCENARIO=$SOURCE/scenarios/read-replicas.json
SHORT='--set duration=4s --set warmup=1s --set expect={}'

fail() {
    failures=$((failures + 1))
    echo "FAIL: $*"
}

# code_is CODE COMMAND...: runs it with stdout in $work/out and stderr in $work/err.
code_is() {
    wanted=$1
    shift
    checks=$((checks + 1))
    code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    if [ "$code" -ne "$wanted" ]; then
        fail "exit $code instead of $wanted: $*"
        head -n 5 "$work/out" "$work/err"
    fi
}

# has FILE TEXT: the file has the text on some line.
has() {
    checks=$((checks + 1))
    grep -qF -- "$2" "$1" || {
        fail "no \"$2\" in $1:"
        head -n 5 "$1"
    }
}

has_not() {
    checks=$((checks + 1))
    if grep -qF -- "$2" "$1"; then
        fail "\"$2\" in $1"
    fi
}

empty() {
    checks=$((checks + 1))
    [ ! -s "$1" ] || {
        fail "$1 is not empty:"
        head -n 5 "$1"
    }
}

not_empty() {
    checks=$((checks + 1))
    [ -s "$1" ] || fail "$1 is empty"
}

same() {
    checks=$((checks + 1))
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

is_json() {
    checks=$((checks + 1))
    python3 -c 'import json, sys
def refuse(word):
    raise ValueError(word)
json.load(open(sys.argv[1], encoding="utf-8"), parse_constant=refuse)' "$1" ||
        fail "$1 is no JSON"
}

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures of $checks checks failed"
        exit 1
    fi
    echo "$checks checks passed"
}
