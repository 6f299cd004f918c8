#!/usr/bin/env python3
# What joint-dataplane does per second on one core, beside dpdk-testpmd on the same virtual devices.
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

from devices import ID, MAC, end, inside, place, stop, testpmd

parser = argparse.ArgumentParser(description=__doc__, epilog="(a) Datagrams of whole requests, received and put together, beside rxonly. "
                                 "(b) Load probes answered, beside 5tswap. (c) Tensors to and fro over the same veth, on DPDK and on the kernel. "
                                 "For a and b: the thread's time in polls that found something, less what the kernel gave to "
                                 "others meanwhile, per datagram; so load on the machine and a slow sender count little.")
parser.add_argument("programs", nargs=4, help="dataplane_host joint-dataplane jtp_blast dataplane_caller")
parser.add_argument("--seconds", type=int, default=4, help="of each run (default 4)")
parser.add_argument("--rounds", type=int, default=3, help="runs of each, in alternation (default 3)")
parser.add_argument("--bytes", type=int, default=1400, help="of a datagram (default 1400)")
parser.add_argument("--devices", nargs="+", default=["net_memif", "net_af_packet"], choices=["net_memif", "net_af_packet"])
parser.add_argument("--only", choices=["a", "b", "c"])
arguments = parser.parse_args()
HOST, PROGRAM, BLAST, CALLER = arguments.programs
RING = 4096


def thread_of(pid, name):
    """The schedstat file of the newest descendant's thread of that name."""
    for _ in range(200):
        pids = [pid]
        for parent in pids:
            with contextlib.suppress(OSError):
                with open(f"/proc/{parent}/task/{parent}/children") as children:
                    pids += map(int, children.read().split())
        for each in pids:
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{each}/task"):
                    with open(f"/proc/{each}/task/{task}/comm") as comm:
                        if comm.read().strip() == name:
                            return f"/proc/{each}/task/{task}/schedstat"
        time.sleep(0.05)
    raise RuntimeError(f"no thread {name}")


def cpu_ns(schedstat):
    with open(schedstat) as file:
        return int(file.read().split()[0])


def blast(devices, cpu, mode):
    return subprocess.Popen([*inside(devices[3]), BLAST, devices[2], str(cpu), mode, str(arguments.seconds + 1), str(arguments.bytes), MAC],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_ours(devices, cpu, more=()):
    child = subprocess.Popen([*inside(devices[1]), HOST, PROGRAM, "port=dpdk", "device=" + devices[0], "v4=10.9.0.1/24", "huge=no", "busy=1",
                              f"cpu={cpu}", "validate=0", "part_mib=64", "fails=1", "rates=1", *more],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = child.stdout.readline()
    if not line.startswith("ready"):
        raise RuntimeError("joint-dataplane did not start: " + child.communicate()[1][-500:])
    return child


def read_ours(out):
    saw = json.loads(out.strip().splitlines()[-1])
    rates = [int(rate) for rate in re.findall(r"rx_datagrams (\d+)/s", out)]
    return sum(saw["rx_datagrams"]), sum(saw["busy_ns"]), rates


def read_testpmd(out):
    found = re.search(r"(?:busy|total) cycles=(\d+) / total \w+ packets=(\d+)\) at (\d+) MHz", out)
    if not found:
        raise RuntimeError("testpmd printed no cycles:\n" + out[-1500:])
    cycles, packets, mhz = map(int, found.groups())
    return packets, cycles * 1000 / mhz, []


def measure(receiver, mode, kind, cpus):
    """ns of a whole core for each datagram, and datagrams a second as they came."""
    with place(kind, RING) as devices, contextlib.ExitStack() as children:
        if receiver == "testpmd":
            forward = "rxonly" if mode == "message" else "5tswap"
            child = testpmd(devices[0], cpus[0], f"--forward-mode={forward}", "--record-core-cycles", namespace=devices[1])
            schedstat = thread_of(child.pid, "rte-worker-1")
            time.sleep(0.5)
        else:
            child = start_ours(devices, cpus[0])
            schedstat = thread_of(child.pid, "joint-queue-0")
        children.callback(child.kill)
        sender = blast(devices, cpus[1], mode)
        children.callback(sender.kill)
        line = sender.stdout.readline()
        if not line:
            raise RuntimeError("jtp_blast: " + sender.communicate()[1])
        began, used = time.monotonic_ns(), cpu_ns(schedstat)
        time.sleep(arguments.seconds - 0.5)
        share = (cpu_ns(schedstat) - used) / (time.monotonic_ns() - began)
        # The receiver ends first: net_memif unmaps what it still polls when its peer goes.
        out = end(child) if receiver == "testpmd" else child.communicate(timeout=60)[0]
        sender.kill()
        sender.communicate()
        datagrams, busy_ns, rates = (read_testpmd if receiver == "testpmd" else read_ours)(out)
        return busy_ns * share / datagrams, share, rates


def compare(title, mode, wanted, cpus):
    print(f"\n{title}; to reach {wanted}\n")
    print("| device | who | ns a datagram (least, median) | a second on a whole core | of testpmd |\n|---|---|---|---|---|")
    for kind in arguments.devices:
        found = {"testpmd": [], "joint-dataplane": []}
        for _ in range(arguments.rounds):
            for receiver, costs in found.items():
                costs.append(measure(receiver, mode, kind, cpus)[0])
        base = statistics.median(found["testpmd"])
        for receiver, costs in found.items():
            middle = statistics.median(costs)
            print(f"| {kind} | {receiver} | {min(costs):.0f}, {middle:.0f} | {1e9 / middle:,.0f} | {base / middle:.2f} |", flush=True)


def goodput():
    print("\n(c) Tensors to and fro over one veth, 8 clients of the kernel's, 600 KB each way up, 4 KB down\n")
    print("| port | MB/s (each round) | median |\n|---|---|---|")
    found = {"dpdk": [], "uring": []}
    for _ in range(arguments.rounds):
        for port, rates in found.items():
            with place("net_af_packet") as devices:
                far = ID + "f"
                subprocess.run(["ip", "-n", far, "addr", "add", "10.9.0.2/24", "dev", "peer"], check=True)
                subprocess.run([*inside(far), "ethtool", "-K", "peer", "tx", "off"], check=True, capture_output=True)
                if port == "uring":
                    subprocess.run(["ip", "-n", devices[1], "addr", "add", "10.9.0.1/24", "dev", "port"], check=True)
                how = ["port=dpdk", "device=" + devices[0], "v4=10.9.0.1/24", "huge=no"] if port == "dpdk" else ["port=uring", "listen=10.9.0.1"]
                child = subprocess.Popen([*inside(devices[1]), HOST, PROGRAM, *how, "part_mib=64"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                child.stdout.readline()
                done = subprocess.run([*inside(far), CALLER, "10.9.0.1", "4470", "8", "400", "0"], capture_output=True, text=True, check=False)
                child.communicate()
                rates.append(json.loads(done.stdout)["bytes_per_s"] / 1e6)
    for port, rates in found.items():
        print(f"| {port} | {', '.join(f'{rate:.0f}' for rate in rates)} | {statistics.median(rates):.0f} |")


def main():
    if os.geteuid() != 0 or not shutil.which("dpdk-testpmd"):
        print("skipped: needs root and dpdk-testpmd")
        return 77
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        print("skipped: needs two CPUs")
        return 77
    signal.signal(signal.SIGTERM, stop)
    print(f"Receiver on CPU {cpus[0]}, sender on CPU {cpus[1]}; load before: {os.getloadavg()[0]:.1f}")
    if arguments.only in (None, "a"):
        compare(f"(a) Received and put together, datagrams of {arguments.bytes} bytes", "message", 0.8, cpus)
    if arguments.only in (None, "b"):
        compare("(b) Load probes answered", "probe", 0.6, cpus)
    if arguments.only in (None, "c"):
        goodput()
    return 0


sys.exit(main())
