#!/usr/bin/env python3
"""The outputs in the README are the program's: readme_output.py GEODES SOURCE [--write].

The first ```text block of the README is the table of the first scenario, shortened at the dots; the second is
the comparison of its variants.
"""
import pathlib
import re
import subprocess
import sys

SCENARIO = "scenarios/read-replicas.json"
KEPT_LINES = {"expectations": 4, "  wide-area traffic": 3}
LEFT_OUT = ("  faults",)


def output(*arguments):
    done = subprocess.run([sys.argv[1], "run", SCENARIO, *arguments], capture_output=True, check=True,
                          cwd=sys.argv[2])
    return done.stdout.decode("utf-8")


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
    variants = output("--variant", "all")
    wanted = [shortened(output()), variants[variants.index("  variants, "):].rstrip("\n")]
    blocks = list(re.finditer(r"^```text\n(.*?)\n```$", text, flags=re.M | re.S))
    wrong = [number for number in (0, 1) if blocks[number].group(1) != wanted[number]]
    if "--write" in sys.argv[3:]:
        for number in (1, 0):
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
