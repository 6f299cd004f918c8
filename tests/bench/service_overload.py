#!/usr/bin/env python3
"""20 % more than the service can do, with memory for a tenth of what is offered: nothing is lost, nothing grows.

First the rows per second at saturation; then an open loop at --over of that, with --deadline-ms and without, against a service
whose request slab holds a tenth of all tensors offered. Every request must end: answered, late or rejected, as the table counts.
Private memory is looked at
twice a second; what is shared has a fixed size. "Unsent" are those whose client had four open already."""
import argparse
import sys
import threading
import time

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--model", default="alexnet", help="of the zoo (default alexnet)")
parser.add_argument("--cut", type=int, default=10, help="where requests start (default 10)")
parser.add_argument("--over", type=float, default=1.2, help="of the throughput at saturation (default 1.2)")
parser.add_argument("--deadlines-ms", default="150,500,0", help="with commas; 0 is none (default 150,500,0)")
parser.add_argument("--clients", type=int, default=4000, help="default 4000")
parser.add_argument("--seconds", type=float, default=15, help="of each open loop (default 15)")
arguments = parser.parse_args()
LEAST_BYTES = 5 << 20  # four of the largest message, which must hold the largest cut, and some


class Memory:
    """Private memory of the service's processes while something runs."""

    def __init__(self, service):
        self.service, self.seen, self.is_over = service, [], False
        self.thread = threading.Thread(target=self.look)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.is_over = True
        self.thread.join()

    def look(self):
        while not self.is_over:
            self.seen.append({name: host.resident_bytes(pid, "RssAnon") for name, pid in self.service.pids.items()})
            time.sleep(0.5)

    def growth_bytes(self):
        """From the first third, when all has been touched, to the end."""
        settled = self.seen[len(self.seen) // 3:]
        return sum(settled[-1].values()) - sum(settled[0].values())


def offer(service, rate, deadline_ms):
    words = ["--deadline-ms", deadline_ms] if deadline_ms else []
    with Memory(service) as memory:
        report = service.load(arguments.model, "--rate", f"{rate:.1f}", "--duration", arguments.seconds, "--split", arguments.cut, "--clients",
                              arguments.clients, "--sockets", 1, "--late-ms", 20, *words, watch_s=arguments.seconds)
    return report, memory.growth_bytes()


def print_offer(deadline_ms, full, report, growth):
    counts, latency = report["counts"], report["latency_ms"]
    unsent = report["ends"]["unsent"]
    ended = counts["goodput"] + counts["late"] + counts["rejected"] + unsent
    host.print_row(f"{deadline_ms} ms" if deadline_ms else "none", counts["offered"], f"{counts['offered_per_s'] / full:.2f}",
                   counts["goodput"], f"{counts['goodput_per_s'] / full:.2f}", counts["late"], counts["rejected"], unsent, counts["lost"], *(f"{latency[name]:.0f}" for name in ("p50", "p99", "max")),
                   f"{report['mean_batch']:.2f}", f"{growth / 2**20:+.2f} MiB", f"{report['usage']['worker'][1]:.0%}")
    return counts["lost"] == 0 and counts["offered"] == ended


def main():
    host.skip_unless_built(arguments)
    cores = host.Cores()
    host.print_place(cores)
    with host.Service(arguments, cores, [arguments.model]) as service:
        full_report = service.load(arguments.model, "--closed", 32, "--duration", 5, "--split", arguments.cut, "--sockets", 1)
        full = full_report["counts"]["completed_per_s"]
        tensor_bytes = full_report["cuts"][0]["bytes"]
        slab_bytes = max(int(full * arguments.over * arguments.seconds * tensor_bytes / 10), LEAST_BYTES)
        service.stop()
        service.settings = {"memory": {"request_slab": f"{slab_bytes >> 10}KiB", "max_tensor": "1200KiB"}}
        service.start()
        print(f"{arguments.model} from cut {arguments.cut}, {tensor_bytes} bytes a request: {full:.1f} per second at saturation; a request slab of "
              f"{slab_bytes / 2**20:.1f} MiB, a tenth of what is offered in {arguments.seconds:g} s; {arguments.clients} clients\n")
        host.print_head("deadline", "offered", "of saturation", "in time", "of saturation", "late", "rejected", "unsent", "lost", "p50 ms",
                        "p99 ms", "max ms", "rows a batch", "growth of private memory", "worker's core taken by others")
        is_good = True
        for deadline_ms in (int(word) for word in arguments.deadlines_ms.split(",")):
            is_good &= print_offer(deadline_ms, full, *offer(service, full * arguments.over, deadline_ms))
        open_count = service.counters()["jointd.open"]
    print("\nnothing lost" if is_good and open_count == 0 else f"\nnot reached: {open_count} requests open at the end")
    return 0 if is_good and open_count == 0 else 1


sys.exit(host.run(main))
