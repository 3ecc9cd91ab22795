#!/bin/sh
# Prints scenario, variant, seed, events and fingerprint of the scenarios that ship (or of those
# named), as CSV; on standard error what did not come out as the scenario expects.
# Needs GEODES and SOURCE.
set -eu
cd "$SOURCE/scenarios"
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046 # names without blanks
    set -- $(find . -name '*.json' ! -name '*.schema.json' | sed 's|^\./||' | LC_ALL=C sort)
fi
table=$(mktemp)
trap 'rm -f "$table"' EXIT
echo scenario,variant,seed,events,fingerprint
for file in "$@"; do
    code=0
    "$GEODES" run "$file" --variant all --format table --quiet >"$table" || code=$?
    awk -v file="$file" '
        /^== variant / { variant = $3 }
        / events; seed / {
            line = $0
            sub(/ events; seed.*/, "", line)
            sub(/.*; /, "", line)
            gsub(/[^0-9]/, "", line)
            events = line
            seed = $0
            sub(/.*; seed /, "", seed)
            sub(/[^0-9].*/, "", seed)
        }
        /^reproduce: / {
            sub(/.*# fingerprint /, "")
            print file "," variant "," seed "," events "," $0
        }' "$table"
    if [ "$code" -ne 0 ]; then
        echo "exit $code: geodes run scenarios/$file --variant all" >&2
        sed -n '/^== variant/p;/^  fail /p;/^  no samples /p;/variants, latency/,$p' "$table" >&2
    fi
done | LC_ALL=C sort
