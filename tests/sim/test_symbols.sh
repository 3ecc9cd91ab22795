#!/bin/sh
# Fails when an object of the given static libraries refers to a function whose result depends on
# the processor, the machine, the clock or the user's settings: libm, GSL, libc's generators, time,
# locale and environment. It looks at the objects themselves, so a call that a compiler made up
# (sqrt with errno, say) is found as well.
#
# usage: test_symbols.sh LIBRARY.a...
set -eu

if [ "$#" -eq 0 ]; then
    echo "usage: test_symbols.sh LIBRARY.a..." >&2
    exit 2
fi

math='acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp10
exp2 expm1 fabs fdim finite floor fma fmax fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma
lgamma_r llrint llround log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter
nexttoward pow pow10 remainder remquo rint round roundeven scalb scalbln scalbn significand sin
sincos sinh sqrt tan tanh tgamma trunc y0 y1 yn'
chance='arc4random arc4random_buf arc4random_uniform drand48 erand48 getentropy getrandom initstate
jrand48 lrand48 mrand48 nrand48 rand rand_r random random_r seed48 setstate srand srand48 srandom'
world='clock clock_getres clock_gettime ctime ftime gettimeofday getenv secure_getenv getpid gmtime
localeconv localtime mktime newlocale nl_langinfo setenv setlocale strcoll strftime strxfrm time
timespec_get times tzset uselocale'

names=''
for name in $math; do
    names="$names $name ${name}f ${name}l __${name}_finite"
done
names="$names $chance $world"

symbols=$(nm -A -u "$@" 2>/dev/null) || {
    echo "test_symbols.sh: nm cannot read $*" >&2
    exit 2
}

printf '%s\n' "$symbols" | awk -v names="$names" -v libraries="$*" '
    BEGIN {
        split(names, list, /[ \n]+/)
        for (i in list) {
            banned[list[i]] = 1
        }
    }
    NF >= 2 {
        symbol = $NF
        sub(/@.*/, "", symbol)
        objects++
        if (symbol in banned || symbol ~ /^(gsl_|gsl$|cblas_|_ZGV)/) {
            printf "%s calls %s\n", $1, symbol
            bad++
        }
    }
    END {
        if (objects == 0) {
            print "no undefined symbols at all in " libraries ": not the libraries of the project?"
            exit 2
        }
        if (bad > 0) {
            print bad " forbidden calls; use sim/portable_math.h and sim/random.h"
            exit 1
        }
        print "no forbidden call among " objects " references of " libraries
    }'
