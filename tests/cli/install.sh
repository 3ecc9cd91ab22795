#!/bin/sh
# `cmake --install` gives a program that runs from anywhere, with its scenarios, manual page and
# completions. Needs BUILD, the build folder.
. "$(dirname "$0")/lib.sh"

DESTDIR=$work/root cmake --install "$BUILD" --prefix /usr >log 2>&1 || {
    cat log
    fail 'cmake --install'
}
root=$work/root/usr
for file in bin/geodes share/man/man1/geodes.1 share/bash-completion/completions/geodes \
    share/zsh/site-functions/_geodes share/fish/vendor_completions.d/geodes.fish \
    share/geodes/scenarios/read-replicas.json share/geodes/scenarios/pbs/wan.json \
    share/geodes/scenarios/scenario.schema.json; do
    not_empty "$root/$file"
done
checks=$((checks + 1))
find "$root/share/geodes" -type f ! -name '*.json' ! -name '*.csv' | grep . &&
    fail 'other files than scenarios are installed'
cd /
code=0
checks=$((checks + 1))
# shellcheck disable=SC2086
"$root/bin/geodes" run "$root/share/geodes/scenarios/read-replicas.json" $SHORT \
    --out "$work/results" --no-plots --quiet --format none || code=$?
[ "$code" -eq 0 ] || fail "the installed program ends with $code"
cd "$work"
is_json results/results.json
# Nothing of the build or source folder is in the program.
checks=$((checks + 1))
if [ "${CHEAP:-0}" != 1 ] && grep -qF "$BUILD" "$root/bin/geodes"; then
    fail "the program names $BUILD"
fi

finish
