#!/usr/bin/env python3
"""`joint load` at a real jointd: by probe, over HTTP, on a terminal. usage: load_cli.py JOINT JOINTD"""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

from api_service import Service, main, program


class Terminal:
    """A program on a terminal of its own, and what it drew."""

    def __init__(self, words, rows=40, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(words[0], words)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.drawn = b""

    def read(self, seconds):
        ready = select.select([self.fd], [], [], seconds)[0]
        try:
            more = os.read(self.fd, 65536) if ready else b""
        except OSError:
            more = b""
        self.drawn += more
        return more

    def wait_for(self, word, seconds=60):
        end = time.monotonic() + seconds
        while word not in self.drawn:
            assert time.monotonic() < end, self.drawn
            self.read(0.2)

    def screens(self):
        return [screen.replace(b"\x1b[K", b"").replace(b"\r", b"").decode() for screen in self.drawn.split(b"\x1b[H")[1:]]

    def finish(self, seconds=60):
        """Its exit status, by itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return status
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError("it does not end")


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name).ready()
        cls.udp = f"127.0.0.1:{cls.service.udp_port}"
        cls.http = f"127.0.0.1:{cls.service.port}"

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    def load(self, *words):
        return subprocess.run([program("joint"), "load", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=120)

    def watch(self, *words, **size):
        return Terminal([program("joint"), "load", "--watch", *words], **size)

    def test_a_probe_is_a_line(self):
        for _ in range(100):  # where nothing happens the load is published ten times a second
            done = self.load("--server", self.udp)
            if ": loading" not in done.stdout:
                break
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, rf"^{self.udp}: (ready|degraded), waits [0-9.]+ ms, utilization [0-9.]+ %, queued 0, "
                                      r"age [0-9.]+ ms, round trip [0-9.]+ ms[^\n]*\n$")
        found = json.loads(self.load("--server", self.udp, "--json").stdout)
        self.assertEqual((found["queued"], found["tries"]), (0, 1))

    def test_http_adds_classes_and_models_cut_by_cut(self):
        time.sleep(0.1)  # load.min_poll
        known = self.service.json("/v2/load")[1]
        time.sleep(0.1)
        done = self.load("--server", self.udp, "--http", self.http)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"edge \"1\" at {self.udp}")
        self.assertTrue(all(len(line) < 80 for line in lines), done.stdout)
        for one in known["classes"]:
            line = [line for line in lines if line.startswith(one["name"] + " ")][0].split()
            self.assertEqual((line[1], line[4], line[-2:]), ("0", one["admit"], [f"{one['deadline_ms']:.0f}", "ms"]))
        self.assertEqual(sum(line.startswith("model lenet, version 3") for line in lines), 1)
        cuts = [cell for line in lines if line.startswith("cut ") for cell in line.split()[1:]]
        self.assertEqual(cuts, [str(cut) for cut in known["models"][0]["cuts"]])
        remaining = [float(cell) for line in lines if line.startswith("remaining ms") for cell in line.split()[2:]]
        for said, wanted in zip(remaining, known["models"][0]["remaining_ms"]):
            self.assertAlmostEqual(said, wanted, delta=0.0006 + wanted / 100)
        time.sleep(0.1)
        found = json.loads(self.load("--http", self.http, "--json").stdout)
        self.assertEqual(found["schema"], "joint.load/1")

    def test_without_a_terminal_a_line_each_time(self):
        for where in (("--server", self.udp), ("--http", self.http)):
            watch = subprocess.Popen([program("joint"), "load", "--watch", "--every", "0.2", *where], text=True,
                                     stdout=subprocess.PIPE)
            try:
                lines = [watch.stdout.readline() for _ in range(3)]
                self.assertTrue(all(": ready, waits " in line for line in lines), lines)
            finally:
                watch.terminate()
                watch.wait(timeout=60)
                watch.stdout.close()

    def test_a_terminal_is_redrawn_until_q(self):
        terminal = self.watch("--server", self.udp, "--http", self.http, "--every", "0.2", rows=50)
        terminal.wait_for(b"q ends")
        terminal.drawn = b""
        terminal.wait_for(b"q ends")
        os.write(terminal.fd, b"xq")
        self.assertEqual(terminal.finish(), 0)
        self.assertTrue(any("model lenet" in screen and "queued_at" not in screen for screen in terminal.screens()))
        self.assertTrue(terminal.drawn.endswith(b"\x1b[?25h"), terminal.drawn[-40:])

    def test_ctrl_c_ends_it_and_a_small_terminal_is_enough(self):
        terminal = self.watch("--server", self.udp, "--http", self.http, "--every", "0.2", rows=8, columns=30)
        time.sleep(0.3)
        terminal.drawn = b""
        terminal.wait_for(b"more lines")
        terminal.drawn = b""
        terminal.wait_for(b"more lines")
        os.write(terminal.fd, b"\x03")
        self.assertEqual(terminal.finish(), 0)
        whole = [screen for screen in terminal.screens() if "more lines" in screen][-1]
        self.assertTrue(all(len(line) <= 30 for line in whole.split("\x1b")[0].splitlines()), whole)

    def test_a_server_that_goes_is_waited_for(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
            nobody.bind(("127.0.0.1", 0))
            terminal = self.watch("--server", f"127.0.0.1:{nobody.getsockname()[1]}", "--every", "0.1", "--tries", "1",
                                  "--timeout-ms", "20")
            for _ in range(3):
                terminal.drawn = b""
                terminal.wait_for(b"has not answered")
            os.write(terminal.fd, b"q")
            self.assertEqual(terminal.finish(), 0)

    def answered(self, answer):
        """What it says of a server that answers this over HTTP."""
        def serve():
            connection = listener.accept()[0]
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve)
            thread.start()
            done = self.load("--http", f"127.0.0.1:{listener.getsockname()[1]}", "--tries", "1", "--timeout-ms", "2000")
            thread.join()
        self.assertEqual((done.returncode, done.stdout.count("\x1b")), (0 if not done.stderr else 1, 0), done.stderr)
        return done.stdout + done.stderr

    def test_nonsense_is_one_line_that_says_so(self):
        head = b"HTTP/1.1 200 OK\r\n\r\n"
        for answer, said in ((b"", "cannot ask"), (b"SSH-2.0\r\n", "cannot ask"), (head[:-2], "cannot ask"), (head, "is no JSON"),
                             (head + b"[]", "is no JSON"), (head + b'{"state":', "is no JSON"),
                             (b"HTTP/1.1 404 No\r\n\r\nx", "status 404"), (b"HTTP/1.1 429 No\r\n\r\nx", "load.min_poll")):
            text = self.answered(answer)
            self.assertIn(said, text)
            self.assertEqual(text.count("\n"), 1, text)
        self.assertIn("state        ?[31mred", self.answered(head + b'{"state":"\\u001b[31mred","models":[{"cuts":"x"},7]}'))
        self.assertIn("state        -", self.answered(head + b"{}"))

    def test_a_wrong_command_line_is_status_2(self):
        for words in ((), ("--http", "nowhere"), ("--http", ":80"), ("--http", "[::1:80")):
            self.assertEqual(self.load(*words).returncode, 2, words)
        self.assertEqual(self.load("--http", "127.0.0.1:1").returncode, 1)


if __name__ == "__main__":
    main()
