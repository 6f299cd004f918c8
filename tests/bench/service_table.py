#!/usr/bin/env python3
"""All that the service is to reach in batches across cuts, admission, classes and fairness, in one run and one table.

Details of each measure come first, as its own script prints them. --only takes names with commas."""
import re
import sys

import service_cases as cases
import service_classes
import service_fairness
import service_goodput
import service_host as host
import service_joins
import service_step
import service_wait

MEASURES = {"joins": service_joins, "goodput": service_goodput, "step": service_step, "classes": service_classes, "fairness": service_fairness,
            "wait": service_wait}


def decision(program, cores):
    """The row of dispatch_bench with 1,000 queued requests, 8 models and 20 cuts."""
    out, _ = host.call([program], {cores.worker})
    for line in out.splitlines():
        found = re.match(r"\|?\s*1,000 queued, 8 models, 20 cuts\s*\|\s*[\d.]+\s*\|\s*([\d.]+)", line)
        if found:
            return [cases.Row("a decision with 1,000 queued requests, 8 models, 20 cuts", 5, [float(found[1])], "dispatch_bench, median", False, " us")]
    print(f"{program}: no such row")
    return []


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), help="default: all")
    parser.add_argument("--dispatch-bench", help="the program, for the time of a decision")
    options = parser.parse_args()

    def go():
        host.skip_unless_built(options)
        cores = host.Cores()
        host.print_place(cores)
        rows = []
        with cases.Bench(options, cores, service_joins.MODES) as bench:
            bench.note()
            for name in options.only.split(","):
                print(f"\n{MEASURES[name].__doc__.splitlines()[0]}\n")
                rows += MEASURES[name].measure(bench)
        if options.dispatch_bench:
            rows += decision(options.dispatch_bench, cores)
        print(f"\nload after: {cases.load_average()}")
        cases.print_rows(rows)
        return 0
    sys.exit(host.run(go))


main()
