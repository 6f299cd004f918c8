#!/usr/bin/env python3
"""`joint loadtest` from outside, against a server that misbehaves. usage: loadtest.py JOINT FAKE_SERVER_HOST

What is checked holds on a busy machine too: counts, ends, exit statuses, and times only by what a test itself imposed.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

JOINT = HOST = FOLDER = ""
ENDS = ("in_time", "answered_late", "rejected", "late", "lost", "broken", "cancelled", "unsent", "on_device")


class Server:
    """The fake server as a process, which obeys words."""

    def __init__(self, name="lenet", *more):
        self.process = subprocess.Popen([HOST, f"{FOLDER}/lenet.onnx", name, *more], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def counts(self):
        return dict(zip(("delivered", "answered", "rejected", "cancelled", "probes", "datagrams"),
                        map(int, self.tell("count").split())))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def words(address, *more):
    """On a busy machine a request may well be sent late; only one test is about that."""
    more = [*map(str, more)]
    if "--late-ms" not in more:
        more += ["--late-ms", "5000"]
    return [JOINT, "loadtest", "--server", address, "--model", f"{FOLDER}/lenet.onnx", *more]


def start(address, *more):
    return subprocess.Popen(words(address, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def run(address, *more):
    return finish(start(address, *more))


class LoadtestTest(unittest.TestCase):
    def check(self, report):
        """What adds up in every report."""
        counts, ends = report["counts"], report["ends"]
        self.assertEqual(tuple(ends), ENDS)
        self.assertEqual(counts["offered"], sum(ends.values()))
        self.assertEqual(counts["completed"], ends["in_time"] + ends["answered_late"])
        self.assertEqual(counts["fallback"], counts["offered"] - ends["in_time"] - ends["cancelled"] - ends["on_device"])
        self.assertEqual(sum(reject["count"] for reject in report["rejects"]), ends["rejected"])
        self.assertEqual(report["latency_ms"]["samples"], counts["completed"])
        self.assertEqual(sum(batch["answers"] for batch in report["batches"]), counts["completed"])
        admitted = report["admitted"]
        self.assertEqual(admitted["answered_late"], ends["answered_late"])
        self.assertEqual(admitted["count"], counts["completed"] + admitted["dropped"] + admitted["given_up"])
        self.assertLessEqual(admitted["given_up"], ends["late"])
        self.assertLessEqual(admitted["dropped"], ends["rejected"])
        for end in ENDS[:-1]:
            self.assertEqual(sum(cut["ends"][end] for cut in report["cuts"]), ends[end])
        for cut in report["cuts"]:
            self.assertEqual(cut["offered"], sum(cut["ends"].values()))
        latency = report["latency_ms"]
        order = [latency[name] for name in ("p50", "p90", "p99", "p99_9", "max")]
        self.assertEqual(order, sorted(order))

    def report(self, address, *more, status=0, verdict="good"):
        rc, out, err = run(address, *more, "--json")
        report = json.loads(out)
        self.check(report)
        self.assertEqual((rc, report["verdict"]), (status, verdict), err)
        self.assertEqual(err == "", status == 0, err)
        return report

    def test_open_loop_of_all_cuts_is_answered_and_right(self):
        with Server() as server:
            report = self.report(server.address, "--rate", 150, "--duration", 2, "--warmup", 0.5, "--clients", 40,
                                 "--split", "mix", "--verify", 20)
            counts = server.counts()
        self.assertEqual(report["ends"]["in_time"], report["counts"]["offered"])
        self.assertEqual([cut["cut"] for cut in report["cuts"]], list(range(8)))
        self.assertEqual([cut["bytes"] for cut in report["cuts"]], [4096, 18816, 4704, 6400, 1600, 480, 336, 40])
        self.assertEqual((report["verified"]["compared"], report["verified"]["wrong"]), (20, 0))
        # The warm-up's requests, which do not count, are answered all the same.
        self.assertGreater(counts["answered"], report["counts"]["offered"])

    def test_the_seed_decides_what_is_offered(self):
        with Server("lenet", "hollow") as server:
            more = ("--rate", 300, "--duration", 1, "--warmup", 0, "--clients", 30, "--split", "mix", "--seed")
            one, same, other = (self.report(server.address, *more, seed) for seed in (5, 5, 6))
        offers = [[cut["offered"] for cut in report["cuts"]] for report in (one, same, other)]
        self.assertEqual(offers[0], offers[1])
        self.assertNotEqual(offers[0], offers[2])

    def test_closed_loop_keeps_so_many_in_flight(self):
        with Server() as server:
            server.tell("compute", 20)
            report = self.report(server.address, "--closed", 4, "--duration", 2, "--warmup", 0.5, "--clients", 4,
                                 "--verify", 3)
        # One after the other, each 20 ms or more: the fourth in the queue waits for all before it.
        self.assertLessEqual(report["counts"]["completed"], 104)
        self.assertGreaterEqual(report["latency_ms"]["p50"], 60)
        self.assertEqual(report["verified"]["wrong"], 0)

    def test_a_server_may_reject_all(self):
        with Server() as server:
            server.tell("reject", 1)
            report = self.report(server.address, "--rate", 100, "--duration", 1, "--warmup", 0, status=1,
                                 verdict="unanswered")
            self.assertEqual(report["ends"]["rejected"], report["counts"]["offered"])
            self.assertEqual(report["rejects"][0]["name"], "overloaded")
            # In a closed loop every reject is followed by a pause.
            closed = self.report(server.address, "--closed", 10, "--duration", 1, "--warmup", 0, status=1,
                                 verdict="unanswered")
            self.assertLessEqual(closed["counts"]["offered"], 10 * 1000 + 10)

    def test_steps_make_the_duration_and_bins_show_them(self):
        with Server("lenet", "hollow") as server:
            report = self.report(server.address, "--rate", "50@1,400@1", "--warmup", 0.2, "--bins-ms", 500, "--clients", 7,
                                 "--by-client", "--first-client", 100, "--split", "mix", "--requests", f"{FOLDER}/requests.tsv")
            rc, out, _ = run(server.address, "--rate", "50@1,400@1", "--bins-ms", 500, "--by-client")
        self.assertEqual((report["seconds"], report["settings"]["steps"][1]), (2, {"rate_per_s": 400, "seconds": 1}))
        bins = report["series"]["bins"]
        self.assertEqual([one["at_ms"] for one in bins], [0, 500, 1000, 1500])
        for name in ("offered", "rejected"):
            self.assertEqual(sum(one[name] for one in bins), report["counts"][name])
        self.assertEqual(sum(one["in_time"] for one in bins), report["counts"]["goodput"])
        # 25 and 200 are due in the mean; both bounds are more than seven standard deviations away.
        self.assertLess(max(bins[0]["offered"], bins[1]["offered"]), 90)
        self.assertGreater(min(bins[2]["offered"], bins[3]["offered"]), 95)
        clients = report["clients"]
        self.assertEqual([one["client"] for one in clients], list(range(100, 107)))
        goodput = [one["goodput"] for one in clients]
        self.assertEqual(sum(goodput), report["counts"]["goodput"])
        self.assertAlmostEqual(report["jain_index"], sum(goodput) ** 2 / 7 / sum(one ** 2 for one in goodput), 5)
        lines = pathlib.Path(f"{FOLDER}/requests.tsv").read_text().splitlines()
        rows = [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]
        self.assertEqual(len(rows), report["counts"]["offered"])
        self.assertEqual({row["client"] for row in rows}, {str(client) for client in range(100, 107)})
        self.assertEqual({row["end"] for row in rows}, {"in_time"})
        self.assertEqual(rc, 0)
        self.assertIn("fairness (Jain's index of what was answered in time)", out)

    def test_deadlines_are_multiples_of_the_unloaded_time(self):
        with Server() as server:
            server.tell("compute", 20)
            report = self.report(server.address, "--rate", 5, "--duration", 2, "--warmup", 0, "--split", "mix", "--mix",
                                 "0=1,5=1", "--deadline-factor", 30)
            given = self.report(server.address, "--rate", 5, "--duration", 1, "--warmup", 0, "--split", "mix", "--mix",
                                "0=1,5=1", "--deadline-ms", "5=4000,0=5000.5")
        for cut in report["cuts"]:
            self.assertGreaterEqual(cut["unloaded_ms"], 20)
            self.assertAlmostEqual(cut["deadline_ms"], 30 * cut["unloaded_ms"], 3)
        self.assertEqual([cut["deadline_ms"] for cut in given["cuts"]], [5000.5, 4000])
        self.assertEqual([cut["unloaded_ms"] for cut in given["cuts"]], [0, 0])

    def test_the_wait_that_was_told_is_compared(self):
        with Server("lenet", "hollow") as server:
            server.tell("load", 5000, 250)
            report = self.report(server.address, "--rate", 200, "--duration", 1, "--warmup", 0.5, "--by-client")
        self.assertGreater(report["prediction"]["samples"], 100)
        # Nothing waits there, so it is wrong by all that it told.
        self.assertGreater(report["prediction"]["median_error_ms"], 4)

    def test_another_name_is_a_model_unknown(self):
        with Server("other") as server:
            rc, _, err = run(server.address, "--rate", 50, "--duration", 1, "--warmup", 0)
            self.assertEqual(rc, 1)
            self.assertIn("model unknown", err)
            self.assertEqual(err.count("\n"), 1)
            self.report(server.address, "--rate", 50, "--duration", 1, "--warmup", 0, "--name", "other")

    def test_slow_answers_are_late(self):
        with Server() as server:
            server.tell("compute", 30)
            report = self.report(server.address, "--rate", 100, "--duration", 2, "--warmup", 0, "--deadline-ms", 100)
        # At most 33 a second can be computed, of 100.
        self.assertGreater(report["ends"]["late"] + report["ends"]["rejected"] + report["ends"]["answered_late"], 100)
        self.assertGreater(report["ends"]["in_time"], 0)
        self.assertEqual(report["ends"]["lost"], 0)

    def test_requests_that_are_never_answered_end_by_their_deadline(self):
        with Server() as server:
            server.tell("idle")
            report = self.report(server.address, "--rate", 50, "--duration", 1, "--warmup", 0, "--deadline-ms", 300,
                                 status=1, verdict="unanswered")
            self.assertEqual(report["ends"]["late"], report["counts"]["offered"])
            # Without one, phones soon have as many open as they may: that is no open loop any more.
            report = self.report(server.address, "--rate", 200, "--duration", 1, "--warmup", 0, "--clients", 2,
                                 status=1, verdict="not_adhered")
        self.assertEqual(report["ends"]["late"], 8)
        self.assertIn("--clients", report["problem"])

    def test_two_thousand_phones_in_one_process(self):
        with Server("lenet", "hollow") as server:
            report = self.report(server.address, "--rate", 1000, "--duration", 3, "--warmup", 0, "--clients", 2000,
                                 "--split", "mix", "--sockets", 3)
        self.assertEqual(report["ends"]["in_time"], report["counts"]["offered"])
        # Each phone makes contact by itself, and is asked to come back with a cookie: 1 - e^-1.5 of them sent.
        self.assertGreater(report["network"]["retries"], 1400)
        self.assertLess(report["generator"]["bytes_per_client"], 16384)

    def test_latency_counts_from_the_schedule(self):
        """A server that stands still for 300 ms keeps all waiting whose time comes then: coordinated omission."""
        reports = []
        for loop in (("--rate", 200), ("--closed", 1)):
            with Server("lenet", "hollow") as server:
                process = start(server.address, *loop, "--duration", 4, "--warmup", 0, "--json")
                time.sleep(2)
                server.process.send_signal(signal.SIGSTOP)
                time.sleep(0.3)
                server.process.send_signal(signal.SIGCONT)
                _, out, _ = finish(process)
            reports.append(json.loads(out))
            self.check(reports[-1])
        opened, closed = (report["latency_ms"] for report in reports)
        # 60 of 800 requests are due in that time; those of its first half wait for 150 ms or more.
        self.assertGreaterEqual(opened["p99"], 150)
        self.assertGreaterEqual(opened["max"], 250)
        # The closed loop has one request in that time, and so its p99 does not know of it.
        self.assertGreaterEqual(closed["max"], 250)
        self.assertLess(closed["p99"], opened["p99"])

    def test_a_generator_that_is_held_up_fails_the_run(self):
        with Server("lenet", "hollow") as server:
            process = start(server.address, "--rate", 200, "--duration", 3, "--warmup", 0, "--late-ms", 100, "--json")
            time.sleep(1)
            process.send_signal(signal.SIGSTOP)
            time.sleep(1)
            process.send_signal(signal.SIGCONT)
            rc, out, err = finish(process)
        report = json.loads(out)
        self.check(report)
        self.assertEqual((rc, report["verdict"]), (1, "not_adhered"))
        self.assertIn("overloaded", err)
        # Of 200 due in that second 180 are over 100 ms late; all are sent, and their latency tells of it.
        self.assertGreater(report["generator"]["sent_late"], 120)
        self.assertLess(report["generator"]["adherence"], 0.9)
        self.assertGreaterEqual(report["latency_ms"]["max"], 800)

    def test_nothing_is_sent_to_a_server_that_does_not_answer(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            rc, out, err = run(f"127.0.0.1:{silent.getsockname()[1]}", "--rate", 1000, "--duration", 5)
            silent.setblocking(False)
            sizes = []
            try:
                while True:
                    sizes.append(len(silent.recv(65536)))
            except BlockingIOError:
                pass
        self.assertEqual((rc, out), (1, ""))
        self.assertIn("no load was sent", err)
        self.assertEqual(sizes, [64, 64, 64])

    def test_a_server_that_falls_silent_ends_the_run(self):
        with Server("lenet", "hollow") as server:
            process = start(server.address, "--rate", 100, "--duration", 100, "--warmup", 0, "--json")
            time.sleep(1.5)
            server.tell("deaf")
            began = time.monotonic()
            rc, out, err = finish(process)
            took = time.monotonic() - began
        report = json.loads(out)
        self.check(report)
        self.assertEqual((rc, report["verdict"]), (1, "silent"))
        self.assertGreater(report["ends"]["lost"], 0)
        self.assertGreater(report["ends"]["in_time"], 0)
        self.assertIn("answered nothing", err)
        self.assertLess(took, 50)

    def test_phones_begin_anew_with_a_server_that_has_forgotten_them(self):
        with Server() as server:
            server.tell("compute", 15)
            process = start(server.address, "--closed", 20, "--duration", 4, "--warmup", 0, "--clients", 20, "--json")
            time.sleep(1.5)
            self.assertEqual(server.tell("restart"), "ok")
            server.tell("good")
            rc, out, err = finish(process)
            counts = server.counts()
        report = json.loads(out)
        self.check(report)
        # What it had accepted is lost, and that is told; after that, there are new connections.
        self.assertEqual((rc, report["verdict"]), (1, "lost"), err)
        self.assertLessEqual(report["ends"]["lost"], 20)
        self.assertGreater(report["network"]["refusals"], 0)
        self.assertGreater(report["counts"]["completed"], 300)
        self.assertGreater(counts["answered"], 300)

    def test_an_interrupt_prints_what_there_is(self):
        with Server() as server:
            server.tell("compute", 100)
            process = start(server.address, "--rate", 50, "--duration", 100, "--warmup", 0, "--json")
            time.sleep(2)
            process.send_signal(signal.SIGINT)
            rc, out, err = finish(process)
        report = json.loads(out)
        self.check(report)
        self.assertEqual((rc, report["verdict"]), (1, "interrupted"))
        self.assertGreater(report["ends"]["cancelled"], 0)
        self.assertGreater(report["counts"]["completed"], 0)
        self.assertLess(report["seconds"], 90)
        self.assertIn("interrupted", err)

    def test_answers_that_are_wrong_or_too_long_fail_the_run(self):
        with Server("lenet", "hollow") as server:
            report = self.report(server.address, "--rate", 50, "--duration", 1, "--warmup", 0, "--verify", 5, status=1,
                                 verdict="wrong")
            self.assertEqual(report["verified"]["wrong"], 5)
        with Server() as server:
            server.tell("surplus", 4)
            report = self.report(server.address, "--rate", 50, "--duration", 1, "--warmup", 0, status=1,
                                 verdict="lost")
            self.assertEqual(report["ends"]["broken"], report["counts"]["offered"])

    def test_the_load_is_reported_as_told(self):
        with Server("lenet", "hollow") as server:
            server.tell("load", 5000, 250)
            load = self.report(server.address, "--rate", 100, "--duration", 1, "--warmup", 0)["server_load"]
        self.assertGreaterEqual(load["predicted_wait_ms"]["min"], 5)
        self.assertEqual(load["utilization"], dict(load["utilization"], min=0.25, mean=0.25, max=0.25))

    def test_adaptive_phones_ask_a_free_server_and_spare_a_full_one(self):
        # Cut 2 is the best: before it there is much to send, after it much to compute.
        sizes = [500000, 1000, 1000, 1000, 1000, 1000, 1000, 40]
        layers = [{"name": f"l{i}", "output_bytes": size, "mobile_ms": 100, "mobile_mj": 1, "cloud_ms": 1}
                  for i, size in enumerate(sizes)]
        pathlib.Path(f"{FOLDER}/phone.json").write_text(json.dumps(
            {"schema": "joint.profile/1", "model": "lenet", "batch": 1, "input_bytes": 1000000,
             "cut_layers": list(range(9)), "layers": layers}))
        pathlib.Path(f"{FOLDER}/net.json").write_text(json.dumps(
            {"up_mbps": 10, "down_mbps": 10, "rtt_ms": 5, "alpha_up_mw_per_mbps": 1, "alpha_down_mw_per_mbps": 1,
             "beta_mw": 1}))
        adaptive = ("--rate", 400, "--duration", 4, "--warmup", 0, "--clients", 20, "--split", "adaptive", "--profile",
                    f"{FOLDER}/phone.json", "--network", f"{FOLDER}/net.json", "--client-requests", 64)
        with Server("lenet", "hollow") as server:
            report = self.report(server.address, *adaptive)
            self.assertEqual([cut["cut"] for cut in report["cuts"] if cut["offered"]], [2])
            self.assertEqual(report["ends"]["on_device"], 0)
            server.tell("load", 5000000, 1000)
            report = self.report(server.address, *adaptive)
            self.assertGreater(report["ends"]["on_device"], report["counts"]["offered"] // 4)
            self.assertGreater(report["ends"]["in_time"], 0)
            rc, _, err = run(server.address, "--rate", 10, "--duration", 1, "--split", "adaptive")
            self.assertEqual((rc, err.count("\n")), (2, 1))

    def test_the_table_says_the_same(self):
        with Server("lenet", "hollow") as server:
            rc, out, err = run(server.address, "--rate", 100, "--duration", 1, "--warmup", 0, "--split", 3)
        self.assertEqual((rc, err), (0, ""))
        rows = {line.split("  ")[0]: line.split() for line in out.splitlines()}
        offered = int(rows["offered"][1])
        self.assertGreater(offered, 50)
        self.assertIn(f"answered in time (goodput)", rows)
        self.assertEqual(int(rows["latency, from schedule"][-1]), offered)
        self.assertIn("sent on schedule", out)

    def test_a_network_of_the_zoo_leaves_no_file(self):
        with Server("lenet") as server, tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([JOINT, "loadtest", "--server", server.address, "--model", "lenet", "--rate", "50",
                                   "--duration", "1", "--warmup", "0", "--verify", "3", "--json"],
                                  env=dict(os.environ, TMPDIR=folder), stdout=subprocess.PIPE, text=True, check=False)
            self.assertEqual(os.listdir(folder), [])
        self.assertEqual(json.loads(done.stdout)["verified"]["compared"], 3)

    def test_mobile_sends_nothing(self):
        with Server() as server:
            rc, out, _ = run(server.address, "--rate", 100, "--duration", 100, "--split", "mobile")
            self.assertEqual((rc, server.counts()["datagrams"]), (0, 0))
            self.assertIn("nothing is sent", out)
            rc, out, _ = run(server.address, "--rate", 100, "--duration", 100, "--split", "mobile", "--json")
            self.assertEqual(json.loads(out)["counts"]["offered"], 0)

    def test_wrong_command_lines_are_refused(self):
        address = "127.0.0.1:9"
        load = ("--rate", 10, "--duration", 1)
        for more in ((), ("--rate", 10), ("--duration", 1), (*load, "--closed", 2), ("--rate", 0, "--duration", 1),
                     ("--rate", -1, "--duration", 1), (*load, "--mix", "0=1"), (*load, "--clients", 0),
                     (*load, "--encoding", "f8"), (*load, "--sockets", 65), (*load, "--clients", 2, "--sockets", 3),
                     ("--closed", 401, "--duration", 1), (*load, "more"), (*load, "--class", 256), ("--rate", "5@1,"), ("--rate", "5,6", "--duration", 1),
                     (*load, "--deadline-ms", 5, "--deadline-factor", 4), (*load, "--bins-ms", 0.1)):
            rc, out, err = run(address, *more)
            self.assertEqual((rc, out), (2, ""), more)
            self.assertEqual(err.count("\n"), 1, err)

    def test_public_addresses_need_permission(self):
        rc, _, err = run("192.88.99.1:4470", "--rate", 10, "--duration", 1)
        self.assertEqual(rc, 2)
        self.assertIn("--allow-public", err)

    def test_cuts_that_are_not_there_are_refused(self):
        with Server("lenet", "hollow") as server:
            for more in (("--split", "8"), ("--split", "x"), ("--split", "mix", "--mix", "8=1"),
                         ("--split", "mix", "--mix", "1")):
                rc, _, err = run(server.address, "--rate", 10, "--duration", 1, *more)
                self.assertEqual(rc, 2, err)
                self.assertIn("0 to 7", err)
            self.assertEqual(server.counts()["delivered"], 0)


if __name__ == "__main__":
    JOINT, HOST = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as FOLDER:
        subprocess.run([JOINT, "zoo", "lenet", "-o", f"{FOLDER}/lenet.onnx"], check=True)
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
