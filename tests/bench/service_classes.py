#!/usr/bin/env python3
"""Latency of an interactive class while a batch class floods, over its own alone, in alternation.

Interactive: a quarter of capacity, deadlines of four unloaded times; batch: three times capacity, with deadlines of 2 s. A run in
which less than half as much of the interactive class is answered in time as alone counts as without a bound."""
import math
import time

import service_cases as cases
import service_host as host

SHARE, FLOOD = 0.25, 3


def interactive(bench, rate, seconds, flood):
    """The report of the interactive class, with the batch class's beside it if there is a flood."""
    children = []
    if flood:
        children.append(bench.start("--rate", f"{flood:.2f}", "--duration", seconds + 1, "--class", cases.BATCH, "--first-client", 100000, "--deadline-ms", 2000,
                                    "--client-requests", 16, clients=200))
        time.sleep(1)
    report = bench.load("--rate", f"{rate:.2f}", "--duration", seconds, "--class", cases.INTERACTIVE, "--deadline-ms", bench.deadlines)
    return report, [cases.finish(child) for child in children]


def measure(bench):
    host.print_head("capacity per s", "interactive per s", "alone: p50, p99 ms", "in time", "beside the flood: p50, p99 ms", "in time", "p99 ratio",
                    "batch: offered, answered per s", "load average")
    ratios = []
    for _ in range(bench.options.rounds):
        capacity = bench.capacity()
        seconds = 1.5 * bench.options.seconds
        alone, _ = interactive(bench, SHARE * capacity, seconds, 0)
        beside, (batch,) = interactive(bench, SHARE * capacity, seconds, FLOOD * capacity)
        latency = [report["latency_ms"] for report in (alone, beside)]
        share = [report["counts"]["goodput"] / max(report["counts"]["offered"], 1) for report in (alone, beside)]
        # A class that is turned away has no latency that could be compared.
        ratios.append(latency[1]["p99"] / latency[0]["p99"] if share[1] > share[0] / 2 else math.inf)
        host.print_row(f"{capacity:.1f}", f"{SHARE * capacity:.1f}", f"{latency[0]['p50']:.1f}, {latency[0]['p99']:.1f}", f"{share[0]:.1%}",
                       f"{latency[1]['p50']:.1f}, {latency[1]['p99']:.1f}", f"{share[1]:.1%}", f"{ratios[-1]:.2f}",
                       f"{batch['counts']['offered_per_s']:.1f}, {batch['counts']['completed_per_s']:.1f}", cases.load_average())
    return [cases.Row("interactive p99 while a batch class floods, over its own alone", 1.1, ratios,
                      f"interactive {SHARE:g}, batch {FLOOD:g} times capacity; {bench.options.rounds} rounds", False)]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
