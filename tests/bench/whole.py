#!/usr/bin/env python3
"""Costs of the whole program, all metrics on: whole.py GEODES SOURCE. Judges nothing.

For each scenario: events per second and nanoseconds an event of CPU time (user and system, median of 5
runs, one core), what starting takes (a run of 1 ms of simulated time), the most memory for 1 and for 10
times the duration with as many buckets of the timeline, and how much faster replications are on two cores.
"""
import json
import os
import statistics
import subprocess
import sys
import time

RUNS = 5


def run(*arguments):
    """CPU seconds, seconds, KiB at most and the JSON document of one run."""
    read_end, write_end = os.pipe()
    began = time.monotonic()
    child = subprocess.Popen([sys.argv[1], "run", *arguments, "--format", "jsonl"], stdout=write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        header = json.loads(stream.readline())
        while stream.read(1 << 16):
            pass
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"geodes run {' '.join(arguments)} failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss, header


def events_of(header):
    return sum(one["events"] for one in header["runs"])


def measure(name, path):
    runs = [run(path) for _ in range(RUNS)]
    start_s = statistics.median(
        run(path, "--set", "duration=1ms", "--set", "warmup=0s", "--set", "faults=[]",
            "--set", "expect={}")[0] for _ in range(RUNS))
    cpu_s = statistics.median(one[0] for one in runs)
    events = events_of(runs[0][3])
    print(f"{name}: {events} events, {cpu_s:.2f} s of CPU, "
          f"{events / cpu_s / 1e6:.2f} million events/s, {1e9 * cpu_s / events:.0f} ns an event, "
          f"starting {1e3 * start_s:.0f} ms")
    duration_s = runs[0][3]["duration_s"]
    bucket_s = duration_s / 100
    usual = run(path, "--set", f"bucket={bucket_s}s")
    longer = run(path, "--set", f"duration={10 * duration_s}s", "--set", f"bucket={10 * bucket_s}s")
    print(f"{name}: memory {usual[2] / 1024:.1f} MiB, {longer[2] / 1024:.1f} MiB for ten times "
          f"the duration ({events_of(longer[3])} events)")
    if (os.cpu_count() or 1) > 1:
        # Not in turn: where the host lends memory page by page, two cores would pay for what one
        # core did not need. The first run of each is not counted.
        one, two = (statistics.median([run(path, "--replications", "4", "--jobs", jobs)[1]
                                       for _ in range(RUNS + 1)][1:]) for jobs in ("1", "2"))
        print(f"{name}: 4 replications on two cores {one / two:.2f} times as fast as on one "
              "(elapsed time: only meaningful on an idle machine)")


def main():
    for name in ("primary", "quorum"):
        measure(name, f"{sys.argv[2]}/tests/bench/{name}.json")


if __name__ == "__main__":
    main()
