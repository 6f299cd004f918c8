#!/usr/bin/env python3
"""Polling and watching the load over HTTP. usage: api_load.py JOINT JOINTD"""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from api_service import Service, main, program

BURST = 20 # of scheduler/api/poll_limit.h
WATCHERS = 64 # of scheduler/api/watchers.h


class Stream:
    """One watcher, by a bare socket: what came, cut into events, each with when it came."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self.text = b""

    def event(self):
        """The next event or comment: (its fields, when it came)."""
        while b"\n\n" not in self.text:
            size = int(self.file.readline(), 16)
            assert size, "the stream ended"
            self.text += self.file.read(size)
            self.file.readline()
        one, _, self.text = self.text.partition(b"\n\n")
        fields = {}
        for line in one.decode().split("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        return fields, time.monotonic()

    def load(self):
        """The next event that is one."""
        while "data" not in (got := self.event())[0]:
            pass
        return json.loads(got[0]["data"]), got[1]

    def close(self):
        self.file.close()
        self.socket.close()


class Polls(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.service.end()
        self.temporary.cleanup()

    def serve(self, min_poll, **options):
        self.service = Service(self.temporary.name, min_poll=min_poll + "\nvalid = 20s", **options).ready()

    def polls(self, count):
        """Statuses and answers of so many on one connection, as fast as it goes."""
        got = []
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=30) as connection:
            file = connection.makefile("rb")
            for _ in range(count):
                connection.sendall(b"GET /v2/load HTTP/1.1\r\nHost: x\r\n\r\n")
                status, headers = int(file.readline().split()[1]), {}
                while line := file.readline().strip():
                    name, _, value = line.decode().partition(": ")
                    headers[name.lower()] = value
                got.append((status, headers, json.loads(file.read(int(headers["content-length"])))))
        return got

    def test_who_asks_too_often_is_told_when_to_come_again(self):
        self.serve(min_poll="10s")
        got = self.polls(BURST + 5)
        self.assertEqual([one[0] for one in got], [200] * BURST + [429] * 5)
        _, headers, answer = got[-1]
        self.assertTrue(1 <= int(headers["retry-after"]) <= 10, headers)
        self.assertTrue(9000 < answer["retry_after_ms"] <= 10000, answer)
        self.assertIn("min_poll_ms", answer["error"])
        self.assertEqual(self.service.get("/v2/load?watch=1")[0], 429)
        # All other pages are served as ever, and so is whoever comes from another address.
        for path in ("/v2", "/v2/models/lenet", "/metrics", "/v2/health/ready"):
            self.assertEqual(self.service.get(path)[0], 200)
        self.assertEqual(self.service.get("/v2/load", "--interface", "127.0.0.7")[0], 200)

    def test_a_poll_each_interval_is_never_turned_away(self):
        self.serve(min_poll="20ms")
        end, got = time.monotonic() + 2, []
        while time.monotonic() < end:
            got.append(self.service.get("/v2/load")[0])
            time.sleep(0.021)
        self.assertEqual(set(got), {200})

    def test_an_exempt_address_asks_as_often_as_it_likes(self):
        self.serve(min_poll="10s", api="poll_exempt = 192.0.2.1, 127.0.0.1\n")
        self.assertEqual({one[0] for one in self.polls(20 * BURST)}, {200})
        for _ in range(BURST):
            self.service.get("/v2/load", "--interface", "127.0.0.7")
        self.assertEqual(self.service.get("/v2/load", "--interface", "127.0.0.7")[0], 429)


class Watch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name, min_poll="0ms").ready()

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    def stream(self, query="watch=1"):
        return Stream(self.service.port, "/v2/load?" + query)

    def load_it(self, seconds):
        """Requests, so that the load changes."""
        return subprocess.run([program("joint"), "loadtest", "--server", f"127.0.0.1:{self.service.udp_port}",
                               "--model", str(self.service.folder / "lenet.onnx"), "--closed", "4",
                               "--duration", str(seconds)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def test_it_begins_with_the_load_as_it_is(self):
        stream = self.stream()
        try:
            self.assertEqual((stream.status, stream.headers["content-type"]), (200, "text/event-stream"))
            fields, _ = stream.event()
            load = json.loads(fields["data"])
            self.assertEqual((fields["event"], int(fields["id"])), ("load", load["seq"]))
            self.assertEqual(load["schema"], "joint.load/1")
            self.assertEqual(set(load), set(self.service.json("/v2/load")[1]))
        finally:
            stream.close()

    def test_nothing_new_is_a_comment_and_no_event(self):
        stream = self.stream("watch=1&include=classes")
        try:
            self.assertIn("data", stream.event()[0])
            # What other tests did may still be fading.
            end, comments = time.monotonic() + 60, []
            while len(comments) < 3 and time.monotonic() < end:
                fields, when = stream.event()
                comments = comments + [when] if list(fields) == [""] else []
            self.assertEqual(len(comments), 3)
            self.assertGreater(comments[2] - comments[0], 1)
        finally:
            stream.close()

    def test_a_change_is_an_event_but_not_too_often(self):
        streams = {0: self.stream(), 200: self.stream("watch=1&interval_ms=200")}
        seen = {interval: [] for interval in streams}

        def listen(interval):
            try:
                while True:
                    seen[interval].append(streams[interval].load())
            except ValueError:
                pass # it was shut down, below

        threads = [threading.Thread(target=listen, args=(interval,), daemon=True) for interval in streams]
        for thread in threads:
            thread.start()
        told = self.load_it(3)
        self.assertEqual(told.returncode, 0, told.stdout)
        time.sleep(0.5)
        for interval, got in seen.items():
            numbers = [load["seq"] for load, _ in got]
            self.assertEqual(numbers, sorted(set(numbers)))
            self.assertGreater(len(got), 3, interval)
        # By the server's clock: so a reader that is held up for a while does no harm.
        made = [load["generated_unix_ns"] + load["age_us"] * 1000 for load, _ in seen[200]]
        for before, after in zip(made, made[1:]):
            self.assertGreater(after - before, 195e6)
        self.assertGreater(len(seen[0]), len(seen[200]))
        self.assertTrue(any(load["inflight"] + load["queued"] > 0 or load["utilization"] > 0 for load, _ in seen[0]))
        for stream in streams.values():
            stream.socket.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for stream in streams.values():
            stream.close()

    def test_what_makes_no_sense_is_an_error_and_no_stream(self):
        for query, status in (("interval_ms=x", 400), ("interval_ms=-1", 400), ("interval_ms=99999999999", 400),
                              ("include=x", 400), ("model=none", 404), ("class=none", 404)):
            got, headers, _ = self.service.get("/v2/load?watch=1&" + query)
            self.assertEqual((got, headers["content-type"]), (status, "application/json"), query)
        self.assertIn("schema", self.service.json("/v2/load?watch=0")[1])

    def test_there_is_room_for_so_many_and_it_comes_back(self):
        # Those that other tests have closed are noticed when the next word for them cannot be sent.
        streams, end = [], time.monotonic() + 30
        try:
            while len(streams) < WATCHERS and time.monotonic() < end:
                streams.append(self.stream())
                if streams[-1].status != 200:
                    streams.pop().close()
                    time.sleep(0.1)
            self.assertEqual(len(streams), WATCHERS)
            status, headers, _ = self.service.get("/v2/load?watch=1")
            self.assertEqual((status, headers["retry-after"]), (503, "10"))
            self.assertEqual(self.service.get("/v2/load")[0], 200)
            for stream in streams:
                stream.load()
        finally:
            for stream in streams:
                stream.close()

        def is_free():
            last = self.stream()
            last.close()
            return last.status == 200

        self.service.wait_for(is_free, 20)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.service.api_pid()}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0])

    def test_who_does_not_read_costs_no_memory_and_is_dropped(self):
        pid, before = self.service.api_pid(), self.memory()
        deaf = []
        for _ in range(16):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.connect(("127.0.0.1", self.service.port))
            one.sendall(b"GET /v2/load?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            deaf.append(one)
        self.load_it(25) # their buffers are full in a second or two; 15 s later they are closed
        self.assertLess(self.memory() - before, 2048)
        self.assertEqual(self.service.api_pid(), pid)
        open_now = pathlib.Path(f"/proc/{pid}/net/tcp").read_text(encoding="utf-8")
        ports = {f":{one.getsockname()[1]:04X}" for one in deaf}
        here = f":{self.service.port:04X}"
        left = [line for line in open_now.splitlines() if line.split()[1].endswith(here) and
                line.split()[2][-5:] in ports and line.split()[3] == "01"]
        self.assertEqual(left, [])
        for one in deaf:
            one.close()

    def test_it_goes_on_while_another_one_leaves(self):
        stays = self.stream()
        for _ in range(20):
            leaves = self.stream()
            leaves.event()
            leaves.close()
        stays.event()
        self.assertEqual(stays.event()[0].keys() - {"", "data", "id", "event"}, set())
        stays.close()

    def test_the_end_of_the_service_ends_the_stream(self):
        with tempfile.TemporaryDirectory() as folder:
            other = Service(folder, min_poll="0ms").ready()
            stream = Stream(other.port, "/v2/load?watch=1")
            stream.event()
            start = time.monotonic()
            other.end()
            self.assertLess(time.monotonic() - start, 30)
            stream.close()


if __name__ == "__main__":
    main()
