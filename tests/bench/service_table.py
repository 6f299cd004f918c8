#!/usr/bin/env python3
"""All that the service is to reach in batches across cuts, admission, classes and fairness, in one run and one table.

Details of each measure come first, as its own script prints them. --only takes names with commas."""
import pathlib
import re
import shutil
import subprocess
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
            return [cases.Row("a decision with 1,000 queued requests, 8 models, 20 cuts", 5, [float(found[1])], "dispatch_bench, median", False, " us", digits=1)]
    print(f"{program}: no such row")
    return []


def http(options):
    """The rows of api_rate, from what it prints."""
    command = [sys.executable, pathlib.Path(__file__).with_name("api_rate.py"), "--joint", options.joint, "--jointd", options.jointd, "--bare-page", options.bare_page,
               "--rounds", 3, "--seconds", 1.5, "--pairs", 4, "--pair-seconds", 3]
    out = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False).stdout
    print(out)
    rate = re.search(r"/v2/load, while it changes \| [^|]*\| ([\d,]+) ", out)
    effect = re.search(r"joint-api, of a core.*\n.*\n\| [\d.]+ \| ([\d.]+) ", out)
    rows = []
    if rate:
        rows.append(cases.Row("`GET /v2/load` per second, one core", 60000, [float(rate[1].replace(",", ""))], "api_rate: by joint-api's own time", digits=0))
    if effect:
        rows.append(cases.Row("effect on inference of 1,000 polls/s", 0.01, [1 - float(effect[1])], "api_rate: rows per second, with over without", False, " %", 100, 1))
    return rows


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), help="default: all")
    parser.add_argument("--dispatch-bench", help="the program, for the time of a decision")
    parser.add_argument("--bare-page", help="the program, for the load over HTTP")
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
        if options.bare_page and shutil.which("wrk"):
            rows += http(options)
        print(f"\nload after: {cases.load_average()}")
        cases.print_rows(rows)
        return 0
    sys.exit(host.run(go))


main()
