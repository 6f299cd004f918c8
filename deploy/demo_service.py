#!/usr/bin/env python3
# Starts the service, hands it AlexNet at different cuts from several clients at once, checks every answer, prints what each cost.
# Needs only what meson itself runs on: Python with its standard library; with DPDK also root and iproute2.
import argparse
import array
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the demo leaves nothing beside itself
import demo_adaptive

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("build", help="the build folder")
parser.add_argument("model", help="an ONNX file with one input and one output")
parser.add_argument("folder", help="for what it writes; input.npy and whole.npy lie in it")
parser.add_argument("--uring", action="store_true", help="the kernel's UDP by io_uring on the loopback, instead of DPDK between two namespaces")
arguments = parser.parse_args()
arguments.folder, arguments.model = map(os.path.abspath, (arguments.folder, arguments.model))
JOINT = f"{arguments.build}/scheduler/cli/joint"
JOINTD = f"{arguments.build}/scheduler/jointd/jointd"
NAME = os.path.basename(arguments.model).removesuffix(".onnx")
ID = f"joint{os.getpid()}"
REPEATS = 5
READY_SECONDS = 120


def fail(text):
    print(f"demo: {text}", file=sys.stderr)
    sys.exit(1)


def stop(*_):
    """Ended from outside it cleans up as ever. The signal may come twice."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(143)


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@contextlib.contextmanager
def namespaces():
    """Two hosts and a cable: the server's end is for DPDK, the clients' end has the kernel's stack."""
    server, clients = f"{ID}s", f"{ID}c"
    try:
        for name in (server, clients):
            ip("netns", "add", name)
        ip("-n", server, "link", "add", "port", "type", "veth", "peer", "name", "phones", "netns", clients)
        # Else the kernel would answer beside DPDK.
        ip("netns", "exec", server, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/port/disable_ipv6")
        # A veth hands on what it was to split and to sum, which is a NIC's work: DPDK at its other end would see that.
        ip("netns", "exec", clients, "ethtool", "-K", "phones", "tx", "off", "tx-udp-segmentation", "off")
        ip("-n", server, "link", "set", "port", "up")
        ip("-n", clients, "addr", "add", "10.9.0.2/24", "dev", "phones")
        ip("-n", clients, "link", "set", "phones", "up")
        yield server, clients
    finally:
        for name in (server, clients):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def place():
    """Lines of the configuration, where clients find the server, and what puts a command on either host."""
    if arguments.uring:
        port = free_port()
        yield (f"[server]\nlisten = 127.0.0.1\nport = {port}\n[dataplane]\nport = uring\n", f"127.0.0.1:{port}", [], [])
        return
    with namespaces() as (server, clients):
        yield ("[server]\nport = 4470\n[dataplane]\nport = dpdk\ndevice = net_af_packet0,iface=port\naddress_v4 = 10.9.0.1/24\n",
               "10.9.0.1:4470", ["ip", "netns", "exec", server], ["ip", "netns", "exec", clients])


@contextlib.contextmanager
def service(lines, prefix):
    """jointd, from ready to drained."""
    with open(f"{arguments.folder}/joint.conf", "w") as file:
        file.write(lines.replace("[server]\n", f"[server]\nname = demo\ncontrol = {arguments.folder}/control.sock\n", 1) +
                   f"[model {NAME}]\npath = {arguments.model}\n")
    log = open(f"{arguments.folder}/jointd.log", "w+")
    child = subprocess.Popen([*prefix, JOINTD, "--config", f"{arguments.folder}/joint.conf"], stderr=log, stdout=log)
    try:
        yield child, wait_ready(child, log.name)
        child.terminate()
        status = child.wait(timeout=20)
        if status:
            fail(f"jointd ended with status {status} instead of draining:\n{tail(log.name)}")
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        log.close()


def tail(path):
    with open(path) as file:
        return "".join(file.readlines()[-15:]).rstrip()


def wait_ready(child, path):
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        with open(path) as file:
            for line in file:
                if line.startswith("jointd: ready"):
                    return line.removeprefix("jointd: ").strip()
        if child.poll() is not None:
            break
        time.sleep(0.05)
    fail(f"jointd did not become ready:\n{tail(path)}")


def read_npy(path):
    with open(path, "rb") as file:
        bytes_ = file.read()
    data = array.array("f")
    data.frombytes(bytes_[10 + int.from_bytes(bytes_[8:10], "little"):])
    return data


def splits():
    """The whole network; the first cuts with fewer bytes than any before them; a middle part; what the planner chooses."""
    cuts = json.loads(subprocess.run([JOINT, "cuts", arguments.model, "--json"], stdout=subprocess.PIPE, check=True).stdout)["cuts"]
    bytes_ = [sum(tensor["bytes"] for tensor in cut["tensors"]) for cut in cuts]
    small = [k for k in range(1, len(cuts) - 1) if bytes_[k] < min(bytes_[:k])][:4] or [1]
    middle = [f"{small[0]},{small[-1]}"] if len(small) > 1 else []
    return ["cloud", *map(str, small), *middle, "auto"]


def clients(address, prefix):
    """All at once, so that the server has something to batch; what each reports."""
    running = []
    for number, split in enumerate(splits()):
        output = f"{arguments.folder}/answer{number}.npy"
        command = [*prefix, JOINT, "infer", "--server", address, "--model", arguments.model, "--input", f"{arguments.folder}/input.npy",
                   "--output", output, "--split", split, "--repeat", str(REPEATS), "--deadline-ms", "5000", "--json"]
        running.append((split, output, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)))
    for split, output, child in running:
        out, errors = child.communicate(timeout=120)
        if child.returncode:
            fail(f"the client with --split {split} failed: {errors.strip()}")
        yield split, output, json.loads(out)


def largest_difference(path, whole):
    answer = read_npy(path)
    if len(answer) != len(whole):
        fail(f"{path} has {len(answer)} numbers, not {len(whole)}")
    return max(abs(a - b) for a, b in zip(whole, answer))


def show(address, prefix):
    """One line for each client, of its median call; whether every answer is the whole network's."""
    whole = read_npy(f"{arguments.folder}/whole.npy")
    largest, worst, served = max(map(abs, whole)), 0.0, 0
    print(f"{'split':<7} {'cuts there':<11} {'KB up':>6} {'before':>7} {'uplink':>7} {'queue':>7} {'compute':>8} {'downlink':>8} {'after':>7}"
          f" {'total ms':>9}  {'batch':>5}  {'ran on':<7} largest difference")
    for split, output, report in clients(address, prefix):
        worst = max(worst, difference := largest_difference(output, whole))
        calls = sorted(report["calls"], key=lambda call: call["total_ms"])
        call = calls[len(calls) // 2]
        served += sum(one["ran_on"] == "server" for one in calls)
        there = f"{call['from']} to {call['to']}" if call["from"] < call["to"] else "none"
        where = call["ran_on"] + ("" if call["reason"] == "as planned" else f" ({call['reason']})")
        print(f"{split:<7} {there:<11} {call['up_bytes'] / 1000:>6.0f} {call['before_ms']:>7.1f} {call['uplink_ms']:>7.1f} {call['queue_ms']:>7.1f}"
              f" {call['compute_ms']:>8.1f} {call['downlink_ms']:>8.1f} {call['after_ms']:>7.1f} {call['total_ms']:>9.1f}"
              f"  {call['batch']:>5}  {where:<7} {difference:.2g}", flush=True)
    print(f"\nThe largest difference of any answer is {worst:.2g}; the largest output is {largest:.3g}. {served} requests ran on the server.")
    if not worst <= 1e-4 * largest:
        fail("the service does not give the whole network's numbers")
    if not served:
        fail("no request ran on the server")


def main():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    if not arguments.uring and (os.geteuid() != 0 or not all(map(shutil.which, ("ip", "ethtool")))):
        fail("DPDK here needs root, iproute2 and ethtool, for two network namespaces; --uring does without")
    with place() as (lines, address, on_server, on_client), service(lines, on_server) as (_, ready):
        print(f"jointd: {ready}\n")
        print(f"{len(splits())} clients at once, {REPEATS} requests each, of which the median is shown; times in ms:\n", flush=True)
        show(address, on_client)
        print()
        subprocess.run([*on_client, JOINT, "load", "--server", address], check=False)
        print()
        if not demo_adaptive.show(JOINT, arguments.model, NAME, arguments.folder, address, on_client):
            fail("the phones did not follow the load")
    print("jointd has drained and ended, and nothing is left of it.")


main()
