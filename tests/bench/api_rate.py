#!/usr/bin/env python3
"""How often GET /v2/load can be asked for; what asking costs inference is api_polls.py's.

wrk asks joint-api for /v2/load, and in turns bare_page, the least that the same library can do, for a page of as many
bytes; each serves on one core, wrk runs on the other. What counts is the processor's time that the server itself took for a
request, since other programs may share the core; the rate of a whole core follows from it. The service is at rest, and then
serves, so that the load is another one each millisecond."""
import argparse
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--bare-page", default=host.ROOT / "build/tests/bench/bare_page", help="default build/tests/bench/bare_page")
parser.add_argument("--rounds", type=int, default=5, help="of wrk, each (default 5)")
parser.add_argument("--seconds", type=int, default=2, help="of each; wrk takes whole ones (default 2)")
parser.add_argument("--connections", type=int, default=32, help="of wrk (default 32)")
parser.add_argument("--niceness", type=int, default=0, help="of all that is measured; under 0 needs root (default 0)")
arguments = parser.parse_args()
SMALL = "lenet"


def wrk(port, path, pid, cpus):
    """(requests a second, ns of the server's own time for one)."""
    before = host.task_times(pid)[0]
    out, _ = host.call([shutil.which("wrk"), "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s",
                        f"http://127.0.0.1:{port}{path}"], cpus)
    own = host.task_times(pid)[0] - before
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors", out)
    if bad or not requests:
        raise host.ServiceError(f"wrk: {bad.group(0) if bad else out}")
    return requests / arguments.seconds, own / requests


def page_bytes(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /v2/load HTTP/1.1\r\nHost: x\r\n\r\n")
        return int(re.search(rb"(?i)content-length: (\d+)", connection.recv(65536)).group(1))


def measure_rate(cores):
    http = host.free_port(socket.SOCK_STREAM)
    settings = {"api": {"listen": "127.0.0.1", "port": http}, "load": {"min_poll": "0ms"}}
    with host.Service(arguments, cores, [SMALL], settings, arguments.niceness) as service, contextlib.ExitStack() as stack:
        os.sched_setaffinity(service.pids["api"], cores.rest)
        bytes_, port = page_bytes(http), host.free_port(socket.SOCK_STREAM)
        bare = host.start([arguments.bare_page, port, bytes_], cores.rest, stdout=subprocess.PIPE, start_new_session=True)
        stack.callback(host.end, bare)
        if arguments.niceness:
            host.be_nice(bare.pid, arguments.niceness)
        bare.stdout.readline()
        print(f"wrk -t1 -c{arguments.connections}, {arguments.rounds} rounds of {arguments.seconds:g} s each, in turns; page of {bytes_} bytes\n")
        host.print_head("page", "own time, us a request: median (middle half)", "a whole core, a second", "seen by wrk, a second", "ratio to the bare page")
        for name, busy in (("/v2/load, at rest", False), ("/v2/load, while it changes", True)):
            rounds = []
            for _ in range(arguments.rounds):
                load = host.start([service.joint, "loadtest", "--server", f"127.0.0.1:{service.port}", "--model", service.path(SMALL),
                                   "--rate", 200, "--duration", 3 * arguments.seconds, "--clients", 10, "--json"], cores.rest,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) if busy else None
                if busy:
                    time.sleep(1.5)
                rounds.append((wrk(http, "/v2/load", service.pids["api"], {cores.worker}), wrk(port, "/", bare.pid, {cores.worker})))
                if load:
                    host.end(load)
            own = [[one[i][1] for one in rounds] for i in range(2)]
            seen = [statistics.median(one[i][0] for one in rounds) for i in range(2)]
            host.print_row(name, host.spread([ns / 1000 for ns in own[0]]), f"{1e9 / statistics.median(own[0]):,.0f}", f"{seen[0]:,.0f}",
                           host.spread([b / a for a, b in zip(*own)]))
            host.print_row("bare page", host.spread([ns / 1000 for ns in own[1]]), f"{1e9 / statistics.median(own[1]):,.0f}", f"{seen[1]:,.0f}", "1")


def main():
    host.skip_unless_built(arguments)
    if not shutil.which("wrk"):
        print("skipped: wrk is not installed (deploy/install-packages bench)")
        return 77
    cores = host.Cores()
    host.print_place(cores)
    measure_rate(cores)
    return 0


if __name__ == "__main__":
    sys.exit(host.run(main))
