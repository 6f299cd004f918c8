#!/usr/bin/env python3
# Datagrams received per second on one core: the DPDK port beside dpdk-testpmd's rxonly, on the same virtual devices.
import argparse
import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from devices import MAC, SOCKET, end, inside, place, stop, testpmd

parser = argparse.ArgumentParser(description=__doc__, epilog="Prints medians of seconds, receivers in alternation, and their ratio. "
                                 "dpdk-testpmd txonly sends from another core without UDP checksums, as fast as it can.")
parser.add_argument("bench", help="the program port_bench")
parser.add_argument("--seconds", type=int, default=3, help="of each run, the first of which is not counted (default 3)")
parser.add_argument("--rounds", type=int, default=3, help="runs of each receiver (default 3)")
parser.add_argument("--bytes", type=int, default=1400, help="of a UDP payload (default 1400)")
parser.add_argument("--devices", nargs="+", default=["net_memif", "net_af_packet"], choices=["net_memif", "net_af_packet"])
arguments = parser.parse_args()


def measure(receiver, devices, cpus):
    """Datagrams per second, one number a second."""
    with contextlib.ExitStack() as children:
        return measure_with(children, receiver, devices, cpus)


def measure_with(children, receiver, devices, cpus):
    """The same; whoever it starts is ended by the stack, should it not come to its end."""
    to, near, by, far = devices
    with contextlib.suppress(FileNotFoundError):
        os.unlink(SOCKET)  # testpmd leaves it
    if receiver == "testpmd":
        child = testpmd(to, cpus[0], "--forward-mode=rxonly", "--stats-period=1", namespace=near)
    else:
        child = subprocess.Popen([*inside(near), arguments.bench, to, "10.9.0.1/24", str(cpus[0]), str(arguments.seconds + 2),
                                  "1" if receiver == "port, copied" else "0"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    children.callback(child.kill)
    time.sleep(1)  # a memif client needs its server
    sender = testpmd(by, cpus[1], "--forward-mode=txonly", f"--txpkts={arguments.bytes + 42}", "--tx-ip=10.9.0.2,10.9.0.1",
                     "--tx-udp=4000,4470", f"--eth-peer=0,{MAC}", namespace=far)
    children.callback(sender.kill)
    if receiver == "testpmd":
        time.sleep(arguments.seconds + 1)
        out = end(child)
        rates = [int(rate) for rate in re.findall(r"Rx-pps:\s+(\d+)", out)]
    else:
        out = child.communicate()[0]
        rates = [int(rate) for rate in re.findall(r"(\d+) datagrams/s", out)]
    end(sender)
    rates = [rate for rate in rates if rate > 0][1:]  # the first second is not a whole one
    if not rates:
        raise RuntimeError(f"{receiver} on {to} received nothing:\n{out[-2000:]}")
    return rates[:arguments.seconds]


def main():
    if os.geteuid() != 0 or not shutil.which("dpdk-testpmd"):
        print("skipped: needs root and dpdk-testpmd")
        return 77
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        print("skipped: needs two CPUs")
        return 77
    signal.signal(signal.SIGTERM, stop)
    print(f"{arguments.bytes} bytes, receiver on CPU {cpus[0]}, sender on CPU {cpus[1]}; load before: {os.getloadavg()[0]:.1f}\n")
    print("| device | receiver | datagrams/s (median) | least | most | of testpmd |\n|---|---|---|---|---|---|")
    for kind in arguments.devices:
        rates = {"testpmd": [], "port": [], "port, copied": []}
        with place(kind) as devices:
            for _ in range(arguments.rounds):
                for receiver, found in rates.items():
                    found += measure(receiver, devices, cpus)
        base = statistics.median(rates["testpmd"])
        for receiver, found in rates.items():
            middle = statistics.median(found)
            print(f"| {kind} | {receiver} | {middle:,.0f} | {min(found):,} | {max(found):,} | {middle / base:.2f} |", flush=True)
    return 0


sys.exit(main())
