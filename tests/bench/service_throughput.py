#!/usr/bin/env python3
"""Rows served per second at saturation, against `joint bench` on the worker's core, in alternation.

Each round runs `joint bench` with the largest batch while the service is idle, then as many requests in flight as keep
batches full. A ratio is of one round. The worker and `joint bench` use the same measured choices of algorithms. A round in
which other programs took more than --taken of the worker's core from either is left out, unless too few would be left. `joint bench`
tells the median of its runs, in which such time hardly shows; the second ratio is to its mean, and the third leaves that time
out of what was served."""
import argparse
import statistics
import sys

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--model", default="alexnet", help="of the zoo (default alexnet)")
parser.add_argument("--batch", type=int, default=8, help="default 8")
parser.add_argument("--in-flight", type=int, default=24, help="requests of the closed loop (default 24)")
parser.add_argument("--rounds", type=int, default=9, help="of each cut (default 9)")
parser.add_argument("--seconds", type=float, default=4, help="of each measurement (default 4)")
parser.add_argument("--taken", type=float, default=0.02, help="share of the core (default 0.02)")
arguments = parser.parse_args()
LEAST_ROUNDS = 3


def measure(service, cut):
    """One round: what both did, and what became of the worker's core."""
    alone = service.bench(arguments.model, "--batch", arguments.batch, "--threads", 1, "--from", cut, "--seconds", arguments.seconds)
    report = service.load(arguments.model, "--closed", arguments.in_flight, "--duration", arguments.seconds, "--split", cut,
                          "--sockets", 1, watch_s=arguments.seconds)
    served, usage = report["counts"]["completed_per_s"], report["usage"]
    ran, waited = usage["worker"]
    return {"alone": alone["images_per_s"], "served": served, "ratio": served / alone["images_per_s"],
            "had": served / max(1 - waited, 0.01) / alone["images_per_s"],
            "mean": served / (alone["runs"] * arguments.batch / arguments.seconds),
            "taken": max(alone["waited"], waited), "idle": max(1 - ran - waited, 0), "batch": report["mean_batch"],
            "jointd": usage["jointd"][0], "dataplane": usage["dataplane"][0], "compute": report["compute_ms"]["p50"],
            "run": alone["median_ms"]}


def print_cut(cut, rounds):
    quiet = [turn for turn in rounds if turn["taken"] <= arguments.taken]
    used = quiet if len(quiet) >= LEAST_ROUNDS else rounds
    middle = {name: statistics.median(turn[name] for turn in used) for name in used[0]}
    host.print_row(cut, f"{middle['alone']:.1f}", f"{middle['served']:.1f}", host.spread([turn["ratio"] for turn in used], 3),
                   host.spread([turn["mean"] for turn in used], 3), host.spread([turn["had"] for turn in used], 3), f"{len(used)} of {len(rounds)}", f"{middle['run']:.1f}", f"{middle['compute']:.1f}", f"{middle['batch']:.2f}",
                   *(f"{middle[name]:.1%}" for name in ("idle", "taken", "jointd", "dataplane")))


def main():
    host.skip_unless_built(arguments)
    cores = host.Cores()
    host.print_place(cores)
    with host.Service(arguments, cores, [arguments.model], {"dispatch": {"max_batch": arguments.batch}}) as service:
        print(f"{arguments.model}, batches of {arguments.batch}, {arguments.in_flight} requests in flight, {arguments.seconds:g} s each\n")
        host.print_head("from cut", "`joint bench`, rows/s", "served, rows/s", "ratio of a round: median (middle half)", "to its mean",
                        "less what others took", "rounds", "bench: ms a batch", "worker: ms a batch", "rows a batch", "worker idle", "worker's core taken by others", "jointd", "dataplane")
        for cut in (0, service.last_pool(arguments.model)):
            print_cut(cut, [measure(service, cut) for _ in range(arguments.rounds)])
    return 0


sys.exit(host.run(main))
