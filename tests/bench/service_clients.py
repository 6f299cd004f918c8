#!/usr/bin/env python3
"""What a known client costs in memory, and 10,000 of them at once.

joint-dataplane takes all memory for clients when it starts, so the cost is a difference: its resident memory with room for
--clients, less that with room for --few, over the difference. Then --clients phones ask for a small network in turn, each from a
connection of its own: all must be known at the same time, every request answered, and nothing grow."""
import argparse
import sys

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--model", default="lenet", help="of the zoo (default lenet)")
parser.add_argument("--clients", type=int, default=10000, help="default 10000")
parser.add_argument("--few", type=int, default=100, help="clients to compare with (default 100)")
parser.add_argument("--in-flight", type=int, default=64, help="requests of the closed loop (default 64)")
parser.add_argument("--seconds", type=float, default=15, help="of the closed loop (default 15)")
arguments = parser.parse_args()
LIMIT_BYTES = 1024


def resident(service):
    return {name: host.resident_bytes(pid) for name, pid in service.pids.items()}


def settings(clients):
    """Requests are limited alike in both, so that clients make the difference."""
    return {"limits": {"max_clients": clients, "client_idle": "600s"}}


def measure(cores):
    with host.Service(arguments, cores, [arguments.model], settings(arguments.few)) as service:
        few = resident(service)
    with host.Service(arguments, cores, [arguments.model], settings(arguments.clients)) as service:
        before = resident(service)
        report = service.load(arguments.model, "--closed", arguments.in_flight, "--duration", arguments.seconds, "--clients",
                              arguments.clients, "--sockets", 1)
        after, counters = resident(service), service.counters()
    return few, before, after, report, counters


def main():
    host.skip_unless_built(arguments)
    cores = host.Cores()
    host.print_place(cores)
    few, before, after, report, counters = measure(cores)
    each = (before["dataplane"] - few["dataplane"]) / (arguments.clients - arguments.few)
    known = counters["dataplane.0.jtp_clients"]
    counts, latency = report["counts"], report["latency_ms"]
    host.print_head("resident memory", f"room for {arguments.few}", f"room for {arguments.clients}", f"{known} known, after the load")
    for name in ("dataplane", "jointd", "worker"):
        host.print_row(name, *(f"{at[name] / 2**20:.2f} MiB" for at in (few, before, after)))
    print(f"\n{each:.0f} bytes for each client that may be known; {(after['dataplane'] - before['dataplane']) / max(known, 1):.0f} more for each that "
          f"is. {known} clients known at once, {counts['completed']} of {counts['offered']} requests answered, {counts['rejected']} rejected, "
          f"{counts['lost']} lost, {counts['completed_per_s']:.0f} per second; p50 {latency['p50']:.2f} ms, p99 {latency['p99']:.2f} ms.")
    is_good = each < LIMIT_BYTES and known >= arguments.clients and counts["completed"] == counts["offered"]
    print("\nreached" if is_good else "\nnot reached")
    return 0 if is_good else 1


sys.exit(host.run(main))
