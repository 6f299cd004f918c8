#!/usr/bin/env python3
"""The predicted wait against the actual one, at a steady load of 0.7 times capacity.

As the service predicted it when it took a request on (its request log has both), and as clients were told by the last reply before
the request left. The error is |predicted - actual| / actual, of those that waited for 1 ms or more."""
import statistics

import service_cases as cases
import service_host as host

SHARE = 0.7
LEAST_MS = 1


def pairs(lines):
    """(predicted, actual) in ms of what was answered."""
    return [(float(line["predicted_wait_ms"]), float(line["wait_ms"])) for line in lines
            if line["reason"] == "answered" and "-" not in (line["predicted_wait_ms"], line["wait_ms"])]


def median(values):
    return statistics.median(values) if values else float("inf")


def measure(bench):
    host.print_head("capacity per s", "answers", "median wait ms", "waited 1 ms or more", "predicted: median error ms", "of the wait", "over actual",
                    "as told before: of the wait", "over actual", "how long before ms", "load average")
    errors, told = [], []
    for _ in range(bench.options.rounds):
        capacity = bench.capacity()
        bench.logged()
        report = bench.offer(SHARE * capacity, bench.options.seconds, "--by-client")
        found = pairs(bench.logged())
        long = [pair for pair in found if pair[1] >= LEAST_MS]
        errors.append(median([abs(predicted - actual) / actual for predicted, actual in long]))
        before = report["prediction"]
        told.append(before["median_error_share"])
        host.print_row(f"{capacity:.1f}", len(found), f"{median([actual for _, actual in found]):.1f}", len(long), f"{median([abs(a - b) for a, b in found]):.2f}",
                       f"{errors[-1]:.0%}", f"{median([predicted / actual for predicted, actual in long]):.2f}", f"{told[-1]:.0%}", f"{before['median_ratio']:.2f}",
                       f"{before['median_age_ms']:.1f}", cases.load_average())
    how = f"{SHARE:g} times capacity, {bench.options.rounds} rounds"
    return [cases.Row("predicted wait against actual, median absolute error", 0.15, errors, f"when it was taken on; {how}", False, " %", 100, 1),
            cases.Row("the same, as clients were told before", 0.15, told, f"by the last reply; {how}", False, " %", 100, 1)]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
