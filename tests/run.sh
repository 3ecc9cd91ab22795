#!/bin/sh
# All tests on a fresh Debian 12: installs what is missing, builds with gcc, with clang and with
# sanitizers, warnings as errors, and runs every test in each. `tests/run.sh quick`: gcc only.
set -eu
cd "$(dirname "$0")/.."

sh cli/install-missing.sh gcc make cmake pkg-config libc6-dev libgsl-dev libcjson-dev libcsv-dev \
    gnuplot-nox fonts-dejavu-core libcmocka-dev librandom123-dev python3 python3-jsonschema locales \
    binutils git
presets=release
if [ "${1:-}" != quick ]; then
    sh cli/install-missing.sh clang libclang-rt-14-dev clang-format groff-base
    presets='release clang sanitize'
fi
failed=
for preset in $presets; do
    echo "== $preset"
    # ON, since cli/first-run.sh may have made the same folder without tests.
    cmake --preset "$preset" -DGEODES_TESTS=ON >/dev/null
    cmake --build --preset "$preset" -- -s
    ctest --preset "$preset" --no-tests=error -j 2 || failed="$failed $preset"
done
if [ -n "$failed" ]; then
    echo "tests failed in:$failed" >&2
    exit 1
fi
echo "all tests passed in: $presets"
