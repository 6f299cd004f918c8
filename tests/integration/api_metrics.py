#!/usr/bin/env python3
"""What requests leave behind in /metrics, and what promtool says of it. usage: api_metrics.py JOINT JOINTD"""
import json
import subprocess
import tempfile
import time
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

    def offer(self):
        """Requests for a second: what their clients saw."""
        done = subprocess.run([program("joint"), "loadtest", "--server", f"127.0.0.1:{self.service.udp_port}", "--model",
                               str(self.service.folder / "lenet.onnx"), "--closed", "4", "--duration", "1", "--clients", "4",
                               "--split", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def test_metrics_count_what_clients_saw(self):
        def read():
            return parse_metrics(self.service.get("/metrics")[2], False)

        def of(families, name, *labels):
            return families[name][1].get(tuple(labels), 0)

        named = (("model", "lenet"), ("class", "interactive"))
        before = read()
        seen = self.offer()
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

    def test_statistics_are_those_of_the_metrics(self):
        self.offer()
        statistics = self.service.json("/v2/models/lenet/stats")[1]["model_stats"]
        families = parse_metrics(self.service.get("/metrics")[2], False)
        self.assertEqual(len(statistics), 1)
        one = statistics[0]
        self.assertEqual((one["name"], one["version"]), ("lenet", "3"))
        self.assertLess(abs(one["last_inference"] / 1000 - time.time()), 60)
        ends = families["joint_requests_total"][1]
        answered = sum(ends.get((("model", "lenet"), ("class", "interactive"), ("outcome", how)), 0) for how in ("answered", "late"))
        self.assertEqual((one["inference_stats"]["success"]["count"], one["inference_count"]), (answered, answered))
        for told, name in (("success", "request"), ("queue", "queue"), ("compute_infer", "execution")):
            seconds = families[f"joint_{name}_duration_seconds"][1][("_sum", (("model", "lenet"), ("class", "interactive")))]
            self.assertAlmostEqual(one["inference_stats"][told]["ns"] / 1e9, seconds, places=6)
        rows = families["joint_batch_rows"][1]
        batches = {batch["batch_size"]: batch["compute_infer"] for batch in one["batch_stats"]}
        self.assertEqual(sum(batch["count"] for batch in batches.values()), rows[("_count", (("model", "lenet"),))])
        self.assertEqual(sum(size * batch["count"] for size, batch in batches.items()), rows[("_sum", (("model", "lenet"),))])
        self.assertEqual(one["execution_count"], sum(batch["count"] for batch in batches.values()))
        self.assertTrue(all(batch["ns"] > 0 for batch in batches.values()))
        self.assertEqual(self.service.json("/v2/models/stats")[1], self.service.json("/v2/models/lenet/versions/3/stats")[1])


if __name__ == "__main__":
    main()
