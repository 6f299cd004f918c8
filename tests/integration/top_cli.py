#!/usr/bin/env python3
"""`joint top` and scripts against a control socket. usage: top_cli.py JOINT CONTROL_SERVER"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

JOINT = ""
SERVER = ""


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
        for line in ("datagrams in ", "answers ", "rejects ", "jointd.answered ", "dataplane.rx_datagrams "):
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


if __name__ == "__main__":
    SERVER = sys.argv.pop()
    JOINT = sys.argv.pop()
    unittest.main()
