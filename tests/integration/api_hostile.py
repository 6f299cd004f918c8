#!/usr/bin/env python3
"""What no honest client sends, over bare sockets: joint-api refuses it, stays as it is, and serves the others meanwhile.
usage: api_hostile.py JOINT JOINTD [SEED]"""
import os
import pathlib
import random
import re
import select
import socket
import tempfile
import time
import unittest

from api_service import Service, main

SEED = int(os.environ.get("SEED", random.randrange(1 << 31)))
GET = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n"


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name).ready()
        cls.pid = cls.service.api_pid()

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    def tearDown(self):
        self.assertEqual(self.service.api_pid(), self.pid)
        self.assertEqual(self.service.json("/v2/health/live"), (200, {"live": True}))

    def connect(self, address="127.0.0.1"):
        one = socket.socket()
        one.bind((address, 0))
        one.settimeout(20)
        one.connect(("127.0.0.1", self.service.port))
        return one

    def raw(self, data, seconds=1.0):
        """What comes back for these bytes, until the end or silence."""
        got = b""
        with self.connect() as one:
            try:
                one.sendall(data)
                one.shutdown(socket.SHUT_WR)
                while select.select([one], [], [], seconds)[0] and (more := one.recv(65536)):
                    got += more
            except OSError:  # it was closed meanwhile
                pass
        return got

    def status(self, data):
        """Of the first answer; 0: none."""
        found = re.match(rb"HTTP/1\.[01] (\d{3}) ", self.raw(data))
        return int(found.group(1)) if found else 0

    def memory(self):
        """KiB; always 0 under AddressSanitizer, which keeps what was freed."""
        if "libasan" in pathlib.Path(f"/proc/{self.pid}/maps").read_text(encoding="utf-8"):
            return 0
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(text.partition("RssAnon:")[2].split()[0])

    def test_two_lengths_are_no_length(self):
        body = b'{"ready": true}'
        post = b"POST /v2/repository/index HTTP/1.1\r\nHost: x\r\n"
        self.assertEqual(self.status(post + b"Content-Length: 15\r\n\r\n" + body), 200)
        for lengths in (b"Content-Length: 15\r\nContent-Length: 16\r\n", b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n",
                        b"Content-Length: +15\r\n", b"Content-Length: 0x0f\r\n", b"Content-Length: 15, 15\r\n", b"Content-Length: \r\n",
                        b"Content-Length: 99999999999999999999\r\n", b"Transfer-Encoding: gzip\r\n", b"Content-Length : 15\r\n"):
            answers = self.raw(post + lengths + b"\r\n" + body)
            self.assertNotIn(b"HTTP/1.1 2", answers, lengths)  # nor is what follows a request of its own

    def test_headers_that_are_none_are_refused(self):
        for head in (b"GET /v2 HTTP/1.1\r\n\r\n", b"GET /v2 HTTP/2.0\r\nHost: x\r\n\r\n", b"GET /v2 HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
                     b"GET /v2\r\n\r\n",
                     b"GET /v2 HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n",
                     b"GET /v2 HTTP/1.1\r\nHost : x\r\n\r\n", b"GET /v2 HTTP/1.1\r\nHost: x\r\na\x00b: c\r\n\r\n"):
            self.assertNotEqual(self.status(head), 200, head)

    def test_what_is_too_long_is_said_to_be(self):
        for data in (b"GET /v2?" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /v2 HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 20000 + b"\r\n\r\n",
                     b"GET /v2 HTTP/1.1\r\nHost: x\r\n" + b"".join(b"h%d: x\r\n" % i for i in range(2000)) + b"\r\n",
                     b"GET /v2?" + b"a&" * 8000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"):
            self.assertIn(self.status(data), (0, 413, 414, 431), data[:20])
        self.assertEqual(self.status(b"GET /v2?" + b"a" * 4000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 200)

    def test_percents_are_bytes_or_themselves(self):
        for path, status in (("/v2/%6doad", 404), ("/v2/%6coad", 200), ("/v2/load?class=%62atch", 200), ("/v2/load?class=%", 404),
                             ("/v2/load?class=%zz", 404), ("/v2/load?class=%00", 404), ("/v2/load?include=%c0%af", 400), ("/v2/models/%", 404),
                             ("/v2/models/%2e%2e%2fx", 404), ("/v2/../v2", 404), ("/v2/%00", 404), ("/v2/models/lenet%00x", 404),
                             ("/v2/models/lenet?" + "&" * 50, 200), ("/v2/load?model", 200), ("/v2/load?=lenet", 200), ("/v2/load?model=lenet&model=none", 200)):
            got = self.status(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertEqual(got, status, path)

    def test_other_methods_and_forms(self):
        for data, statuses in ((b"TRACE /v2 HTTP/1.1\r\nHost: x\r\n\r\n", (405,)), (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", (404, 405)),
                               (b"get /v2 HTTP/1.1\r\nHost: x\r\n\r\n", (405,)), (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", (204, 404)),
                               (b"GET http://x/v2 HTTP/1.1\r\nHost: x\r\n\r\n", (200, 404)), (b"GET /v2 HTTP/1.0\r\n\r\n", (200,)),
                               (b"A" * 5000 + b" /v2 HTTP/1.1\r\nHost: x\r\n\r\n", (0, 400, 405, 413, 414, 431)),
                               (GET + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", (200,)), (GET + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", (400,)),
                               (GET + b"Range: bytes=0-\r\n\r\n", (200,)), (GET + b"Accept-Encoding: gzip\r\n\r\n", (200,))):
            self.assertIn(self.status(data), statuses, data[:40])

    def test_requests_one_after_the_other_are_answered_in_their_order(self):
        data = b"".join(b"GET /v2/%s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"none", b"health/live", b"models") * 100)
        answers = re.findall(rb"HTTP/1\.1 (\d+) ", self.raw(data, 5))
        self.assertEqual(answers, [b"404", b"200", b"200"] * 100)

    def test_a_crowd_of_slow_ones_leaves_room_for_others(self):
        slow, start = [], time.monotonic()
        try:
            for _ in range(600):
                one = socket.socket()
                one.setblocking(False)
                one.bind(("127.0.0.9", 0))
                one.connect_ex(("127.0.0.1", self.service.port))
                slow.append(one)
            worst = 0
            while time.monotonic() - start < 20:
                for one in slow[:: 5]:
                    try:
                        one.send(b"GET /v2 HTTP/1.1\r\n"[int(time.monotonic() - start) % 18:][:1])
                    except (BlockingIOError, ConnectionResetError, BrokenPipeError):
                        pass
                before = time.monotonic()
                self.assertEqual(self.service.get("/v2/health/live")[0], 200)
                worst = max(worst, time.monotonic() - before)
                time.sleep(0.2)
            self.assertLess(worst, 5)
        finally:
            for one in slow:
                one.close()

    def test_answers_that_nobody_reads_cost_nothing(self):
        before, deaf = self.memory(), []
        for _ in range(50):
            one = self.connect()
            one.setblocking(False)
            try:
                while True:
                    one.send((b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") * 50)
            except (BlockingIOError, ConnectionResetError, BrokenPipeError):
                pass
            deaf.append(one)
        self.assertEqual(self.service.get("/v2/health/live")[0], 200)
        for one in deaf:
            one.close()
        self.assertLess(self.memory() - before, 16384)

    def test_chance_breaks_nothing(self):
        """Requests with bytes changed, cut and repeated by chance."""
        print(f"seed {SEED} ", end="", flush=True)
        chance = random.Random(SEED)
        seeds = [b"GET /v2/load?model=lenet&include=classes&watch=1&interval_ms=5 HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/\"x\"\r\n\r\n",
                 b"POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{\"ready\": true}",
                 b"POST /v2/repository/models/lenet/load HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                 b"POST /v2/models/lenet/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"inputs\": []}",
                 b"GET /v2/models/lenet/versions/3/stats HTTP/1.1\r\nHost: x\r\nendpoint-load-metrics-format: JSON\r\n\r\n"]
        before = self.memory()
        for _ in range(1500):
            data = bytearray(chance.choice(seeds))
            for _ in range(chance.randrange(1, 6)):
                at, kind = chance.randrange(len(data) + 1), chance.randrange(4)
                if kind == 0 and at < len(data):
                    data[at] = chance.randrange(256)
                elif kind == 1:
                    data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 8)))
                elif kind == 2:
                    del data[at:at + chance.randrange(1, 20)]
                else:
                    data[at:at] = data[at:at + 30] * chance.randrange(1, 20)
                data = data or bytearray(b"x")
            with self.connect(f"127.0.0.{chance.randrange(2, 200)}") as one:
                try:
                    one.sendall(bytes(data))
                    if chance.randrange(2):
                        one.settimeout(0.02)
                        one.recv(4096)
                except (OSError, TimeoutError):
                    pass
        self.assertLess(self.memory() - before, 16384)


if __name__ == "__main__":
    main()
