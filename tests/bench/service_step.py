#!/usr/bin/env python3
"""How long after a step from 0.7 to 1.4 times capacity admitted requests are in time again.

The target of a request is its deadline (four unloaded times). The requests of all steps are put together by when they were due.
Recovered is the first moment, in steps of 20 ms, from which on no more than one of a hundred that are admitted in the next 250 ms
misses. One step alone admits too few requests in such a time to tell one of a hundred."""
import pathlib

import service_cases as cases
import service_host as host

BEFORE_S, AFTER_S = 2, 2.5
LOW, HIGH = 0.7, 1.4
STRETCH_MS, WINDOW_MS = 20, 250


def read_requests(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def after_step(requests):
    """(ms since the step, whether it was in time) of those admitted."""
    found = [(float(request["due_ms"]) - 1000 * BEFORE_S, request["end"] == "in_time") for request in requests if request["admitted"] == "1"]
    return sorted(one for one in found if one[0] >= 0)


def missed(found, begin_ms, end_ms):
    """(missed, admitted) of that time."""
    within = [is_good for at, is_good in found if begin_ms <= at < end_ms]
    return len(within) - sum(within), len(within)


def recovered_ms(found):
    """The end of what was looked at, if that never was."""
    last = int(1000 * AFTER_S) - WINDOW_MS
    for begin in range(0, last, STRETCH_MS):
        bad, count = missed(found, begin, begin + WINDOW_MS)
        if bad <= 0.01 * count:
            return begin
    return last


def measure(bench):
    path = bench.service().folder / "requests.tsv"
    requests = []
    steps = 2 * bench.options.rounds
    for i in range(steps):
        if i % 2 == 0:
            capacity = bench.capacity(2)
        bench.offer(1, BEFORE_S + AFTER_S, "--requests", path, "--seed", i + 1, "--rate", f"{LOW * capacity:.2f}@{BEFORE_S},{HIGH * capacity:.2f}@{AFTER_S}")
        requests += read_requests(path)
    found = after_step(requests)
    bad, count = missed(found, 0, 1000 * AFTER_S)
    print(f"{steps} steps, {count} admitted after them, {bad} of which missed; missed (of admitted) in each 100 ms: " +
          ", ".join("{} ({})".format(*missed(found, begin, begin + 100)) for begin in range(0, 1000, 100)) + f"; load average {cases.load_average()}", flush=True)
    return [cases.Row(f"after a step from {LOW} to {HIGH} times capacity, 99 of 100 admitted in time again", 20 + bench.unloaded_ms[cases.CUTS[0]], [recovered_ms(found)],
                      f"{steps} steps put together; to reach: 20 ms and one service time", False, " ms", digits=0)]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
