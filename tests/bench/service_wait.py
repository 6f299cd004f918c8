#!/usr/bin/env python3
"""The predicted wait against the actual one, at a steady load of 0.7 times capacity.

What the last reply told before a request left, beside what the request's own answer says that it waited."""
import service_cases as cases
import service_host as host

SHARE = 0.7


def measure(bench):
    host.print_head("capacity per s", "answers", "told ms before", "median wait ms", "median error ms", "waited 1 ms or more", "median error of these", "told over actual",
                    "load average")
    errors = []
    for _ in range(bench.options.rounds):
        capacity = bench.capacity()
        report = bench.offer(SHARE * capacity, bench.options.seconds, "--by-client")
        found = report["prediction"]
        errors.append(found["median_error_share"])
        host.print_row(f"{capacity:.1f}", found["samples"], f"{found['median_age_ms']:.1f}", f"{report['queue_ms']['p50']:.1f}", f"{found['median_error_ms']:.2f}", found["share_samples"],
                       f"{errors[-1]:.0%}", f"{found['median_ratio']:.2f}", cases.load_average())
    return [cases.Row("predicted wait against actual, median absolute error", 0.15, errors, f"{SHARE:g} times capacity, as clients are told; {bench.options.rounds} rounds",
                      False, " %", 100)]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
