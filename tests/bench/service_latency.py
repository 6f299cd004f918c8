#!/usr/bin/env python3
"""p99 latency of an open loop at a share of what saturates the service, over the unloaded service time.

For each cut and batch policy: the median latency of one request at a time, the rows per second with many in flight, then
Poisson arrivals at --share of that. The ratio is of one round. Beside it stands the same p99 of a simulated queue, which knows
only how long `joint bench` takes for 1 to --batch rows: a worker that, when free, takes all that wait, up to a batch. The last row
of a cut gives each request --target unloaded times to be answered: the service then turns away what would be late."""
import argparse
import heapq
import random
import signal
import statistics
import sys
import time

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--model", default="alexnet", help="of the zoo (default alexnet)")
parser.add_argument("--batch", type=int, default=8, help="default 8")
parser.add_argument("--share", type=float, default=0.7, help="of the throughput at saturation (default 0.7)")
parser.add_argument("--in-flight", type=int, default=24, help="requests of the closed loop (default 24)")
parser.add_argument("--rounds", type=int, default=3, help="of each policy and cut (default 3)")
parser.add_argument("--seconds", type=float, default=12, help="of each open loop; the closed ones take a quarter (default 12)")
parser.add_argument("--delays", default="0,2", help="ms that a request may wait for others, with commas (default 0,2)")
parser.add_argument("--target", type=float, default=3, help="p99 over the unloaded time (default 3)")
arguments = parser.parse_args()
SIMULATED = 200000


def set_delay(service, delay_ms):
    """By a reload, as an operator would."""
    service.settings["dispatch"]["max_delay"] = f"{delay_ms}ms"
    service.write_config(service.port)
    service.child.send_signal(signal.SIGHUP)
    time.sleep(0.5)


def measure(service, cut, has_deadline):
    short = arguments.seconds / 4
    words = ["--split", cut, "--sockets", 1]
    alone = service.load(arguments.model, "--closed", 1, "--duration", short, *words)["latency_ms"]["p50"]
    full = service.load(arguments.model, "--closed", arguments.in_flight, "--duration", short, *words)["counts"]["completed_per_s"]
    deadline = ["--deadline-ms", f"{alone * arguments.target:.1f}"] if has_deadline else []
    report = service.load(arguments.model, "--rate", f"{full * arguments.share:.2f}", "--duration", arguments.seconds, *words, *deadline,
                          "--late-ms", f"{max(alone / 10, 1):.1f}", watch_s=arguments.seconds)
    latency = report["latency_ms"]
    return {"alone": alone, "full": full, "p50": latency["p50"], "p90": latency["p90"], "p99": latency["p99"],
            "samples": latency["samples"], "in_time": report["counts"]["goodput"] / report["counts"]["offered"], "batch": report["mean_batch"], "ratio": latency["p99"] / alone,
            "taken": report["usage"]["worker"][1]}


def batch_times_ms(service, cut):
    """Of 1 to --batch rows, the least of some runs."""
    return [service.bench(arguments.model, "--batch", rows, "--from", cut, "--seconds", 0.5)["min_ms"]
            for rows in range(1, arguments.batch + 1)]


def simulate(times_ms, share):
    """p99 over the time of one row, with Poisson arrivals."""
    draw = random.Random(1)
    mean_ms = times_ms[-1] / len(times_ms) / share
    now, free, waiting, worst = 0.0, 0.0, [], []
    kept = SIMULATED // 100
    for _ in range(SIMULATED):
        now += draw.expovariate(1 / mean_ms)
        while waiting and max(free, waiting[0]) < now:
            begin = max(free, waiting[0])
            rows = min(sum(1 for at in waiting if at <= begin), len(times_ms))
            free = begin + times_ms[rows - 1]
            for at in waiting[:rows]:
                heapq.heappush(worst, free - at)
                if len(worst) > kept:
                    heapq.heappop(worst)
            del waiting[:rows]
        waiting.append(now)
    return worst[0] / times_ms[0]


def print_policy(cut, delay, rounds, ideal):
    middle = {name: statistics.median(turn[name] for turn in rounds) for name in rounds[0]}
    host.print_row(cut, delay, f"{middle['alone']:.1f}", f"{middle['full']:.1f}", f"{middle['full'] * arguments.share:.1f}",
                   *(f"{middle[name]:.1f}" for name in ("p50", "p90", "p99")), f"{middle['samples']:.0f}", f"{middle['in_time']:.1%}", f"{middle['batch']:.2f}",
                   host.spread([turn["ratio"] for turn in rounds]), f"{ideal:.2f}", f"{middle['taken']:.1%}")


def main():
    host.skip_unless_built(arguments)
    cores = host.Cores()
    host.print_place(cores)
    with host.Service(arguments, cores, [arguments.model], {"dispatch": {"max_batch": arguments.batch}}) as service:
        cuts = [0, service.last_pool(arguments.model)]
        times = {cut: batch_times_ms(service, cut) for cut in cuts}
        for cut in cuts:
            print(f"`joint bench` from cut {cut}, 1 to {arguments.batch} rows: " + ", ".join(f"{ms:.1f}" for ms in times[cut]) + " ms\n")
        host.print_head("from cut", "may wait", "unloaded ms", "rows/s at saturation", f"offered at {arguments.share:.0%}", "p50 ms", "p90 ms",
                        "p99 ms", "samples", "answered in time", "rows a batch", "p99 over unloaded: median (middle half)", "simulated", "core taken by others")
        for cut in cuts:
            ideal = simulate(times[cut], arguments.share)
            for delay in arguments.delays.split(","):
                set_delay(service, delay)
                print_policy(cut, f"{delay} ms", [measure(service, cut, False) for _ in range(arguments.rounds)], ideal)
            print_policy(cut, f"{delay} ms, deadline", [measure(service, cut, True) for _ in range(arguments.rounds)], ideal)
    return 0


sys.exit(host.run(main))
