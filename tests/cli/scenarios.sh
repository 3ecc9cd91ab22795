#!/bin/sh
# Every scenario that ships is right in each variant and reproducible. What they expect is asked by
# tests/determinism/golden.sh, which runs all of them to their ends.
. "$(dirname "$0")/lib.sh"

find "$SOURCE/scenarios" -name '*.json' ! -name '*.schema.json' | sort >list
not_empty list
while IFS= read -r file; do
    code_is 0 "$GEODES" check "$file"
    if [ "${CHEAP:-0}" = 1 ]; then
        # Too short for what it expects, long enough for a sanitizer to see every line of code.
        code=0
        "$GEODES" run "$file" --variant all --set duration=8s --set warmup=0s --set 'faults=[]' \
            --set 'expect={}' --set failover=none --format none >out 2>err || code=$?
        case $code in
        0 | 6) ;;
        *)
            fail "exit $code: $file"
            cat err
            ;;
        esac
    fi
done <list

for file in read-replicas quorum partition; do
    code_is 0 "$GEODES" verify "$SOURCE/scenarios/$file.json" --set duration=70s
    has out equal
done

finish
