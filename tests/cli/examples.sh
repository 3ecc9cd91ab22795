#!/bin/sh
# Every example in help texts and documents runs, and the templates are good scenarios.
. "$(dirname "$0")/lib.sh"

for template in primary quorum; do
    "$GEODES" init "$template" >"$template.json"
    code_is 0 "$GEODES" check - <"$template.json"
    if [ "${CHEAP:-0}" = 1 ]; then
        code_is 0 "$GEODES" check "$template.json"
    else
        code_is 0 "$GEODES" run "$template.json" --variant all --format none
    fi
done

# A folder as a user has it: the program on the path, scenarios beside.
mkdir -p play/bin
ln -s "$GEODES" play/bin/geodes
cp -r "$SOURCE/scenarios" play/scenarios
PATH=$work/play/bin:$PATH
cd play
geodes init >my.json

# try LINE: in a shell of its own.
try() {
    line=$1
    [ "${CHEAP:-0}" = 1 ] && line=$(printf '%s' "$line" | sed 's/--replications [0-9]*/--replications 2/')
    code_is 0 sh -c "$line"
}

{
    geodes help | sed -n '/^Examples:/,/^$/p'
    for command in run check list describe init plot verify schema completion help; do
        geodes help "$command" | sed -n '/^Examples:/,/^$/p'
    done
} | grep '^  geodes ' | sed 's/ > \/etc\/[^ ]*/ > completion/' | sort -u >../examples
checks=$((checks + 1))
[ "$(wc -l <../examples)" -ge 15 ] || fail 'fewer than 15 examples in the help'
while IFS= read -r line; do
    try "$line"
done <../examples

# ```sh blocks of the documents: each line that begins with geodes.
for document in "$SOURCE/README.md" "$SOURCE/scenarios/README.md" "$SOURCE/cli/README.md"; do
    [ -e "$document" ] || continue
    sed -n '/^```sh$/,/^```$/p' "$document" | grep -E '^(\$ )?geodes ' | sed 's/^\$ //' |
        sort -u >../lines || true
    while IFS= read -r line; do
        try "$line"
    done <../lines
done

# ```json blocks of the guide are whole scenarios or parts of one; ```csv NAME blocks are its files.
python3 - "$SOURCE/scenarios/README.md" <<'END'
import json, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
for name, block in re.findall(r"^```csv (\S+)\n(.*?)^```$", text, flags=re.M | re.S):
    with open(name, "w", encoding="utf-8") as file:
        file.write(block)
for number, block in enumerate(re.findall(r"^```json\n(.*?)^```$", text, flags=re.M | re.S)):
    value = json.loads(block)
    with open(f"guide-{number}.json", "w", encoding="utf-8") as file:
        json.dump(value, file)
END
for file in guide-*.json; do
    [ -e "$file" ] || continue
    if grep -q '"name": "two-regions"' "$file"; then
        code_is 0 geodes run "$file" --variant all
    else
        # A part of a scenario goes into one that has everything else.
        python3 - "$file" <<'END'
import json, sys
whole = json.load(open("my.json", encoding="utf-8"))
for key in ("faults", "variants", "expect"):
    whole.pop(key, None)
whole.update(json.load(open(sys.argv[1], encoding="utf-8")))
json.dump(whole, open("part.json", "w", encoding="utf-8"))
END
        code_is 0 geodes run part.json --variant all
        [ "$code" -eq 0 ] || cat "$file"
    fi
done

finish
