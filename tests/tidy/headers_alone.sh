#!/bin/sh
# Each header compiles on its own, with every compiler of this machine: it includes what it uses.
# usage: headers_alone.sh SOURCE_DIR BUILD_DIR [FLAG...]
set -eu
source_dir=$1
build=$2
shift 2
cd "$source_dir"
bad=0
tried=0
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || {
        echo "no $compiler here: headers were not tried with it"
        continue
    }
    for header in $(find sim models scenarios analysis plots cli -name '*.h' | sort); do
        tried=$((tried + 1))
        printf '#include "%s"\ntypedef int no_empty_unit;\n' "$header" |
            "$compiler" -std=c17 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -x c \
                -I. -I"$build/generated" "$@" - || {
            echo "$header does not compile alone with $compiler"
            bad=$((bad + 1))
        }
    done
done
echo "$tried compilations, $bad failed"
[ "$bad" -eq 0 ] && [ "$tried" -gt 100 ]
