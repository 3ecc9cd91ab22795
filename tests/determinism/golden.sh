#!/bin/sh
# Fingerprints of the scenarios that ship, as kept in golden.csv: equal on every machine, with every
# compiler, until the model changes. After a change that is meant: tests/determinism/update.sh.
. "$(dirname "$0")/../cli/lib.sh"

golden=$SOURCE/tests/determinism/golden.csv
# Sanitizers are slow: they look at one scenario.
only=.
[ "${CHEAP:-0}" = 1 ] && only='^cascade.json,'
head -n 1 "$golden" >wanted
grep "$only" "$golden" | tail -n "+$([ "$only" = . ] && echo 2 || echo 1)" | sort >>wanted
if [ "${CHEAP:-0}" = 1 ]; then
    sh "$SOURCE/tests/determinism/fingerprints.sh" cascade.json >found
else
    sh "$SOURCE/tests/determinism/fingerprints.sh" >found
fi
checks=1
diff wanted found || fail 'fingerprints differ from golden.csv (< wanted, > found)'

finish
