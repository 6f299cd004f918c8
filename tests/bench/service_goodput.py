#!/usr/bin/env python3
"""Goodput at twice and ten times what can be served, over its peak; what was admitted and then missed its deadline.

A round is capacity, then open loops at several multiples of it in alternation. The peak that a load is compared with is the best
of those up to it: of ten times as many the service picks those that cost little, and so answers more than it ever could of all alike."""
import statistics

import service_cases as cases
import service_host as host

OFFERS = (0.9, 1.4, 2, 10)


def measure(bench):
    host.print_head("capacity per s", *(f"goodput at {over:g} times" for over in OFFERS), "admitted up to 2 times", "missed, as clients saw it",
                    "dropped, answered late, given up", "generator of a core at 10 times", "load average")
    plateau = {2: [], 10: []}
    missed = []
    for _ in range(bench.options.rounds):
        capacity = bench.capacity()
        reports = {over: bench.offer(over * capacity, bench.options.seconds, "--warmup", 1.5, clients=400 if over < 10 else 2000) for over in OFFERS}
        good = {over: cases.goodput(reports[over]) for over in OFFERS}
        for over, shares in plateau.items():
            shares.append(good[over] / max(good[less] for less in OFFERS if less <= over))
        admitted = [reports[over]["admitted"] for over in OFFERS if over <= 2]
        count = sum(one["count"] for one in admitted)
        bad = [sum(one[name] for one in admitted) for name in ("dropped", "answered_late", "given_up")]
        missed.append(sum(bad) / max(count, 1))
        host.print_row(f"{capacity:.1f}", *(f"{good[over]:.1f}" for over in OFFERS), count, f"{missed[-1]:.2%}", ", ".join(map(str, bad)),
                       f"{reports[10]['generator']['cpu_share']:.0%}", cases.load_average())
    how = f"the best of {', '.join(f'{over:g}' for over in OFFERS)} times capacity, up to that one; {bench.options.rounds} rounds"
    return [cases.Row("goodput at twice the load, over the peak", 0.95, plateau[2], how),
            cases.Row("at ten times", 0.95, plateau[10], how),
            cases.Row("admitted that then miss their deadline, up to twice the load", 0.01, missed, f"{statistics.mean(missed):.2%} of all", False, " %", 100, 2)]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
