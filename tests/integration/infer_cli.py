#!/usr/bin/env python3
"""Tests `joint infer` and `joint load` from outside, against a server that misbehaves as told."""
import json
import os
import subprocess
import sys
import tempfile

import numpy

joint, server_program = sys.argv[1:3]
failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAILED:", what)


def run(*arguments, status=0):
    done = subprocess.run([joint, *arguments], capture_output=True, text=True, timeout=120)
    check(done.returncode == status, f"joint {' '.join(arguments)}: exit status {done.returncode}, "
          f"not {status}: {done.stderr}")
    if status:
        check(done.stderr.count("\n") == 1 and done.stderr.startswith("joint "),
              f"one line on stderr, not {done.stderr!r}")
    return done


class Server:
    def __init__(self, model, *how):
        self.process = subprocess.Popen([server_program, model, *how], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


with tempfile.TemporaryDirectory(prefix="joint-infer-") as folder:
    at = lambda name: os.path.join(folder, name)
    run("zoo", "lenet", "-o", at("model.onnx"))
    rows = numpy.random.default_rng(1).standard_normal((3, 1, 32, 32)).astype(numpy.float32)
    numpy.save(at("x.npy"), rows)
    whole = ["--input", at("x.npy"), "--output", at("whole.npy"), "--no-tuning"]
    run("run", at("model.onnx"), *whole, "--batch", "1")
    expected = numpy.load(at("whole.npy"))
    cuts = len(json.loads(run("cuts", at("model.onnx"), "--json").stdout)["cuts"])

    def infer(address, *options, status=0):
        if os.path.exists(at("y.npy")):
            os.unlink(at("y.npy"))
        servers = ["--server", address] if address else []
        done = run("infer", *servers, "--model", at("model.onnx"), "--input", at("x.npy"),
                   "--output", at("y.npy"), "--no-tuning", *options, status=status)
        if status == 0:
            given = numpy.load(at("y.npy"))
            check(given.shape == expected.shape, f"{options}: shape {given.shape}")
            if not any("encoding" in option for option in options):
                check(numpy.array_equal(given, expected), f"{options}: other numbers")
            else:
                check(numpy.abs(given - expected).max() < 0.02, f"{options}: far off")
        return done

    with Server(at("model.onnx")) as server:
        for split in ["auto", "mobile", "cloud", *map(str, range(cuts)), "1,4"]:
            report = json.loads(infer(server.address, "--split", split, "--json").stdout)
            check(len(report["calls"]) == 3, f"{split}: {len(report['calls'])} calls")
            check(report["on_server"] + report["on_device"] == 3, f"{split}: the calls' sum")
            is_there = split not in ("auto", "mobile", str(cuts - 1))
            if split != "auto":
                check(report["on_server"] == (3 if is_there else 0), f"{split}: where it ran")
            for call in report["calls"] if is_there else []:
                is_last = "," not in split  # then the answer is the network's: ten floats
                check(call["up_bytes"] > 0 and (call["down_bytes"] == 40) == is_last,
                      f"{split}: bytes")
                parts = sum(call[part + "_ms"] for part in
                            ("wait", "before", "uplink", "queue", "compute", "downlink", "after"))
                check(0 < parts <= call["total_ms"] * 1.001, f"{split}: times {call}")
        for encoding, share in (("f16", 0.5), ("u8", 0.25)):
            for way in ("encoding", "answer-encoding"):
                report = json.loads(infer(server.address, "--split", "3,5", f"--{way}", encoding,
                                          "--json").stdout)
                check(report["on_server"] == 3, f"{way} {encoding}: {report}")
                plain = json.loads(infer(server.address, "--split", "3,5", "--json").stdout)
                field = "up_bytes" if way == "encoding" else "down_bytes"
                scale = 8 if encoding == "u8" else 0
                check(report["calls"][0][field] == plain["calls"][0][field] * share + scale,
                      f"{way} {encoding}: bytes")
        table = infer(server.address, "--split", "3", "--repeat", "2").stdout
        check("6 calls, 6 on the server" in table and "3-" in table, "the table: " + table)
        layers = [{"output_bytes": 400, "mobile_ms": 20, "mobile_mj": 3, "cloud_ms": 0.2}] * (cuts - 1)
        with open(at("p.json"), "w") as file:
            json.dump({"schema": "joint.profile/1", "input_bytes": 4096, "layers": layers, "cut_layers": list(range(cuts))}, file)
        phone = ["--profile", at("p.json"), "--explain"]
        report = json.loads(infer(server.address, *phone, "--json").stdout)
        why = report["explanation"]
        check(report["calls"][-1]["why"] == why["why"] and why["load"]["credits"] == 3 and why["link"]["rtt_ms"] > 0,
              f"explained: {why['why']} {why['load']} {why['link']}")
        check(len(why["candidates"]) == 1 + cuts * (cuts - 1) // 2, "each range is a candidate")
        for one in why["candidates"]:
            parts = sum(one[part + "_ms"] for part in ("device", "uplink", "round_trip", "wait", "server", "downlink"))
            check(abs(parts - one["total_ms"]) < 1e-6 and one["energy_mj"] >= 0, f"a candidate's sum: {one}")
        chosen = [one for one in why["candidates"] if (one["from"], one["to"]) == (report["calls"][-1]["from"], report["calls"][-1]["to"])]
        check(chosen == [why["chosen"]], f"what was chosen is among them: {why['chosen']}")
        text = infer(server.address, *phone).stdout
        check("Why the last call ran as it did" in text and "link:" in text and " chosen" in text, "explained to people: " + text)
        each = infer(server.address, *phone[:2], "--each", "--json").stdout.splitlines()
        check(len(each) == 3 and all(json.loads(line)["why"] for line in each), f"a line a call: {each}")
        each = infer(server.address, "--split", "3", "--each").stdout.splitlines()
        check(sum(line.startswith("3-") and " on the server, " in line for line in each) == 3, f"a line a call, for people: {each}")
        infer(server.address, "--explain", "--split", "3", status=2)
        infer(server.address, "--paced", status=2)
        infer(server.address, "--profile", at("absent.json"), status=1)
        infer(server.address, "--split", "9999", status=2)
        infer(server.address, "--split", "4,2", status=2)
        load = json.loads(run("load", "--server", server.address, "--json").stdout)
        check(load["predicted_wait_ms"] == 1.5 and load["utilization"] == 0.25 and
              load["state"] == "ready" and load["credits"] == 3 and load["rtt_ms"] > 0,
              f"load {load}")
        line = run("load", "--server", server.address).stdout
        check("ready, waits 1.50 ms, utilization 25.0 %" in line, "load: " + line)
        name = infer(server.address, "--split", "2", "--name", "other", "--json").stdout
        check({call["reject"] for call in json.loads(name)["calls"]} == {"model unknown"},
              "another name: " + name)
        port = server.address

    run("load", "--server", port, status=1)
    for how, reason in (("reject", "rejected"), ("deaf", "unreachable"), ("idle", "late")):
        with Server(at("model.onnx"), how) as server:
            report = json.loads(infer(server.address, "--split", "2", "--deadline-ms", "1500",
                                      "--json").stdout)
            check(report["on_device"] == 3, f"{how}: {report['on_device']} here")
            last = report["calls"][-1]["reason"]  # a rejected client asks no more for a while
            check(last == reason or how == "reject" and last == "held off", f"{how}: {last}")
            check(report["calls"][0]["reason"] != "as planned", f"{how}: {report['calls'][0]}")
    check(json.loads(infer(None, "--json").stdout)["on_device"] == 3, "without a server")
    run("load", "--server", "nowhere", status=2)
    run("load", status=2)
    infer("not-an-address", status=1)
    run("infer", "--model", at("model.onnx"), status=2)
    run("infer", "--model", at("absent.onnx"), "--input", at("x.npy"), status=1)

print("FAILED" if failures else "passed")
sys.exit(bool(failures))
