#!/usr/bin/env python3
"""Inference over HTTP against JTP: LeNet, as many requests in flight each, in turns.

`wrk` posts the same request again and again on kept connections, as bytes or as JSON, answered alike; `joint loadtest` keeps as many
requests in flight over JTP. Both share a core with jointd, joint-dataplane and joint-api; the worker has one of its own. A ratio is
of one round. The own time is what joint-api (JTP: joint-dataplane) took of the processor for a request, whatever else ran."""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import struct
import sys

import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--rounds", type=int, default=7, help="of each (default 7)")
parser.add_argument("--seconds", type=float, default=3, help="of each (default 3)")
parser.add_argument("--in-flight", type=int, default=16, help="connections of wrk, requests of joint loadtest (default 16)")
arguments = parser.parse_args()
MODEL = "lenet"
INPUT = {"name": "input", "datatype": "FP32", "shape": [1, 1, 32, 32]}


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_script(folder, kind):
    """What wrk sends."""
    values = [((7 * i) % 1000) / 1000 for i in range(1024)]
    parameters = {"deadline_us": 10_000_000, "binary_data_output": kind == "bytes"}
    tail, headers = b"", {}
    if kind == "bytes":
        tail = struct.pack("<1024f", *values)
        head = json.dumps({"inputs": [INPUT | {"parameters": {"binary_data_size": len(tail)}}], "parameters": parameters}).encode()
        headers = {"Inference-Header-Content-Length": str(len(head))}
    else:
        head = json.dumps({"inputs": [INPUT | {"data": values}], "parameters": parameters}).encode()
    body = pathlib.Path(folder) / f"{kind}.body"
    body.write_bytes(head + tail)
    script = pathlib.Path(folder) / f"{kind}.lua"
    lines = ['wrk.method = "POST"', f'local file = io.open("{body}", "rb")', 'wrk.body = file:read("*a")', "file:close()"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    script.write_text("\n".join(lines) + "\n", encoding="ascii")
    return script


def over_http(service, port, script):
    """(requests a second, own time of joint-api for one in us)."""
    before = host.task_times(service.pids["api"])[0]
    out, _ = host.call([shutil.which("wrk"), "-t1", f"-c{arguments.in_flight}", f"-d{arguments.seconds:g}s", "-s", script,
                        f"http://127.0.0.1:{port}/v2/models/{MODEL}/infer"], service.cores.rest)
    own = host.task_times(service.pids["api"])[0] - before
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if not requests or re.search(r"Non-2xx or 3xx responses|Socket errors", out):
        raise host.ServiceError(f"wrk: {out}")
    return requests / arguments.seconds, own / requests / 1000


def over_jtp(service):
    before = host.task_times(service.pids["dataplane"])[0]
    report = service.load(MODEL, "--closed", arguments.in_flight, "--duration", arguments.seconds, "--split", "cloud",
                          "--clients", arguments.in_flight, "--sockets", 1, "--deadline-ms", 10000)
    own = host.task_times(service.pids["dataplane"])[0] - before
    return report["counts"]["completed_per_s"], own / max(report["counts"]["completed"], 1) / 1000


def main():
    host.skip_unless_built(arguments)
    if not shutil.which("wrk"):
        print("skipped: wrk is not installed (deploy/install-packages bench)")
        return 77
    cores, port = host.Cores(), free_tcp_port()
    host.print_place(cores)
    with host.Service(arguments, cores, [MODEL], {"api": {"listen": "127.0.0.1", "port": port}}) as service:
        os.sched_setaffinity(service.pids["api"], cores.rest)
        scripts = {kind: write_script(service.folder, kind) for kind in ("bytes", "JSON")}
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append({"JTP": over_jtp(service)} | {kind: over_http(service, port, script) for kind, script in scripts.items()})
        print(f"{MODEL}, {arguments.in_flight} in flight, {arguments.rounds} rounds of {arguments.seconds:g} s each, in turns\n")
        host.print_head("over", "requests/s: median (middle half)", "ratio to JTP of a round", "own time, us a request")
        for name in ("JTP", "bytes", "JSON"):
            host.print_row(name if name == "JTP" else f"HTTP, {name}", host.spread([one[name][0] for one in rounds], 0),
                           host.spread([one[name][0] / one["JTP"][0] for one in rounds], 3),
                           f"{statistics.median(one[name][1] for one in rounds):.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(host.run(main))
