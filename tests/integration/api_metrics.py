#!/usr/bin/env python3
"""What requests leave behind in /metrics, and what promtool says of it. usage: api_metrics.py JOINT JOINTD"""
import json
import subprocess
import tempfile
import unittest

from api_service import Service, main, parse_metrics, program


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name).ready()

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    def test_metrics_count_what_clients_saw(self):
        def read():
            return parse_metrics(self.service.get("/metrics")[2], False)

        def of(families, name, *labels):
            return families[name][1].get(tuple(labels), 0)

        named = (("model", "lenet"), ("class", "interactive"))
        before = read()
        done = subprocess.run([program("joint"), "loadtest", "--server", f"127.0.0.1:{self.service.udp_port}", "--model",
                               str(self.service.folder / "lenet.onnx"), "--closed", "4", "--duration", "1", "--clients", "4",
                               "--split", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        seen = json.loads(done.stdout)
        after = read()
        answered = sum(of(after, "joint_requests_total", *named, ("outcome", outcome)) -
                       of(before, "joint_requests_total", *named, ("outcome", outcome)) for outcome in ("answered", "late"))
        self.assertGreaterEqual(answered, seen["counts"]["completed"])  # what the warm-up asked is counted too
        self.assertGreater(seen["counts"]["completed"], 0)
        for name in ("request", "queue", "execution"):
            counts = [of(one, f"joint_{name}_duration_seconds", "_count", named) for one in (before, after)]
            self.assertEqual(counts[1] - counts[0], answered, name)
        rows = [of(one, "joint_batch_rows", "_sum", (("model", "lenet"),)) for one in (before, after)]
        self.assertEqual(rows[1] - rows[0], answered)
        self.assertGreater(of(after, "joint_worker_busy_seconds_total", ("worker", "0")) +
                           of(after, "joint_worker_busy_seconds_total", ("worker", "1")), 0)
        self.assertGreater(of(after, "joint_prediction_ratio", "_count", (("model", "lenet"), ("of", "execution"))), 0)
        self.assertEqual(of(after, "joint_junk_total"), of(before, "joint_junk_total"))


if __name__ == "__main__":
    main()
