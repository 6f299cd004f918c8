#!/usr/bin/env python3
"""Junk at full rate beside good clients: what they keep of their throughput, and what a junk datagram costs.

For each kind of junk: first junk alone, which tells joint-dataplane's time for each datagram and how many bytes go back; then
good clients with and without it, in alternation. Kinds: random bytes; genuine first datagrams cut short, as they are and with
their checksums made right; genuine ones from 127.0.0.0/8 addresses that never asked (raw sockets, CAP_NET_RAW). What a
datagram costs is joint-dataplane's time in polls that found something, less what others had of the core."""
import argparse
import json
import statistics
import subprocess
import sys
import time

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--flood", default=host.ROOT / "build/tests/bench/service_flood", help="the program service_flood, in the build folder")
parser.add_argument("--model", default="alexnet", help="of the zoo (default alexnet)")
parser.add_argument("--cut", type=int, default=10, help="where good requests start (default 10)")
parser.add_argument("--in-flight", type=int, default=24, help="good requests (default 24)")
parser.add_argument("--rounds", type=int, default=5, help="of each kind (default 5)")
parser.add_argument("--seconds", type=float, default=3, help="of each measurement (default 3)")
parser.add_argument("--apart", action="store_true", help="the flooder has a core of its own, the worker shares the others")
parser.add_argument("--share", type=float, default=0.5, help="with --apart: of what saturates it, offered (default 0.5)")
parser.add_argument("--kinds", default="random,cut,sealed,spoofed", help="with commas")
arguments = parser.parse_args()
RECEIVED, SENT_BYTES, MISSED, BUSY_NS = (f"dataplane.0.{name}" for name in ("rx_datagrams", "tx_bytes", "rx_missed", "busy_ns"))


def start_flood(service, kind, seconds):
    return host.start([arguments.flood, kind, service.port, seconds],
                      service.cores.rest if service.cores.apart is None else {service.cores.apart}, stdout=subprocess.PIPE, text=True)


def finish_flood(child):
    """What it sent; None where it may not."""
    try:
        out = child.communicate()[0]
    finally:
        host.end(child)
    return json.loads(out) if child.returncode == 0 else None


def junk_alone(service, kind):
    before, usage = service.counters(), host.Usage(service)
    flood = finish_flood(start_flood(service, kind, arguments.seconds))
    time.sleep(0.2)
    share, after = usage.share("dataplane"), service.counters()
    if flood is None:
        return None
    received = after[RECEIVED] - before[RECEIVED]
    received = max(received, 1)
    return {"sent": flood["sent"] / arguments.seconds, "received": received / arguments.seconds, "each_ns": (after[BUSY_NS] - before[BUSY_NS]) * share / received,
            "returned": (after[SENT_BYTES] - before[SENT_BYTES]) / (flood["bytes"] * received / flood["sent"])}


def good(service, kind, rate):
    """Good requests per second, whose clients are known already when the junk comes, if there is a kind; and what it did."""
    floods = []

    def flood():
        if kind:
            floods.append(start_flood(service, kind, arguments.seconds))

    missed = service.counters()[MISSED]
    try:
        report = service.load(arguments.model, *(["--rate", f"{rate:.1f}", "--late-ms", 20] if rate else ["--closed", arguments.in_flight]),
                              "--duration", arguments.seconds, "--split", arguments.cut, "--sockets", 1, watch_s=arguments.seconds, beside=flood, must_count=False)
    finally:
        sent = [finish_flood(child)["sent"] for child in floods]
    return {"rate": report["counts"]["completed_per_s"], "lost": report["counts"]["lost"], "sent": sum(sent) / arguments.seconds,
            "missed": service.counters()[MISSED] - missed, "taken": report["usage"]["dataplane"][1]}


def measure(service, kind, rate):
    cost = junk_alone(service, kind)
    if cost is None:
        print(f"{kind}: skipped, needs CAP_NET_RAW")
        return
    rounds = []
    for _ in range(arguments.rounds):
        without, beside = good(service, None, rate), good(service, kind, rate)
        rounds.append(beside | {"without": without["rate"], "ratio": beside["rate"] / without["rate"]})
    middle = {name: statistics.median(turn[name] for turn in rounds) for name in rounds[0]}
    host.print_row(kind, f"{cost['sent']:,.0f}", f"{cost['received']:,.0f}", f"{cost['each_ns']:.0f}", f"{cost['returned']:.3f}",
                   f"{middle['without']:.1f}", f"{middle['rate']:.1f}", host.spread([turn["ratio"] for turn in rounds], 3),
                   f"{middle['sent']:,.0f}", f"{middle['taken']:.0%}", f"{middle['missed']:,.0f}", sum(turn["lost"] for turn in rounds))


def main():
    host.skip_unless_built(arguments)
    cores = host.Cores()
    if arguments.apart:
        cores.set_apart()
    host.print_place(cores)
    print("The flooder has " + (f"core {cores.apart}" if arguments.apart else "the core of all but the worker, too") + f". {arguments.model} from cut "
          f"{arguments.cut}; good requests: " + (f"an open loop at {arguments.share:.0%} of saturation" if arguments.apart else
                                                 f"{arguments.in_flight} in flight") + ".\n")
    with host.Service(arguments, cores, [arguments.model]) as service:
        host.print_head("junk", "alone: sent per s", "received per s", "dataplane, ns each", "bytes back for a byte", "good without, per s",
                        "good with junk, per s", "ratio of a round: median (middle half)", "junk sent per s meanwhile", "dataplane waits for the core", "dropped by the kernel", "good requests lost")
        rate = good(service, None, 0)["rate"] * arguments.share if arguments.apart else 0
        for kind in arguments.kinds.split(","):
            measure(service, kind, rate)
        deaths = service.counters()["jointd.dataplane_deaths"]
    if deaths:
        print(f"\njoint-dataplane was started again {deaths} times: these numbers do not count")
    return 1 if deaths else 0


sys.exit(host.run(main))
