#!/usr/bin/env python3
"""How long after a step from 0.7 to 1.4 times capacity admitted requests are in time again.

The target of a request is its deadline (four unloaded times). The requests of all rounds are put together by when they were due, in
stretches of 20 ms; a stretch is over target while more than one of a hundred of its admitted requests missed. Recovered is the
beginning of the first ten stretches in a row that are not over."""
import math
import pathlib

import service_cases as cases
import service_host as host

BEFORE_S, AFTER_S = 2, 2.5
LOW, HIGH = 0.7, 1.4
STRETCH_MS, CALM = 20, 10


def read_requests(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    return [dict(zip(names, line.split("\t"))) for line in lines[1:]]


def stretches(requests):
    """Of admitted requests after the step: {stretch: [in time or not]}."""
    found = {}
    for request in requests:
        at = float(request["due_ms"]) - 1000 * BEFORE_S
        if at >= 0 and request["admitted"] == "1":
            found.setdefault(int(at // STRETCH_MS), []).append(request["end"] == "in_time")
    return found


def is_over(goods):
    return len(goods) - sum(goods) > math.floor(0.01 * len(goods))


def recovered_ms(found):
    last = int(1000 * AFTER_S / STRETCH_MS) - CALM
    for begin in range(last):
        if not any(is_over(found.get(i, [])) for i in range(begin, begin + CALM)):
            return begin * STRETCH_MS
    return last * STRETCH_MS


def measure(bench):
    path = bench.service().folder / "requests.tsv"
    rounds, single = [], []
    for i in range(2 * bench.options.rounds):
        if i % 2 == 0:
            capacity = bench.capacity(2)
        bench.offer(1, BEFORE_S + AFTER_S, "--requests", path, "--seed", i + 1, "--rate", f"{LOW * capacity:.2f}@{BEFORE_S},{HIGH * capacity:.2f}@{AFTER_S}")
        rounds += read_requests(path)
        single.append(sum(len(goods) - sum(goods) for goods in stretches(read_requests(path)).values()))
    found = stretches(rounds)
    admitted = sum(len(goods) for goods in found.values())
    print(f"\n{len(single)} steps; {admitted} admitted after them, {sum(single)} of these missed their deadline; missed (of admitted) in each 100 ms: " +
          ", ".join(f"{sum(len(g) - sum(g) for j, g in found.items() if j // 5 == i)} ({sum(len(g) for j, g in found.items() if j // 5 == i)})"
                    for i in range(10)) + f"; load average {cases.load_average()}", flush=True)
    service_ms = bench.unloaded_ms[cases.CUTS[0]]
    return [cases.Row(f"after a step from {LOW} to {HIGH} times capacity, 99 of 100 admitted in time again", 20 + service_ms, [recovered_ms(found)],
                      f"{len(single)} steps put together, {admitted} requests admitted; stretches of {STRETCH_MS} ms", False, " ms")]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
