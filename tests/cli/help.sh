#!/bin/sh
# Help, manual page and completions come from one table: every option is in each of them.
. "$(dirname "$0")/lib.sh"

commands='run check list describe init plot verify schema completion help'
code_is 0 "$GEODES" help
cp out help.txt
code_is 0 "$GEODES" --help
same out help.txt
code_is 0 "$GEODES" help --man
cp out geodes.1
for shell in bash zsh fish; do
    code_is 0 "$GEODES" completion "$shell"
    cp out "completion.$shell"
done
sed 's/\\-/-/g' geodes.1 >manual.txt
for command in $commands; do
    has help.txt "  $command "
    code_is 0 "$GEODES" "$command" --help
    cp out "help.$command"
    empty err
    code_is 0 "$GEODES" help "$command"
    same out "help.$command"
    code_is 0 "$GEODES" "$command" -h
    same out "help.$command"
    has manual.txt ".SS $command"
    has completion.zsh "    $command)"
    for option in $(grep -o '^ *\(-[a-z], \)\?--[a-z-]*' "help.$command" | grep -o -- '--[a-z-]*'); do
        has manual.txt "$option"
        has completion.bash "$option"
        has completion.zsh "$option"
        has completion.fish "__fish_seen_subcommand_from $command' -l ${option#--}"
    done
    checks=$((checks + 1))
    awk 'length($0) > 100 { print; bad = 1 } END { exit bad }' "help.$command" ||
        fail "long lines in the help of $command"
done
for code in 0 1 2 3 4 5 6 7 130; do
    checks=$((checks + 1))
    grep -q "^  $code  *[a-z]" help.txt || fail "exit code $code is not in the help"
    has manual.txt ".B $code"
done
for word in primary quorum; do
    has help.init "$word"
done

if command -v groff >/dev/null; then
    code_is 0 groff -man -Tascii -P-cbou -ww geodes.1
    empty err
    has out 'EXIT STATUS'
else
    echo 'no groff here: the manual page was not rendered'
fi
for shell in bash zsh fish; do
    if command -v "$shell" >/dev/null; then
        code_is 0 "$shell" -n "completion.$shell"
        empty err
    else
        echo "no $shell here: its completion was not tried"
    fi
done
if command -v bash >/dev/null; then
    cat >try.bash <<'END'
. ./completion.bash
complete_it() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _geodes
    echo "${COMPREPLY[*]}"
}
complete_it geodes ru
complete_it geodes run --repl
complete_it geodes run --format j
complete_it geodes list strat
END
    code_is 0 bash try.bash
    printf 'run\n--replications\njson jsonl\nstrategies\n' >wanted
    same out wanted
fi

finish
