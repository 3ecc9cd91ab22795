#!/usr/bin/env python3
"""The outputs in the README are the program's: readme_output.py GEODES SOURCE [--write].

The first ```text block of the README is the table of the first scenario, shortened at the dots; the second is
the comparison of its variants; the third that of the second scenario, with its last columns only; the
fourth that of the third scenario, with its names and how writes met.
"""
import pathlib
import re
import subprocess
import sys

SCENARIO = "scenarios/read-replicas.json"
FAILURE = "scenarios/failover/active-passive.json"
CONFLICTS = "scenarios/conflicts/every-resolver.json"
KEPT_COLUMNS = ("in conflict", "lost updates", "expected")
KEPT_LINES = {"expectations": 4, "  wide-area traffic": 3}
LEFT_OUT = ("  faults",)


def output(scenario, *arguments):
    done = subprocess.run([sys.argv[1], "run", scenario, *arguments], capture_output=True, check=True,
                          cwd=sys.argv[2])
    return done.stdout.decode("utf-8")


def comparison(scenario):
    text = output(scenario, "--variant", "all")
    return text[text.index("  variants, "):].split("\n\n")[0].rstrip("\n")


def without_latency(table):
    """The column of names, and those from the share of reads that were served on."""
    lines = table.split("\n")
    begin = lines[0].index("reads ok") - 2
    width = max(len(line[:2] + line[2:].split("  ")[0]) for line in lines[1:])
    return "\n".join(("  variants" if number == 0 else line[:width].rstrip()).ljust(width) + line[begin:]
                     for number, line in enumerate(lines))


def columns(table, kept):
    """The column of names and those that are kept; columns end where their headings do."""
    lines = table.split("\n")
    headings = [(match.group(), match.end()) for match in re.finditer(r"\S+(?: \S+)*", lines[0])]
    begin = dict(zip((name for name, _ in headings[1:]), (end for _, end in headings)))
    names = max(len(line[:2] + line[2:].split("  ")[0]) for line in lines[1:])
    shown = []
    for number, line in enumerate(lines):
        text = "  variants" if number == 0 else line[:names]
        cells = [line[begin[name]:end] for name, end in headings if name in kept]
        shown.append(text.rstrip().ljust(names) + "".join(cells))
    return "\n".join(shown)


def shortened(table):
    kept = []
    for section in table.strip("\n").split("\n\n"):
        if section.startswith(LEFT_OUT):
            continue
        for head, count in KEPT_LINES.items():
            lines = section.split("\n")
            if section.startswith(head) and len(lines) > count:
                section = "\n".join(lines[:count]) + "\n  ..."
        kept.append(section)
    return "\n\n".join(kept)


def main():
    path = pathlib.Path(sys.argv[2]) / "README.md"
    text = path.read_text(encoding="utf-8")
    wanted = [shortened(output(SCENARIO)), comparison(SCENARIO), without_latency(comparison(FAILURE)),
              columns(comparison(CONFLICTS), KEPT_COLUMNS)]
    blocks = list(re.finditer(r"^```text\n(.*?)\n```$", text, flags=re.M | re.S))
    wrong = [number for number in range(len(wanted)) if blocks[number].group(1) != wanted[number]]
    if "--write" in sys.argv[3:]:
        for number in reversed(range(len(wanted))):
            begin, end = blocks[number].span(1)
            text = text[:begin] + wanted[number] + text[end:]
        path.write_text(text, encoding="utf-8")
        return 0
    for number in wrong:
        print(f"text block {number + 1} of README.md is not what the program prints:\n{wanted[number]}")
        print("tests/determinism/update.sh writes it anew")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
