#!/bin/sh
# The same bytes whatever surrounds the process: processor features, contents of fresh memory,
# locale, time zone, environment, address layout, number of threads, folder.
. "$(dirname "$0")/../cli/lib.sh"
. "$(dirname "$0")/lib.sh"

bytes_of "$GEODES" plain
bytes_of "$GEODES" again
same_bytes again

bytes_of "$GEODES" one-thread --jobs 1
same_bytes one-thread
bytes_of "$GEODES" four-threads --jobs 4
same_bytes four-threads

# glibc chooses among variants of exp, log, pow by processor; this asks for those of an older one.
# A digest of the C library's own functions shows whether the wish is heard on this machine.
libm() {
    python3 -c 'import math, hashlib, struct
digest = hashlib.sha256()
for i in range(1, 200000):
    x = i * 0.000731
    digest.update(struct.pack("ddd", math.exp(-x / 9), math.log(x), math.pow(x, 0.37)))
print(digest.hexdigest())'
}
old=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable
if [ "$(libm)" = "$(GLIBC_TUNABLES=$old libm)" ]; then
    echo 'NOTE: GLIBC_TUNABLES changes no function here (no FMA, or another C library)'
fi
(
    GLIBC_TUNABLES=$old
    export GLIBC_TUNABLES
    bytes_of "$GEODES" older-processor
)
same_bytes older-processor

for byte in 1 165; do
    (
        MALLOC_PERTURB_=$byte
        export MALLOC_PERTURB_
        bytes_of "$GEODES" "perturbed-$byte"
    )
    same_bytes "perturbed-$byte"
done

# A locale with a decimal comma, made here so that none needs to be installed.
if mkdir locales && localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" 2>localedef.err; then
    checks=$((checks + 1))
    [ "$(LOCPATH=$work/locales LC_ALL=de_DE.UTF-8 locale decimal_point)" = , ] ||
        fail 'the locale that was made is not in force'
    (
        LOCPATH=$work/locales
        LC_ALL=de_DE.UTF-8
        LANGUAGE=de
        export LOCPATH LC_ALL LANGUAGE
        bytes_of "$GEODES" german
        "$GEODES" run "$SCENARIO" --set duration=4s --set warmup=1s --out german-files -q >german.txt
    )
    same_bytes german
    "$GEODES" run "$SCENARIO" --set duration=4s --set warmup=1s --out plain-files -q >plain.txt
    checks=$((checks + 1))
    diff -r plain-files german-files >differences || fail "files under de_DE: $(cat differences)"
    same plain.txt german.txt
else
    echo 'NOTE: no de_DE locale can be made here (package "locales"): not tried'
fi

(
    TZ=Asia/Kathmandu
    export TZ
    bytes_of "$GEODES" kathmandu
)
same_bytes kathmandu

mkdir -p elsewhere
(
    cd elsewhere
    env -i SOURCE="$SOURCE" CHEAP="${CHEAP:-0}" GEODES="$GEODES" sh -c '
        checks=0
        fail() { echo "FAIL: $*" >../elsewhere.failed; }
        . "$0"
        bytes_of "$GEODES" ../empty-environment' "$SOURCE/tests/determinism/lib.sh"
)
same_bytes empty-environment

if setarch -R true 2>/dev/null; then
    cat >fixed.sh <<'END'
#!/bin/sh
exec setarch -R "$GEODES" "$@"
END
    chmod +x fixed.sh
    bytes_of "$work/fixed.sh" fixed-addresses
    same_bytes fixed-addresses
else
    echo 'NOTE: setarch -R is not permitted here: runs at fixed addresses were not tried'
fi

finish
