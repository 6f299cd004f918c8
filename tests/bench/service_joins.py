#!/usr/bin/env python3
"""Goodput of the modes join, per-cut and none, five cuts mixed evenly.

Offered: 1.5 times what join serves at saturation; deadlines of four unloaded times. All modes in alternation; a ratio is of one
round."""
import service_cases as cases
import service_host as host

OVER = 1.5
MODES = ("join", "per-cut", "none")


def measure(bench):
    host.print_head("capacity per s", "offered per s", *(f"{mode}: goodput per s (rows a batch)" for mode in MODES), "join over per-cut", "over none",
                    "joined rows", "load average")
    ratios = {mode: [] for mode in MODES}
    for _ in range(bench.options.rounds):
        capacity = bench.capacity()
        reports = {mode: bench.offer(OVER * capacity, bench.options.seconds, mode=mode) for mode in MODES}
        good = {mode: cases.goodput(reports[mode]) for mode in MODES}
        for mode in MODES:
            ratios[mode].append(good["join"] / max(good[mode], 0.1))
        counted = reports["join"]["counted"]
        host.print_row(f"{capacity:.1f}", f"{reports['join']['counts']['offered_per_s']:.1f}",
                       *(f"{good[mode]:.1f} ({rows_a_batch(reports[mode]):.2f})" for mode in MODES),
                       f"{ratios['per-cut'][-1]:.2f}", f"{ratios['none'][-1]:.2f}", f"{joined_share(counted):.0%}", cases.load_average())
    how = f"{OVER:g} times capacity, {bench.options.rounds} rounds of {bench.options.seconds:g} s each"
    return [cases.Row("goodput of `join` over `per-cut`, five cuts", 1.3, ratios["per-cut"], how),
            cases.Row("the same over `none`", 1.8, ratios["none"], how)]


def rows_a_batch(report):
    counted = report["counted"]
    return counted["jointd.rows"] / max(counted["jointd.dispatches"], 1)


def joined_share(counted):
    """Of rows, those that ran with others of another cut; 0 where the server does not count them."""
    return counted.get("jointd.merged_rows", 0) / max(counted["jointd.rows"], 1)


if __name__ == "__main__":
    cases.main(__doc__, MODES, measure)
