#!/usr/bin/env python3
"""`joint top` and scripts against a control socket. usage: top_cli.py JOINT CONTROL_SERVER [JOINTD]"""
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

JOINT = ""
SERVER = ""
JOINTD = ""


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Top(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.temporary.name) / "edge.sock"
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            server.stdin.close()
            server.wait(timeout=60)
            server.stdout.close()
            server.stderr.close()
        self.assertFalse(self.path.exists())
        self.temporary.cleanup()

    def start(self):
        server = subprocess.Popen([SERVER, str(self.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        self.servers.append(server)
        self.assertEqual(server.stdout.readline(), "ready\n")
        return server

    def top(self, *words):
        return subprocess.run([JOINT, "top", "--control", str(self.path), *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=120)

    def once(self, *words):
        done = self.top("--once", "--interval", "0.2", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_once_is_one_table(self):
        self.start()
        text = self.once()
        self.assertIn("state    ready\nworkers  2, utilization 82.5 %\nqueued   12, ", text)
        for line in ("jointd    ", "fast    ", "alexnet    ", "datagrams in ", "answers ", "rejects ", "jointd.answered ", "dataplane.rx_datagrams "):
            self.assertEqual(text.count("\n" + line), 1, text)
        self.assertNotIn("dataplane.1.", text)
        self.assertNotIn("\033", text)
        self.assertIn("\ndataplane.1.rx_datagrams ", self.once("--all"))

    def test_json_has_rates_in_their_ratio(self):
        self.start()
        found = json.loads(self.once("--json"))
        self.assertEqual(found["schema"], "joint.top/1")
        self.assertEqual(found["load"]["state"], "ready")
        self.assertEqual(found["load"]["utilization"], 0.825)
        self.assertEqual(len(found["load"]["classes"]), 1)
        self.assertGreaterEqual(found["seconds"], 0.2)
        answers, rejects = found["overview"]["answers"], found["overview"]["rejects"]
        self.assertGreater(answers["per_s"], 0)
        # Read one after the other while they grow: a round more in one of them is no fault.
        rounds = answers["per_s"] * found["seconds"] / 10
        self.assertLessEqual(abs(rejects["per_s"] * found["seconds"] / 5 - rounds), 1.01)
        self.assertIsNone(found["overview"]["bytes_in"])
        (latency,), (model,) = found["latency"], found["models"]
        self.assertEqual((latency["class"], model["name"], model["version"]), ("fast", "alexnet", 2))
        self.assertTrue(20 <= latency["request_ms"]["p50"] <= latency["request_ms"]["p99"] <= 30, latency)
        self.assertIsNone(latency["queue_ms"])
        self.assertAlmostEqual(latency["answers_per_s"] * found["seconds"] / 3, rounds, delta=1.01)
        self.assertAlmostEqual(model["batch_rows"], 1.5, delta=0.1)
        self.assertEqual(set(model["batches"]), {"1", "2"})
        (process,) = found["processes"]  # the stand-in has no children
        self.assertEqual((process["name"], process["state"], process["pid"]), ("jointd", "serving", self.servers[0].pid))
        self.assertGreaterEqual(process["busy_cores"], 0)
        self.assertGreater(process["memory_bytes"], 0)
        counters = {(c["source"], c["label"]): c for c in found["counters"]}
        self.assertEqual(len(counters), 4)
        self.assertEqual(counters["queue 1", "dataplane.1.rx_datagrams"]["kind"], "sum")
        self.assertEqual(counters["jointd", "jointd.answered"]["value"] % 10, 0)

    def test_without_once_it_goes_on_and_finds_the_next_jointd(self):
        first = self.start()
        top = subprocess.Popen([JOINT, "top", "--control", str(self.path), "--json", "--interval", "0.1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            for _ in range(2):
                self.assertGreater(json.loads(top.stdout.readline())["overview"]["answers"]["total"], 0)
            first.send_signal(signal.SIGKILL)
            first.wait(timeout=60)
            self.assertIn("jointd has ended; looking for it", top.stderr.readline())
            self.assertTrue(self.path.exists())  # a dead one's, which the next replaces
            self.start()
            for _ in range(3):
                line = json.loads(top.stdout.readline())
            self.assertGreater(line["overview"]["answers"]["per_s"], 0)
        finally:
            top.kill()
            top.wait(timeout=60)
            top.stdout.close()
            top.stderr.close()

    def test_one_that_stands_still_is_seen(self):
        server = self.start()
        top = subprocess.Popen([JOINT, "top", "--control", str(self.path), "--json", "--interval", "0.1"],
                               stdout=subprocess.PIPE, text=True)
        try:
            json.loads(top.stdout.readline())
            server.send_signal(signal.SIGSTOP)  # what is shared is read all the same
            for _ in range(5):
                line = json.loads(top.stdout.readline())
            self.assertEqual(line["overview"]["answers"]["per_s"], 0)
            self.assertGreater(line["load"]["age_ms"], 50)
        finally:
            server.send_signal(signal.SIGCONT)
            top.kill()
            top.wait(timeout=60)
            top.stdout.close()

    def test_the_status_is_json(self):
        server = self.start()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(str(self.path))
            client.send(b"status")
            status = json.loads(client.recv(1 << 20))
        self.assertEqual(status["schema"], "joint.status/1")
        self.assertEqual(status["pid"], server.pid)
        self.assertEqual(status["models"], [{"name": "alexnet", "version": 1, "state": "ready"}])

    def test_a_second_server_is_refused(self):
        self.start()
        second = subprocess.run([SERVER, str(self.path)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another jointd is running", second.stderr)

    def test_errors_are_one_line(self):
        done = self.top("--once")
        self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (1, "", 1))
        self.assertIn("no jointd is running there", done.stderr)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as mute:  # listens, but says nothing of use
            mute.bind(str(self.path))
            mute.listen()
            top = subprocess.Popen([JOINT, "top", "--control", str(self.path), "--once"], stderr=subprocess.PIPE, text=True)
            with mute.accept()[0] as client:
                client.send(b"what?")
                _, error = top.communicate(timeout=60)
        os.unlink(self.path)
        self.assertEqual((top.returncode, len(error.splitlines())), (1, 1), error)
        for words in (["--interval", "0"], ["--what"], ["x"], ["--interval", "soon"]):
            self.assertEqual(self.top(*words).returncode, 2, words)


class Jointd(unittest.TestCase):
    """The same against jointd, without models: what is shown is its own."""

    def setUp(self):
        if not JOINTD:
            self.skipTest("jointd was not built")
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.path = self.folder / "edge.sock"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (self.folder / "c").write_text(
            f"[server]\nname = edge\nlisten = 127.0.0.1\nport = {port}\ncontrol = {self.path}\n[api]\nlisten =\n"
            "[memory]\nrequest_slab = 16MiB\nresponse_slab = 16MiB\nmax_tensor = 1MiB\npages = small\n"
            "[dataplane]\nqueues = 2\n[workers]\nspares = 2\n", encoding="utf-8")
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.jointd = subprocess.Popen([JOINTD, "--config", str(self.folder / "c")], stderr=self.log)

    def tearDown(self):
        if self.jointd.poll() is None:
            self.jointd.kill()
            self.jointd.wait(timeout=60)
        self.log.close()
        self.temporary.cleanup()

    def status(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(60)
            client.connect(str(self.path))
            client.send(b"status")
            return json.loads(client.recv(1 << 20))

    def children(self):
        return {child["name"]: child for child in self.status()["children"]}

    def wait_for(self, what):
        for _ in range(600):
            try:
                if what():
                    return
            except (FileNotFoundError, ConnectionRefusedError):
                pass
            self.assertIsNone(self.jointd.poll(), (self.folder / "log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        self.fail("waited in vain: " + (self.folder / "log").read_text(encoding="utf-8"))

    def sources(self):
        done = subprocess.run([JOINT, "top", "--control", str(self.path), "--once", "--json", "--interval", "0.05"],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=120)
        return {counter["source"] for counter in json.loads(done.stdout)["counters"]}

    def test_children_counters_and_the_end_are_seen(self):
        self.wait_for(lambda: self.status()["state"] == "serving")
        children = self.children()
        self.assertEqual(sum("worker" in name for name in children), 3)  # one, and two spares
        for name, child in children.items():
            self.assertEqual(child["state"], "waiting" if name == "loader" else "running", name)
        self.wait_for(lambda: self.sources() == {"jointd", "queue 0", "queue 1"})
        done = subprocess.run([JOINT, "top", "--control", str(self.path), "--once", "--json", "--interval", "0.05"],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=120)
        shown = {process["name"]: process for process in json.loads(done.stdout)["processes"]}
        self.assertEqual(set(shown), {"jointd", *children} - {"loader"})
        for name, process in shown.items():
            self.assertEqual(process["pid"], children[name]["pid"] if name != "jointd" else self.jointd.pid)
            self.assertTrue(process["may_run_on"] and 0 <= process["core"] < os.cpu_count(), process)
        os.kill(children["joint-dataplane"]["pid"], signal.SIGKILL)
        self.wait_for(lambda: self.children()["joint-dataplane"]["starts"] == 2)
        self.wait_for(lambda: self.sources() == {"jointd", "queue 0", "queue 1"})
        second = subprocess.run([JOINTD, "--config", str(self.folder / "c")], stderr=subprocess.PIPE, text=True, check=False,
                                timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another jointd is running", second.stderr)
        self.jointd.send_signal(signal.SIGTERM)
        self.assertEqual(self.jointd.wait(timeout=60), 0)
        self.assertFalse(self.path.exists())

    def test_after_a_kill_the_next_one_takes_the_place(self):
        self.wait_for(lambda: self.status()["state"] == "serving")
        pids = [child["pid"] for child in self.children().values() if child["pid"]]
        self.jointd.kill()
        self.jointd.wait(timeout=60)
        deadline = time.monotonic() + 60
        while any(is_alive(pid) for pid in pids):  # nothing outlives it
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.jointd = subprocess.Popen([JOINTD, "--config", str(self.folder / "c")], stderr=self.log)
        self.wait_for(lambda: self.status()["state"] == "serving")


if __name__ == "__main__":
    JOINT, SERVER, *rest = sys.argv[1:]
    JOINTD = rest[0] if rest else ""
    unittest.main(argv=sys.argv[:1])
