#!/usr/bin/env python3
"""Rules of the house that a compiler does not check: tidy.py SOURCE_DIR RULE.

layers     who may include whom (layers.table)
banned     calls that the design bans, by folder
libraries  cJSON, libcsv, GSL and libm where they belong
headers    guards from the path, a first comment that says what the header is
registries every plug-in file has its line in registry.def and the other way round
shape      lines of at most 100 columns, files of at most 500 lines, no TODO without a name
docs       every code folder has a README.md; every scenario is named in the guide
"""
import pathlib
import re
import sys

FOLDERS = ["sim", "models", "scenarios", "analysis", "plots", "cli"]


def sources(root, suffixes=(".c", ".h")):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes:
                yield path.relative_to(root)


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def lines_of(root, path):
    return (root / path).read_text(encoding="utf-8").splitlines()


def layer_rules(root):
    rules = {}
    for line in (root / "tests/tidy/layers.table").read_text().splitlines():
        if line and not line.startswith("#"):
            folder, *allowed = line.split()
            rules[folder] = allowed
    return rules


# Files that join a folder with its surroundings, and so may include more than its neighbours.
JOINTS = {
    "models/replication/replica.c": ["models", "sim"],
    "models/replication/strategy.h": ["models", "sim"],
}


def check_layers(root):
    rules = layer_rules(root)
    for path in sources(root):
        folder = str(path.parent)
        while folder not in rules:
            folder = str(pathlib.Path(folder).parent)
        allowed = JOINTS.get(str(path), rules[folder])
        for number, line in enumerate(lines_of(root, path), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = match.group(1)
            if not any(target == a or target.startswith(a + "/") for a in allowed):
                yield f"{path}:{number}: {folder} may not include {target}"
            if not (root / target).exists() and not target.endswith(".inc"):
                yield f"{path}:{number}: include {target} from the root of the project"


BANNED_EVERYWHERE = ("sprintf strtok atoi atof alloca rand srand setlocale cJSON_Parse "
                     "cJSON_GetObjectItem cJSON_CreateNumber cJSON_Print gets").split()
BANNED_BELOW = ("time clock gettimeofday clock_gettime getenv random qsort localtime gmtime "
                "exit abort strtod strtol strtoul").split()
ALLOCATION = "malloc calloc realloc free aligned_alloc posix_memalign".split()
# Where the rules above have their place.
EXCEPTIONS = {
    "sim/arena.c": set(ALLOCATION) | {"exit"},
    "sim/check.c": {"exit", "abort"},
    "models/geography/compile_data.c": {"exit", "qsort", "free"},
    "models/geography/compile_sheet.c": {"exit", "qsort", "strtod"} | set(ALLOCATION),
    "plots/plots.c": {"free"},  # what open_memstream gave
    "sim/decimal.c": {"strtod"},  # of digits without a point: no locale in it
}


def check_banned(root):
    for path in sources(root):
        text = without_comments((root / path).read_text(encoding="utf-8"))
        banned = set(BANNED_EVERYWHERE) | set(ALLOCATION)
        if path.parts[0] in ("sim", "models", "scenarios", "analysis"):
            banned |= set(BANNED_BELOW)
        banned -= EXCEPTIONS.get(str(path), set())
        if path.parts[0] in ("analysis", "scenarios"):
            banned -= {"qsort"}  # with total orders; these layers are not in the loop
        if path.parts[0] in ("scenarios",):
            banned -= {"free"}
        for number, line in enumerate(text.splitlines(), 1):
            for call in re.findall(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(", line):
                if call in banned:
                    yield f"{path}:{number}: {call}() is banned here"
            if re.search(r"(?<!<)\bfloat\b(?!\.h)", line):
                yield f"{path}:{number}: float is banned"


LIBRARIES = {
    r"cjson/cJSON\.h": ["scenarios/json"],
    r"csv\.h": ["scenarios/table_file", "analysis/csv_writer", "models/geography/compile_"],
    r"gsl/": ["analysis/", "cli/main.c"],
    r"math\.h": ["sim/portable_math.h", "analysis/", "plots/", "models/geography/compile_"],
    r"locale\.h": ["analysis/number_text"],
    r"time\.h": ["cli/", "plots/"],
}


def check_libraries(root):
    for path in sources(root):
        for number, line in enumerate(lines_of(root, path), 1):
            match = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            if not match:
                continue
            for pattern, places in LIBRARIES.items():
                if re.match(pattern, match.group(1)) and not any(
                        str(path).startswith(place) for place in places):
                    yield f"{path}:{number}: <{match.group(1)}> does not belong here"


def check_headers(root):
    for path in sources(root, (".h",)):
        text = (root / path).read_text(encoding="utf-8")
        guard = re.sub(r"\W", "_", str(path)).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{path}:1: the guard must be {guard}"
        if not text.startswith("/*"):
            yield f"{path}:1: the first comment must say what this header is"


PLUG_INS = {
    "sim/distribution": "distribution_ops",
    "models/replication": "strategy_ops",
    "models/faults": "fault_ops",
    "models/clocks": "clock_ops",
    "models/routing": "router_ops",
}


def check_registries(root):
    for folder, table in PLUG_INS.items():
        registry = (root / folder / "registry.def").read_text(encoding="utf-8")
        registered = re.findall(r"^[A-Z_]+\((\w+)\)", registry, flags=re.M)
        defined = []
        for path in sorted((root / folder).glob("*.c")):
            if path.name == "registry.c":
                continue
            text = path.read_text(encoding="utf-8")
            defined += re.findall(r"^const struct " + table + r" (\w+) =", text, flags=re.M)
        for name in defined:
            if not any(r in name for r in registered):
                yield f"{folder}/registry.def: has no line for {name}"
        for name in registered:
            if not any(name in d for d in defined):
                yield f"{folder}/registry.def: {name} is defined nowhere"
        if len(registered) != len(set(registered)) or len(registered) != len(defined):
            yield f"{folder}: {len(registered)} lines for {len(defined)} plug-ins"


LONG_FILES = {"models/scenario.c"}  # tables: one row a key


def check_shape(root):
    for path in sources(root):
        lines = lines_of(root, path)
        if len(lines) > 520 and str(path) not in LONG_FILES:
            yield f"{path}: {len(lines)} lines; split it by nouns"
        for number, line in enumerate(lines, 1):
            if len(line) > 100:
                yield f"{path}:{number}: {len(line)} columns"
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                yield f"{path}:{number}: unfinished"


def check_docs(root):
    for folder in FOLDERS:
        for path in [root / folder, *sorted((root / folder).iterdir())]:
            if path.is_dir() and any(path.glob("*.c")) and not (path / "README.md").exists():
                yield f"{path.relative_to(root)}: has no README.md"
    guide = (root / "scenarios/README.md").read_text(encoding="utf-8")
    for path in sorted((root / "scenarios").rglob("*.json")):
        name = str(path.relative_to(root / "scenarios"))
        if name != "scenario.schema.json" and name not in guide:
            yield f"scenarios/README.md: does not name {name}"


def main():
    root, rule = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    complaints = list(globals()["check_" + rule](root))
    for complaint in complaints:
        print(complaint)
    files = sum(1 for _ in sources(root))
    print(f"{rule}: {files} files, {len(complaints)} complaints")
    return 1 if complaints or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
