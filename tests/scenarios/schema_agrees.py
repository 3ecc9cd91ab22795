#!/usr/bin/env python3
"""Compares verdicts of the reader with those of an independent JSON Schema validator.

schema_agrees.py FOLDER: for every NAME.schema.json there is NAME.cases, one JSON object a line:
"text" (a document), "ok" (the reader's verdict) and "codes" (what it reported). Both must accept or
both refuse, but for what a schema can not say; those cases are counted and printed.
Exit code 77: no validator on this machine.
"""
import collections
import json
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

# What only the reader can know (scenarios/schema.h).
EXCEPTIONS = {
    "dangling-reference": "a region or dataset that is not in the scenario",
    "duplicate-name": "a name that appears twice",
    "rule": "a rule over several keys",
    "range-of-text": "the range of a quantity written with its unit",
    "csv": "contents of a CSV file",
    "file": "a file that can not be read",
    "unknown-path": "paths of variants",
}


def main(folder):
    wrong = 0
    counts = collections.Counter()
    for schema_path in sorted(pathlib.Path(folder).glob("*.schema.json")):
        schema = json.loads(schema_path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        cases = schema_path.with_name(schema_path.name.replace(".schema.json", ".cases"))
        for line in cases.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            accepted = validator.is_valid(json.loads(case["text"]))
            if accepted == case["ok"]:
                counts["both accept" if accepted else "both refuse"] += 1
            elif accepted and set(case["codes"]) <= EXCEPTIONS.keys():
                counts["only the reader refuses: " + EXCEPTIONS[sorted(case["codes"])[0]]] += 1
            else:
                wrong += 1
                if wrong <= 5:
                    print(f"{cases.name}: reader {case['ok']} {case['codes']}, schema {accepted}")
                    print("   ", case["text"][:1500])
                    for error in list(validator.iter_errors(json.loads(case["text"])))[:2]:
                        print("   ", list(error.path), error.message[:300])
    for what, count in sorted(counts.items()):
        print(f"{count:6d}  {what}")
    print(f"{wrong:6d}  disagreements")
    if min(counts["both accept"], counts["both refuse"]) < 100:
        print("too few cases to mean anything")
        return 1
    return 1 if wrong > 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
