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


def printed(name, *words):
    """What the script beside this one prints, which is printed here too."""
    command = [sys.executable, pathlib.Path(__file__).with_name(name), *words]
    out = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False).stdout
    print(out)
    return out


def rate(options):
    """The row of api_rate."""
    out = printed("api_rate.py", "--joint", options.joint, "--jointd", options.jointd, "--bare-page", options.bare_page, "--rounds", 3)
    found = re.search(r"/v2/load, while it changes \| [^|]*\| ([\d,]+) ", out)
    return [cases.Row("`GET /v2/load` per second, one core", 60000, [float(found[1].replace(",", ""))], "api_rate: by joint-api's own time", digits=0)] if found else []


def polls(options):
    """The row of api_polls: the upper end of its interval is what counts."""
    out = printed("api_polls.py", "--joint", options.joint, "--jointd", options.jointd, "--poller", options.poller)
    found = re.search(r"^(?:reached|not shown): at most (-?[\d.]+)%.*", out, re.MULTILINE)
    return [cases.Row("effect on inference of 1,000 polls/s", 0.01, [float(found[1]) / 100], "api_polls: at most, 95 times of 100", False, " %", 100, 2)] if found else []


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), help="default: all")
    parser.add_argument("--dispatch-bench", help="the program, for the time of a decision")
    parser.add_argument("--bare-page", help="the program, for the rate of the load over HTTP")
    parser.add_argument("--poller", help="the program, for what polls take from inference")
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
            rows += rate(options)
        if options.poller:
            rows += polls(options)
        print(f"\nload after: {cases.load_average()}")
        cases.print_rows(rows)
        return 0
    sys.exit(host.run(go))


main()
