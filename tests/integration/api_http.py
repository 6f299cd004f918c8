#!/usr/bin/env python3
"""joint-api under a real jointd, by curl and by bare sockets. usage: api_http.py JOINT JOINTD"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from api_service import Service, main, parse_metrics, program


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name).ready()

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    def raw(self, data, seconds=20):
        """What comes back for these bytes, until the end or silence."""
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=seconds) as connection:
            connection.sendall(data)
            got = b""
            try:
                while more := connection.recv(65536):
                    got += more
            except (TimeoutError, ConnectionResetError):
                pass
            return got.decode()

    def test_the_load_is_as_its_schema_says(self):
        status, load = self.service.json("/v2/load")
        self.assertEqual(status, 200)
        self.assertEqual(load["schema"], "joint.load/1")
        self.assertEqual(load["server"], 'edge "1"')
        self.assertRegex(load["boot_id"], "^[0-9a-f]{16}$")
        self.assertGreater(load["seq"], 0)
        self.assertLess(abs(load["generated_unix_ns"] / 1e9 - time.time()), 60)
        self.assertEqual((load["valid_ms"], load["min_poll_ms"]), (500, 0))
        self.assertIn(load["state"], ("ready", "degraded"))
        self.assertEqual((load["workers"], load["inflight"], load["queued"]), (1, 0, 0))
        self.assertTrue(0 <= load["utilization"] <= 1)
        self.assertEqual([one["name"] for one in load["classes"]], ["interactive", "batch"])
        self.assertEqual(load["classes"][0]["deadline_ms"], 50)
        self.assertEqual(load["classes"][0]["admit"], "open")
        self.assertEqual(load["classes"][0]["slo_attainment"], 1)
        model = load["models"][0]
        self.assertEqual((model["name"], model["version"], model["ready"]), ("lenet", 3, True))
        self.assertEqual(model["cuts"], list(range(len(model["cuts"]))))
        # No request came yet: k is 1, and what remains is what was measured when it was loaded.
        told = self.service.json("/v2/models/lenet")[1]
        self.assertEqual(model["k"], 1)
        self.assertEqual(model["remaining_ms"], [cut["remaining_ms"] for cut in told["cuts"]])
        self.assertEqual(model["queued_at"], [0] * len(model["cuts"]))
        self.assertEqual(model["marginal_ms"][-1], 0)
        # One more row takes as long as alone, or as more of them were measured to: on a busy machine those are longer.
        sizes = told["batch_sizes"]
        for marginal, cut in zip(model["marginal_ms"], told["cuts"]):
            times = cut["batch_remaining_ms"]
            steps = [(times[i + 1] - times[i]) / (sizes[i + 1] - sizes[i]) for i in range(len(sizes) - 1)]
            self.assertLessEqual(marginal, max([cut["remaining_ms"], *steps]) + 0.0001, cut)  # a clock's noise
        self.assertAlmostEqual(load["switch_gain"], 0.15, delta=1 / 255)

    def test_parts_of_the_load_can_be_asked_for(self):
        self.assertNotIn("models", self.service.json("/v2/load?include=classes")[1])
        self.assertNotIn("classes", self.service.json("/v2/load?include=models")[1])
        load = self.service.json("/v2/load?class=batch&model=lenet")[1]
        self.assertEqual([one["name"] for one in load["classes"]], ["batch"])
        self.assertEqual(len(load["models"]), 1)
        self.assertEqual(self.service.get("/v2/load?model=none")[0], 404)
        self.assertEqual(self.service.get("/v2/load?class=none")[0], 404)
        for words in ("cuts", "", "classes,", "classes,,models"):
            self.assertEqual(self.service.get(f"/v2/load?include={words}")[0], 400, words)

    def test_a_load_that_is_known_is_not_sent_again(self):
        # Snapshots come every 100 ms at least, so ask until two fall on the same one.
        for _ in range(50):
            _, headers, _ = self.service.get("/v2/load")
            status, again, body = self.service.get("/v2/load", "-H", f"If-None-Match: {headers['etag']}")
            if status == 304:
                self.assertEqual((body, again["etag"]), ("", headers["etag"]))
                break
        self.assertEqual(status, 304)
        self.assertEqual(self.service.get("/v2/load", "-H", 'If-None-Match: W/"other"')[0], 200)

    def test_the_orca_header_says_the_load(self):
        text = self.service.get("/v2/load")[1]["endpoint-load-metrics"]
        kind, _, rest = text.partition(" ")
        pairs = dict(part.split("=") for part in rest.split(", "))
        self.assertEqual(kind, "TEXT")
        self.assertEqual(set(pairs), {"application_utilization", "named_metrics.queued", "named_metrics.inflight",
                                      "named_metrics.predicted_wait_ms"})
        self.assertTrue(all(float(value) >= 0 for value in pairs.values()))
        text = self.service.get("/v2", "-H", "endpoint-load-metrics-format: JSON")[1]["endpoint-load-metrics"]
        kind, _, rest = text.partition(" ")
        self.assertEqual(kind, "JSON")
        self.assertEqual(set(json.loads(rest)), {"application_utilization", "named_metrics"})
        self.assertNotIn("endpoint-load-metrics", self.service.get("/v2")[1])

    def test_health_and_server(self):
        self.assertEqual(self.service.json("/v2/health/live"), (200, {"live": True}))
        status, ready = self.service.json("/v2/health/ready?fail_on_overload=1")
        self.assertEqual((status, ready["ready"]), (200, True))
        server = self.service.json("/v2")[1]
        self.assertEqual(server["name"], "joint")
        self.assertEqual(self.service.json("/v2/")[1], server)

    def test_metadata_lists_the_cuts(self):
        cuts = json.loads(subprocess.run([program("joint"), "cuts", str(self.service.folder / "lenet.onnx"), "--json"], check=True,
                                         stdout=subprocess.PIPE).stdout)["cuts"]
        status, model = self.service.json("/v2/models/lenet")
        self.assertEqual((status, model["name"], model["versions"], model["version"]), (200, "lenet", ["3"], "3"))
        self.assertEqual(model["inputs"], [{"name": "input", "datatype": "FP32", "shape": [-1, 1, 32, 32], "bytes": 4096}])
        self.assertEqual(len(model["cuts"]), len(cuts))
        for told, mine in zip(model["cuts"], cuts):
            self.assertEqual([one["name"] for one in told["tensors"]], [one["name"] for one in mine["tensors"]])
            self.assertEqual(told["bytes"], sum(one["bytes"] for one in told["tensors"]))
        self.assertGreater(model["cuts"][0]["remaining_ms"], 0)
        self.assertEqual(model["cuts"][-1]["remaining_ms"], 0)
        self.assertEqual(self.service.json("/v2/models/lenet/versions/3"), (200, model))
        self.assertEqual(self.service.json("/v2/models/lenet/versions/3/ready"), (200, {"ready": True}))
        self.assertEqual(self.service.json("/v2/models/lenet/ready"), (200, {"ready": True}))
        self.assertEqual(self.service.json("/v2/models"),
                         (200, {"models": [{"name": "lenet", "version": "3", "state": "READY"}]}))

    def test_metrics_can_be_read_in_both_formats(self):
        status, headers, body = self.service.get("/metrics")
        self.assertEqual((status, headers["content-type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        families = parse_metrics(body, False)
        self.assertEqual(sum(families["joint_state"][1].values()), 1)
        self.assertEqual(families["joint_workers"][1], {(): 1})
        self.assertEqual(families["joint_model_version"][1], {(("model", "lenet"),): 3})
        self.assertEqual(len(families["joint_requests_total"][1]), 2 * 5)
        self.assertEqual(set(families["joint_process_deaths_total"][1]),
                         {(("process", "worker"),), (("process", "dataplane"),), (("process", "api"),)})
        self.assertEqual(families["joint_dataplane_rx_datagrams_total"][0], "counter")
        self.assertGreater(families["joint_load_snapshots_total"][1][()], 0)
        status, headers, body = self.service.get("/metrics", "-H", "Accept: application/openmetrics-text; version=1.0.0")
        self.assertEqual((status, headers["content-type"]),
                         (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        opened = parse_metrics(body, True)
        self.assertEqual({name.removesuffix("_total").removesuffix("_info") for name in families}, set(opened))

    def test_what_is_not_there_is_said(self):
        for path in ("/", "/v1", "/v2/loads", "/v2/load/x", "/v2/models/none", "/v2/models/lenet/versions/4",
                     "/v2/models/lenet/versions/x", "/v2/models/lenet/none", "/metrics/x", "/" + "a/" * 20, "/" + "x" * 4000,
                     "/v2/models/%22%0d%0a%00"):
            status, answer = self.service.json(path)
            self.assertEqual((status, list(answer)), (404, ["error"]), path)

    def test_other_methods_are_refused(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "BREW"):
            status, headers, body = self.service.get("/v2/load", "-X", method)
            self.assertEqual((status, headers["allow"]), (405, "GET, HEAD, OPTIONS"), method)
            self.assertIn("error", json.loads(body))
        answer = self.raw(b"HEAD /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertTrue(answer.startswith("HTTP/1.1 200") and answer.endswith("\r\n\r\n"), answer)

    def test_a_body_is_refused_at_once_and_never_waited_for(self):
        start = time.monotonic()
        for head in (b"POST /v2/load HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx",
                     b"GET /v2/load HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
                     b"GET /v2/load HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"):
            answer = self.raw(head)
            self.assertRegex(answer, "^HTTP/1.1 (400|405) ", head)
        self.assertLess(time.monotonic() - start, 10)

    def test_nonsense_ends_the_connection_and_nothing_else(self):
        before = self.service.api_pid()
        for data in (b"\x00" * 1000, b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"GET /v2 HTTP/1.1\r\n" + b"a: " + b"b" * 100000,
                     b"GET /v2 HTTP/1.1\r\n" + b"a: b\r\n" * 10000 + b"\r\n", b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
                     b"GET /v2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"GET /v2 HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"):
            try:
                answer = self.raw(data)
            except (ConnectionResetError, BrokenPipeError):
                continue
            self.assertNotRegex(answer, "^HTTP/1.1 2", data[:40])
        self.assertEqual(self.service.json("/v2/health/live")[0], 200)
        self.assertEqual(self.service.api_pid(), before)

    def test_many_silent_connections_keep_nobody_out_for_long(self):
        silent = []
        try:
            for _ in range(600):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", self.service.port))
                silent.append(one)
            # Who comes from elsewhere finds room at once, who shares their address when the silent ones are closed.
            self.assertEqual(self.service.get("/v2/health/live", "--interface", "127.0.0.2", "--max-time", "10")[0], 200)
            self.service.wait_for(lambda: self.service.get("/v2/health/live")[0] == 200, 60)
        finally:
            for one in silent:
                one.close()

    def test_who_sends_a_byte_now_and_then_is_ended(self):
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=4) as connection:
            connection.sendall(b"GET /v2 HTTP/1.1\r\n")
            start, got = time.monotonic(), None
            while got is None and time.monotonic() - start < 120:
                try:
                    connection.sendall(b"a")
                    got = connection.recv(1)
                except TimeoutError:
                    pass
                except (ConnectionResetError, BrokenPipeError):
                    got = b""
            self.assertIsNotNone(got)
            self.assertGreater(time.monotonic() - start, 15)

    def more(self, connection):
        got = connection.recv(65536)
        self.assertNotEqual(got, b"", "it was closed")
        return got

    def test_one_connection_serves_many_requests(self):
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as connection:
            sequences = []
            for _ in range(200):
                connection.sendall(b"GET /v2/load HTTP/1.1\r\nHost: x\r\n\r\n")
                got = b""
                while b"\r\n\r\n" not in got:
                    got += self.more(connection)
                head, _, body = got.partition(b"\r\n\r\n")
                length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
                while len(body) < length:
                    body += self.more(connection)
                load = json.loads(body)
                sequences.append(load["seq"])
                self.assertLess(load["age_us"], 60000000)
            self.assertEqual(sequences, sorted(sequences))


class Life(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.temporary.cleanup()

    def test_it_comes_back_and_ends_with_jointd(self):
        service = Service(self.temporary.name).ready()
        try:
            first = service.api_pid()
            self.assertIn("NoNewPrivs:\t1", pathlib.Path(f"/proc/{first}/status").read_text(encoding="utf-8"))
            os.kill(first, signal.SIGKILL)
            service.wait_for(lambda: service.api_pid() not in (0, first) and service.get("/v2/models/lenet")[0] == 200)
            deaths = parse_metrics(service.get("/metrics")[2], False)["joint_process_deaths_total"][1]
            self.assertEqual(deaths[(("process", "api"),)], 1)
            last = service.api_pid()
            service.process.kill()
            service.process.wait(timeout=60)
            end = time.monotonic() + 60
            while pathlib.Path(f"/proc/{last}").exists() and time.monotonic() < end:
                time.sleep(0.02)
            self.assertFalse(pathlib.Path(f"/proc/{last}").exists())
        finally:
            service.stop()

    def test_without_it_jointd_says_so_and_serves_on(self):
        build = pathlib.Path(program("jointd")).resolve().parents[2]
        libexec = pathlib.Path(self.temporary.name) / "libexec"
        libexec.mkdir()
        for path in ("compute/worker/joint-worker", "dataplane/joint-dataplane"):
            (libexec / pathlib.Path(path).name).symlink_to(build / path)
        service = Service(self.temporary.name, libexec=str(libexec))
        try:
            service.wait_for(lambda: "ready: lenet" in service.log())
            self.assertEqual(service.log().count("joint-api is not installed: no HTTP; "), 1)
            self.assertEqual(service.get("/v2")[0], 0)
            self.assertEqual(service.stop(), 0)
        finally:
            service.stop()

    def test_a_port_in_use_is_one_line_and_is_tried_again(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            service = Service(self.temporary.name, api_port=port)
            try:
                service.wait_for(lambda: "ready: lenet" in service.log())
                service.wait_for(lambda: "cannot listen" in service.log())
                self.assertEqual(service.log().count("cannot listen"), 1)
                self.assertIn(f"joint-api: cannot listen on 127.0.0.1:{port}: Address already in use", service.log())
                other.close()
                service.wait_for(lambda: "joint-api: serves" in service.log())
                self.assertEqual(service.get("/v2/health/live")[0], 200)
                self.assertEqual(service.stop(), 0)
            finally:
                service.stop()


if __name__ == "__main__":
    main()
