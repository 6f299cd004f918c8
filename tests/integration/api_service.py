"""A real jointd with joint-api in a folder of its own, for the tests of its HTTP."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

LABEL = r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(r'^([a-z_:][a-z0-9_:]*)(?:\{(' + LABEL + r'(?:,' + LABEL + r')*)\})? (-?[0-9.]+)$')


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def check_histogram(name, samples):
    """Buckets that grow with their bounds, as many in the last as in all, for each set of labels."""
    series = {}
    for (suffix, labels), number in samples.items():
        rest = tuple(one for one in labels if one[0] != "le")
        series.setdefault(rest, {})[(suffix, dict(labels).get("le"))] = number
    for labels, numbers in series.items():
        buckets = [(float(le), number) for (suffix, le), number in numbers.items() if suffix == "_bucket"]
        assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), (name, labels)
        assert [number for _, number in buckets] == sorted(number for _, number in buckets), (name, labels)
        assert numbers[("_count", None)] == buckets[-1][1], (name, labels)
        assert (numbers[("_sum", None)] > 0) == (numbers[("_count", None)] > 0), (name, labels)


def parse_metrics(text, is_open):
    """A second reading of both formats: {family: (type, {labels: number})}, of a histogram {(suffix, labels): number};
    raises what is wrong."""
    families, current, seen = {}, None, set()
    lines = text.split("\n")
    assert lines.pop() == "", "the last line ends"
    if is_open:
        assert lines.pop() == "# EOF"
    kinds = ("counter", "gauge", "histogram", "info") if is_open else ("counter", "gauge", "histogram")
    for line in lines:
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            assert words[2] not in families, f"{words[2]} twice"
            current = words[2]
            families[current] = (None, {})
        elif line.startswith("# TYPE "):
            assert words[2] == current and words[3] in kinds, line
            families[current] = (words[3], {})
        elif line.startswith("# UNIT "):
            assert is_open and words[2] == current and current.endswith("_" + words[3]), line
        else:
            found = SAMPLE.match(line)
            assert found, line
            name, number = found[1], float(found[found.lastindex])
            labels = tuple(re.findall(LABEL, found[2] or ""))
            kind, samples = families[current]
            suffix = name.removeprefix(current)
            suffixes = {"counter": ("_total" if is_open else "",), "gauge": ("",), "info": ("_info",),
                        "histogram": ("_bucket", "_sum", "_count")}[kind]
            assert name.startswith(current) and suffix in suffixes, line
            assert kind != "counter" or name.endswith("_total"), line
            assert (name, labels) not in seen, line
            seen.add((name, labels))
            samples[(suffix, labels) if kind == "histogram" else labels] = number
    for name, (kind, samples) in families.items():
        if kind == "histogram":
            check_histogram(name, samples)
    return families


PROGRAMS = []  # paths: joint, jointd


def program(name):
    return PROGRAMS[("joint", "jointd").index(name)]


class Service:
    """jointd in a folder of its own, with one small model."""

    def __init__(self, folder, more="", api_port=None, libexec=None, min_poll="0ms", api=""):
        self.folder = pathlib.Path(folder)
        self.port = api_port or free_port(socket.SOCK_STREAM)
        self.udp_port = free_port(socket.SOCK_DGRAM)
        model = self.folder / "lenet.onnx"
        if not model.exists():
            subprocess.run([program("joint"), "zoo", "lenet", "-o", str(model)], check=True)
        (self.folder / "joint.conf").write_text(
            "[server]\nname = edge \"1\"\nlisten = 127.0.0.1\n"
            f"port = {self.udp_port}\ncontrol =\n"
            f"[api]\nlisten = 127.0.0.1\nport = {self.port}\n{api}"
            "[memory]\nrequest_slab = 16MiB\nresponse_slab = 16MiB\nmax_tensor = 1MiB\nslots = 64\npages = small\n"
            f"[load]\nmin_poll = {min_poll}\n"
            "[class interactive]\ndeadline = 50ms\n[class batch]\n"
            f"[model lenet]\npath = {model}\nversion = 3\n{more}", encoding="utf-8")
        self.log_path = self.folder / "log"
        with self.log_path.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen([program("jointd"), "--config", str(self.folder / "joint.conf")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **({"JOINT_LIBEXEC": libexec} if libexec else {})})

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def wait_for(self, what, seconds=120):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(self.log())
            time.sleep(0.02)

    def ready(self):
        self.wait_for(lambda: "ready: lenet" in self.log() and "joint-api: serves" in self.log())
        self.wait_for(lambda: self.get("/v2/models/lenet")[0] == 200)
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def end(self, restarts=0):
        """Stops it, and it was well all the time, but for so many deaths of its processes."""
        status = self.stop()
        assert status == 0 and self.log().count("started again") == restarts, self.log()

    def get(self, path, *options):
        """Status, headers with small names, body; by curl."""
        done = subprocess.run(["curl", "-sS", "-i", "--max-time", "30", *options, f"http://127.0.0.1:{self.port}{path}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            return 0, {}, done.stderr.decode()
        head, _, body = done.stdout.decode().partition("\r\n\r\n")
        lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), {name.lower(): value for name, value in headers.items()}, body

    def json(self, path, *options):
        status, headers, body = self.get(path, *options)
        assert headers["content-type"] == "application/json", headers
        return status, json.loads(body)

    def api_pid(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8")
        for pid in children.split():
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "joint-api\n":
                    return int(pid)
            except FileNotFoundError:
                pass
        return 0


def main():
    """The tests of the program that is run. usage: PROGRAM JOINT JOINTD [of unittest]"""
    PROGRAMS[:] = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
