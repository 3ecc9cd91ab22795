#!/bin/sh
# Interrupts end a run at once, with 130 or 143, and leave nothing half-written.
. "$(dirname "$0")/lib.sh"

# interrupted SIGNAL CODE ARGUMENTS...: sends the signal when the run has begun.
interrupted() {
    name=$1
    wanted=$2
    shift 2
    checks=$((checks + 1))
    "$GEODES" run "$SCENARIO" --set duration=24h "$@" >out 2>err &
    child=$!
    sleep 1
    begun=$(date +%s)
    kill -s "$name" "$child"
    code=0
    wait "$child" || code=$?
    ended=$(date +%s)
    [ "$code" -eq "$wanted" ] || fail "exit $code instead of $wanted after SIG$name: $*"
    [ $((ended - begun)) -le 5 ] || fail "took $((ended - begun)) s to end after SIG$name"
}

# A shell without job control starts background commands with SIGINT ignored; the program sets its
# own handler all the same.
interrupted INT 130 --out broken
empty out
checks=$((checks + 1))
[ -z "$(find broken -type f)" ] || fail "files of an interrupted run: $(find broken -type f)"
interrupted TERM 143
empty out
interrupted INT 130 --replications 8 --jobs 4 --format json
empty out
interrupted TERM 143 --variant all --format none

finish
