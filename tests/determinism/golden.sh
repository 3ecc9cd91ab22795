#!/bin/sh
# Every scenario that ships, in each variant: what it expects comes out, and its fingerprint is the one
# that golden.csv keeps: equal on every machine, with every compiler, until the model changes. After a
# change that is meant: tests/determinism/update.sh.
. "$(dirname "$0")/../cli/lib.sh"

golden=$SOURCE/tests/determinism/golden.csv
fingerprints=$SOURCE/tests/determinism/fingerprints.sh
if [ "${CHEAP:-0}" = 1 ]; then
    # Sanitizers are slow: they look at one scenario.
    grep -E '^(scenario|cascade.json),' "$golden" | LC_ALL=C sort >wanted
    sh "$fingerprints" cascade.json 2>unmet | LC_ALL=C sort >found
else
    LC_ALL=C sort "$golden" >wanted
    sh "$fingerprints" 2>unmet | LC_ALL=C sort >found
fi
checks=1
diff wanted found || fail 'fingerprints differ from golden.csv (< wanted, > found)'
empty unmet
cat unmet

finish
