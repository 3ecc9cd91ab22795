#!/bin/sh
# The same bytes from gcc and clang, optimised or not. Builds the program anew below BUILD, which
# later calls use again.
. "$(dirname "$0")/../cli/lib.sh"
. "$(dirname "$0")/lib.sh"

# build_is_same COMPILER LEVEL
build_is_same() {
    # The program under test is such a build itself.
    [ "$1-$2" != "$OWN" ] || return 0
    folder=$BUILD/determinism/$1-$2
    if ! cmake -S "$SOURCE" -B "$folder" -DGEODES_TESTS=OFF -DCMAKE_BUILD_TYPE=Plain \
        -DCMAKE_C_COMPILER="$1" -DCMAKE_C_FLAGS="-$2" >log 2>&1 ||
        ! cmake --build "$folder" --parallel 2 --target geodes >log 2>&1; then
        checks=$((checks + 1))
        fail "build with $1 -$2:"
        tail -n 20 log
        return 0
    fi
    bytes_of "$folder/geodes" "$1-$2"
    same_bytes "$1-$2"
}

bytes_of "$GEODES" plain
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || {
        echo "NOTE: no $compiler here: its builds were not compared"
        continue
    }
    for level in O0 O3; do
        build_is_same "$compiler" "$level"
    done
done

finish
