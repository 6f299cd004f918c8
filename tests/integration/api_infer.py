#!/usr/bin/env python3
"""Inference over HTTP under a real jointd: answers as `joint run` has them, and all that clients do wrong.
usage: api_infer.py JOINT JOINTD"""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

try:
    import numpy
except ImportError:
    print("numpy is missing (apt-get install python3-numpy): skipped")
    raise SystemExit(77) from None

from api_service import Service, main, program

INFER = "/v2/models/lenet/infer"
PATIENT = {"deadline_us": 60000000}


class Network:
    """LeNet's tensors at each cut, by `joint run`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.model = self.folder / "lenet.onnx"
        self.cuts = json.loads(subprocess.run([program("joint"), "cuts", str(self.model), "--json"], check=True,
                                              stdout=subprocess.PIPE).stdout)["cuts"]
        self.last = len(self.cuts) - 1
        self.at = {}
        for rows in (1, 3):
            image = numpy.random.default_rng(rows).standard_normal((rows, 1, 32, 32)).astype("<f4")
            numpy.save(self.folder / "x.npy", image)
            self.at[rows, 0] = image
            for cut in range(1, self.last + 1):
                subprocess.run([program("joint"), "run", str(self.model), "--input", str(self.folder / "x.npy"), "--output",
                                str(self.folder / "y.npy"), "--to", str(cut)], check=True, stdout=subprocess.DEVNULL)
                self.at[rows, cut] = numpy.load(self.folder / "y.npy")

    def name(self, cut):
        return self.cuts[cut]["tensors"][0]["name"]

    def request(self, rows, start, end=None, is_binary=False, half=False, outputs=None, **parameters):
        """Headers and body."""
        tensor = self.at[rows, start]
        one = {"name": self.name(start), "datatype": "FP16" if half else "FP32", "shape": list(tensor.shape)}
        tail = b""
        if is_binary:
            tail = tensor.astype("<f2" if half else "<f4").tobytes()
            one["parameters"] = {"binary_data_size": len(tail)}
        else:
            one["data"] = tensor.flatten().tolist()
        whole = {"inputs": [one], "parameters": {"from": start, **PATIENT, **parameters}}
        if end is not None:
            whole["parameters"]["to"] = end
        if outputs:
            whole["outputs"] = outputs
        head = json.dumps(whole).encode()
        return ({"Inference-Header-Content-Length": str(len(head))} if is_binary else {}), head + tail


class Client:
    """One connection, kept."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)

    def ask(self, headers, body, path=INFER):
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def tensor(self, headers, body, path=INFER, half=False):
        """The only output, and the JSON."""
        status, told, data = self.ask(headers, body, path)
        if status != 200:
            raise AssertionError((status, data))
        return self.read(told, data, half)

    @staticmethod
    def read(told, data, half=False):
        size = int(told.get("inference-header-content-length", len(data)))
        answer = json.loads(data[:size])
        output = answer["outputs"][0]
        values = numpy.frombuffer(data[size:], "<f2" if half else "<f4") if size < len(data) else numpy.array(output["data"], "<f4")
        return values.reshape(output["shape"]), answer

    def error(self, headers, body, path=INFER):
        status, told, data = self.ask(headers, body, path)
        answer = json.loads(data)
        if told["content-type"] != "application/json" or answer["code"] != status or not answer["reason"] or not answer["error"]:
            raise AssertionError(answer)
        if status in (429, 503) and (int(told["retry-after"]) < 1 or answer["load"]["schema"] != "joint.load/1"):
            raise AssertionError((told, answer))
        return status, answer["reason"]


class Infer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name, api="request_timeout = 3s\nmax_json = 1MiB\n",
                              more="[limits]\nmax_requests_per_client = 2\n").ready()
        cls.network = Network(cls.temporary.name)

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        log = cls.service.log()
        cls.temporary.cleanup()
        assert "given up: 0 open, 0 answers unsent" in log, log

    def setUp(self):
        self.client = Client(self.service)

    def tearDown(self):
        self.client.connection.close()
        other = Client(self.service) # nothing else was disturbed
        got, _ = other.tensor(*self.network.request(1, 0, is_binary=True))
        other.connection.close()
        numpy.testing.assert_array_equal(got, self.network.at[1, self.network.last])

    def close_to(self, got, wanted):
        self.assertEqual(got.shape, wanted.shape)
        numpy.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)

    def raw(self, data, seconds=20, end=False):
        """What comes back for these bytes, until the end or silence."""
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=seconds) as connection:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            got = b""
            try:
                while more := connection.recv(65536):
                    got += more
            except (TimeoutError, ConnectionResetError):
                pass
            return got

    def message(self, *arguments, more="", **named):
        headers, body = self.network.request(*arguments, **named)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}{more}\r\n".encode(), body

    def test_from_each_cut_the_answer_is_as_joint_run_has_it(self):
        for rows in (1, 3):
            for start in range(self.network.last):
                for is_binary in (False, True):
                    for end in (None, start + 1):
                        with self.subTest(rows=rows, start=start, is_binary=is_binary, end=end):
                            got, answer = self.client.tensor(*self.network.request(
                                rows, start, end, is_binary, binary_data_output=is_binary))
                            to = self.network.last if end is None else end
                            self.close_to(got, self.network.at[rows, to])
                            self.assertEqual(answer["outputs"][0]["name"], self.network.name(to))
                            self.assertGreaterEqual(answer["parameters"]["batch"], 1)
                            self.assertGreater(answer["parameters"]["compute_us"], 0)
                            self.assertEqual((answer["model_name"], answer["model_version"]), ("lenet", "3"))

    def test_halves_are_taken_and_given(self):
        for start in range(self.network.last):
            outputs = [{"name": self.network.name(self.network.last), "parameters": {"datatype": "FP16", "binary_data": True}}]
            got, answer = self.client.tensor(*self.network.request(3, start, is_binary=True, half=True, outputs=outputs), half=True)
            self.assertEqual(answer["outputs"][0]["datatype"], "FP16")
            wanted = self.network.at[3, self.network.last]
            numpy.testing.assert_allclose(got.astype("f4"), wanted, atol=2e-2 * numpy.abs(wanted).max())

    def test_many_numbers_are_written_while_they_are_sent(self):
        got, _ = self.client.tensor(*self.network.request(3, 0, 1, is_binary=True))
        self.assertGreater(got.size, 4096)
        self.close_to(got, self.network.at[3, 1])

    def test_what_was_said_comes_back(self):
        headers, body = self.network.request(1, 0, class_=0)
        asked = json.loads(body)
        asked["id"] = "\u00e9\"\\\n\U0001f600"
        asked["parameters"] = {"class": "batch", "client": "phone 7", "from": self.service.json("/v2/models/lenet")[1]["cuts"][0]["name"],
                               **PATIENT}
        headers["endpoint-load-metrics-format"] = "TEXT"
        status, told, data = self.client.ask(headers, json.dumps(asked), "/v2/models/lenet/versions/3/infer")
        self.assertEqual((status, json.loads(data)["id"]), (200, asked["id"]))
        self.assertTrue(told["endpoint-load-metrics"].startswith("TEXT application_utilization="))
        self.assertEqual(told["content-type"], "application/json")

    def test_what_cannot_be_is_said(self):
        headers, body = self.network.request(1, 0)
        binary, bytes_body = self.network.request(1, 0, is_binary=True)
        size = int(binary["Inference-Header-Content-Length"])
        cases = [
            (404, "unknown_model", headers, body, "/v2/models/none/infer"),
            (404, "unknown_model", headers, body, "/v2/models/lenet/versions/4/infer"),
            (404, "unknown_cut", *self.network.request(1, 0, 99), INFER),
            (400, "bad_request", *self.network.request(1, 0, deadline_us=0), INFER),
            (400, "bad_request", *self.network.request(1, 0, deadline_us=10 ** 15), INFER),
            (400, "bad_request", *self.network.request(1, 0, **{"class": "none"}), INFER),
            (400, "bad_json", headers, body[:-1], INFER),
            (400, "bad_json", headers, b"\xff" + body, INFER),
            (400, "bad_json", headers, b"[" * 1000, INFER),
            (400, "bad_request", headers, b"", INFER),
            (400, "bad_request", headers, body.replace(b"[1, 1, 32, 32]", b"[1, 1, 32, 31]"), INFER),
            (400, "bad_request", headers, body.replace(b"[1, 1, 32, 32]", b"[2, 1, 32, 32]"), INFER),
            (400, "bad_request", headers, body.replace(b'"data": [', b'"data": [1,'), INFER),
            (400, "bad_request", headers, body.replace(b'"data": [', b'"data": ["x",'), INFER),
            (400, "bad_request", headers, body.replace(b'"data": [', b'"data": [1e99,'), INFER),
            (400, "bad_request", headers, body.replace(b"FP32", b"INT8"), INFER),
            (400, "bad_request", binary, bytes_body + b"1234", INFER),
            (400, "bad_request", binary, bytes_body[:-4], INFER),
            (400, "bad_request", {}, json.dumps({"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 1, 32, 32],
                                                             "parameters": {"binary_data_size": 4096}}]}), INFER),
            (400, "bad_json", {"Inference-Header-Content-Length": str(size - 1)}, bytes_body, INFER),
            (400, "bad_request", {"Inference-Header-Content-Length": "999999999"}, bytes_body, INFER),
            (400, "bad_request", {"Inference-Header-Content-Length": "0"}, bytes_body, INFER),
            (400, "bad_request", {"Inference-Header-Content-Length": "-1"}, bytes_body, INFER),
            (400, "bad_request", {"Inference-Header-Content-Length": "x"}, bytes_body, INFER),
            (413, "too_large", {}, b"[" + b" " * (1 << 20) + b"]", INFER),
            (413, "too_large", {"Inference-Header-Content-Length": "2"}, b"{}" + bytes(1 << 19) + b"1", INFER),
            (415, "bad_encoding", {"Content-Encoding": "gzip"}, body, INFER),
            (415, "bad_type", {"Content-Type": "multipart/form-data; boundary=x"}, body, INFER),
        ]
        for status, reason, told, data, path in cases:
            with self.subTest(reason=reason, data=data[:60]):
                self.assertEqual(self.client.error(told, data, path), (status, reason))
        self.assertEqual(self.client.error(*self.network.request(1, 0, deadline_us=1)), (503, "deadline_infeasible"))

    def test_a_length_must_be_said(self):
        answer = self.raw(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode())
        self.assertRegex(answer, b"^HTTP/1.1 411 ")

    def test_what_is_too_large_is_said_before_it_comes(self):
        start = time.monotonic()
        answer = self.raw(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx".encode())
        self.assertRegex(answer, b"^HTTP/1.1 413 ")
        self.assertLess(time.monotonic() - start, 3)

    def test_a_body_is_asked_for_only_where_it_can_be_of_use(self):
        head, body = self.message(1, 0, is_binary=True, more="Expect: 100-continue\r\n")
        answer = self.raw(head.replace(b"/lenet/", b"/none/"))
        self.assertRegex(answer, b"^HTTP/1.1 404 ")
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as connection:
            connection.sendall(head)
            self.assertRegex(connection.recv(100), b"^HTTP/1.1 100 ")
            connection.sendall(body)
            self.assertRegex(connection.recv(4000), b"^HTTP/1.1 200 ")

    def test_slow_and_broken_senders_end(self):
        head, body = self.message(1, 0, is_binary=True)
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as connection:
            connection.sendall(head)
            start, sent = time.monotonic(), 0
            try:
                while sent < len(body):
                    connection.sendall(body[sent:sent + 1])
                    sent += 1
                    time.sleep(0.02)
                    if time.monotonic() - start > 15:
                        break
            except OSError:
                pass
            self.assertLess(time.monotonic() - start, 15)
        self.assertNotIn(b"HTTP/1.1 200", self.raw(head + body[:-1], seconds=10))
        answer = self.raw(f"POST {INFER} HTTP/1.1\r\nHost: x\r\nX: {'x' * 100000}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:100])
        for length in (b"-1", b"x", b"99999999999999999999999", b"4 4", b"0x10"):
            answer = self.raw(b"POST " + INFER.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + b"\r\n\r\n{}")
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), (length, answer[:100]))

    def test_pipelined_requests_are_answered_in_their_order(self):
        head, body = self.message(1, 0, is_binary=True)
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as connection:
            connection.sendall((head + body) * 3 + b"GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            got = b""
            while more := connection.recv(65536):
                got += more
        self.assertEqual(got.count(b"HTTP/1.1 200 "), 4)
        self.assertTrue(got.rstrip().endswith(b"}"), got[-100:])

    def stopped(self):
        """jointd stands still until the block ends, so that requests stay open."""
        service = self.service

        class Stopped:
            def __enter__(self):
                os.kill(service.process.pid, signal.SIGSTOP)

            def __exit__(self, *_):
                os.kill(service.process.pid, signal.SIGCONT)
        return Stopped()

    def test_who_closes_its_side_has_cancelled(self):
        head, body = self.message(1, 0, is_binary=True)
        with self.stopped():
            answer = self.raw(head + body, end=True)
            self.assertRegex(answer, b"^HTTP/1.1 499 ")
            self.assertEqual(json.loads(answer.partition(b"\r\n\r\n")[2])["reason"], "cancelled")
            for _ in range(20): # gone without a word
                with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as connection:
                    connection.sendall(head + body)
                    time.sleep(0.01)

    def test_a_client_may_have_so_many_open(self):
        headers, body = self.network.request(1, 0, is_binary=True, client="phone")
        got = []
        def ask():
            got.append(Client(self.service).ask(headers, body)[0])
        with self.stopped():
            threads = [threading.Thread(target=ask) for _ in range(2)]
            for one in threads:
                one.start()
            time.sleep(0.5)
            self.assertEqual(self.client.error(headers, body), (429, "no_credit"))
        for one in threads:
            one.join()
        self.assertEqual(got, [200, 200])
        self.assertEqual(self.client.ask(headers, body)[0], 200)

    def test_a_hundred_connections_at_once(self):
        """What is answered is right; what is not is said to be too much. At most 64 answers are open at once."""
        wanted = self.network.at[1, self.network.last]
        faults, counts = [], {200: 0, 429: 0, 503: 0}
        def work(number):
            client = Client(self.service)
            for turn in range(10):
                start = (number + turn) % self.network.last
                try:
                    headers, body = self.network.request(1, start, is_binary=bool(turn % 2), client=number,
                                                         binary_data_output=bool(number % 2))
                    status, told, data = client.ask(headers, body)
                    counts[status] += 1
                    if status == 200:
                        numpy.testing.assert_allclose(client.read(told, data)[0], wanted, rtol=1e-5, atol=1e-6)
                except (AssertionError, KeyError, OSError, http.client.HTTPException) as fault:
                    faults.append(fault)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(faults, [])
        self.assertEqual(sum(counts.values()), 1000)
        self.assertGreater(counts[200], 300, counts)

    def test_the_lines_of_the_readme_work(self):
        readme = (pathlib.Path(__file__).resolve().parents[2] / "scheduler/api/README.md").read_text(encoding="utf-8")
        part = readme.partition("## Inference")[2].partition("\n## ")[0]
        blocks = [block.partition("```")[0] for block in part.split("```sh\n")[1:]]
        script = "\n".join(blocks).replace("127.0.0.1:4471", f"127.0.0.1:{self.service.port}")
        script = script.replace("deadline_us\":100000", "deadline_us\":60000000")
        script = script.replace("$data']}]}'", "$data']}],\"parameters\":{\"deadline_us\":60000000}}'")
        numpy.save(pathlib.Path(self.temporary.name) / "x.npy", self.network.at[1, 0])
        path = f"{pathlib.Path(program('joint')).resolve().parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-e", "-c", script], cwd=self.temporary.name, check=True, stdout=subprocess.PIPE,
                              env={**os.environ, "PATH": path})
        answers = [json.loads(line) for line in done.stdout.splitlines() if b"model_name" in line]
        self.assertEqual(len(answers), 2, done.stdout)
        self.close_to(numpy.array(answers[1]["outputs"][0]["data"], "<f4").reshape(1, -1), self.network.at[1, self.network.last])


class Deaths(unittest.TestCase):
    def test_who_dies_in_the_middle_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            service = Service(folder, more="[workers]\nrestart_delay = 1ms\nrestart_delay_max = 5ms\n").ready()
            network = Network(folder)
            message = network.request(1, 0, is_binary=True, binary_data_output=True)
            done, end = [0, 0], threading.Event()
            def work():
                while not end.is_set():
                    try:
                        client = Client(service)
                        while not end.is_set():
                            status, _, data = client.ask(*message)
                            done[status != 200] += 1
                            assert status == 200 or json.loads(data)["code"] == 503 or json.loads(data)["code"] == 404, data
                    except (OSError, http.client.HTTPException):
                        time.sleep(0.01)
            threads = [threading.Thread(target=work) for _ in range(8)]
            for one in threads:
                one.start()
            for _ in range(10):
                before = done[0]
                service.wait_for(lambda b=before: done[0] > b + 20)
                pid = service.api_pid()
                os.kill(pid, signal.SIGKILL)
                service.wait_for(lambda p=pid: service.api_pid() not in (0, p))
            before = done[0]
            service.wait_for(lambda: done[0] > before + 100)
            end.set()
            for one in threads:
                one.join()
            self.assertEqual(service.stop(), 0)
            self.assertIn("given up: 0 open, 0 answers unsent", service.log())
            self.assertEqual(service.log().count("it is started again"), 10)

    def test_the_end_waits_for_those_that_are_open(self):
        with tempfile.TemporaryDirectory() as folder:
            service = Service(folder).ready()
            network = Network(folder)
            message = network.request(1, 0, is_binary=True)
            got = []
            def work():
                client = Client(service)
                try:
                    while True:
                        status, _, data = client.ask(*message)
                        got.append((status, json.loads(data).get("reason")))
                except (OSError, http.client.HTTPException):
                    pass
            threads = [threading.Thread(target=work) for _ in range(8)]
            for one in threads:
                one.start()
            service.wait_for(lambda: len(got) > 50)
            self.assertEqual(service.stop(), 0)
            for one in threads:
                one.join()
            self.assertLessEqual(set(got), {(200, None), (503, "draining"), (404, "unknown_model")})
            self.assertIn("given up: 0 open, 0 answers unsent", service.log())


if __name__ == "__main__":
    main()
