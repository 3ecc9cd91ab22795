# Sourced by the tests of this folder: what a run's bytes are.
# shellcheck shell=sh

# Short runs that pass through every part: both strategies, faults, loss, several threads' worth of
# replications, measured and estimated latencies. One line each: name, scenario, further arguments.
cases() {
    cat <<'END'
primary read-replicas --variant read-your-writes --set duration=10s --set warmup=1s --replications 2
semi read-replicas --variant semi-sync --set duration=10s --set warmup=1s --replications 2
cascade cascade --set duration=10s --set warmup=1s --replications 2
quorum quorum --variant n3-r1-w1 --set duration=10s --set warmup=1s --replications 2
cut partition --set duration=70s --set warmup=1s
pbs pbs/wan --set duration=3s
END
}

# bytes_of PROGRAM FOLDER [FURTHER...]: the results of every case, as files in FOLDER.
bytes_of() {
    program=$1
    folder=$2
    shift 2
    mkdir -p "$folder"
    cases | while read -r name file arguments; do
        [ "${CHEAP:-0}" = 1 ] && case $name in semi | pbs) continue ;; esac
        code=0
        # shellcheck disable=SC2086 # several words
        "$program" run "$SOURCE/scenarios/$file.json" $arguments "$@" --format json \
            >"$folder/$name.json" 2>"$folder/$name.err" || code=$?
        # 6: too short for what the scenario expects.
        case $code in 0 | 6) ;; *) echo "exit $code: $name" >>"$folder/failed" ;; esac
    done
    checks=$((checks + 1))
    [ ! -e "$folder/failed" ] || fail "runs for $folder: $(cat "$folder/failed")"
}

# same_bytes FOLDER: as ./plain, file by file.
same_bytes() {
    checks=$((checks + 1))
    diff -rq plain "$1" >differences || {
        fail "other bytes: $1"
        cat differences
        for file in "$1"/*.json; do
            diff "plain/${file##*/}" "$file" | head -n 6
        done
    }
}
