#!/bin/sh
# Shell scripts by shellcheck, when it is there (else skipped: 77).
set -eu
cd "$1"
# What tests/cli/lib.sh gives to the scripts that source it, which shellcheck does not follow; cd
# under set -e; and dollars that are meant to stay.
quiet=SC1091,SC2154,SC2034,SC2164,SC2016,SC2013
command -v shellcheck >/dev/null || {
    echo 'no shellcheck here'
    exit 77
}
{
    echo .ci/run
    find cli tests -name '*.sh'
} | sort | xargs shellcheck -s sh -e "$quiet"
