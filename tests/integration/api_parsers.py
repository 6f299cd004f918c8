#!/usr/bin/env python3
"""/metrics as Prometheus' own programs read it. usage: api_parsers.py JOINT JOINTD

By python3-prometheus-client's parsers, and by `promtool check metrics` where promtool is on the PATH or PROMTOOL names it (Debian's
package prometheus has it, and starts a service; `apt-get download prometheus && dpkg -x prometheus_*.deb DIR` does not)."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from api_service import Service, main, parse_metrics, program

PYTHON = "/usr/bin/python3"  # Debian's, which has the package
READ = """
import importlib, json, sys
from {module} import text_string_to_metric_families as read
families = list(read(sys.stdin.read()))
print(json.dumps([[one.name, one.type, [[s.name, sorted(s.labels.items()), s.value] for s in one.samples]] for one in families]))
"""
MODULES = {False: "prometheus_client.parser", True: "prometheus_client.openmetrics.parser"}
OPEN = ("-H", "Accept: application/openmetrics-text; version=1.0.0")


def can_read():
    return subprocess.run([PYTHON, "-c", "import prometheus_client.openmetrics.parser"], stderr=subprocess.DEVNULL, check=False).returncode == 0


class Parsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name, more="[class odd-name_1]\n").ready()
        done = subprocess.run([program("joint"), "loadtest", "--server", f"127.0.0.1:{cls.service.udp_port}", "--model",
                               str(cls.service.folder / "lenet.onnx"), "--closed", "8", "--duration", "1", "--clients", "4",
                               "--split", "mix"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    def read(self, text, is_open):
        """{sample with its labels: value}, {family: type} by the other parser."""
        done = subprocess.run([PYTHON, "-c", READ.format(module=MODULES[is_open])], input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        families = json.loads(done.stdout)
        samples = {(name, tuple(map(tuple, labels))): value for _, _, all_ in families for name, labels, value in all_}
        return samples, {name: kind for name, kind, _ in families}

    @unittest.skipUnless(can_read(), "needs python3-prometheus-client")
    def test_the_clients_parsers_read_both_formats_as_ours_does(self):
        for is_open in (False, True):
            text = self.service.get("/metrics", *(OPEN if is_open else ()))[2]
            theirs, kinds = self.read(text, is_open)
            mine = {}
            for name, (kind, samples) in parse_metrics(text, is_open).items():
                for labels, value in samples.items():
                    suffix, labels = labels if kind == "histogram" else ({"counter": "_total", "info": "_info"}.get(kind, "") if is_open else "", labels)
                    mine[(name + suffix, tuple(sorted(labels)))] = value
            # The number for a bound is written in another way by each.
            self.assertEqual(len(theirs), len(mine), is_open)
            strip = lambda samples: {key: value for key, value in samples.items() if "le" not in dict(key[1])}
            self.assertEqual(strip(theirs), strip(mine))
            self.assertGreater(len(theirs), 100)
            self.assertIn("histogram", kinds.values())
            self.assertIn("counter", kinds.values())
            self.assertNotIn("unknown", kinds.values())
            self.assertNotIn("untyped", kinds.values())

    @unittest.skipUnless(can_read(), "needs python3-prometheus-client")
    def test_the_parsers_would_notice(self):
        text = self.service.get("/metrics", *OPEN)[2]
        for spoilt in (text.replace("# EOF\n", ""), text.replace("_total 0", " 0", 1), text.replace('{model="lenet"', '{model=lenet', 1)):
            done = subprocess.run([PYTHON, "-c", READ.format(module=MODULES[True])], input=spoilt.encode(), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, check=False)
            self.assertNotEqual(done.returncode, 0)

    @unittest.skipUnless(shutil.which(os.environ.get("PROMTOOL", "promtool")), "needs promtool")
    def test_promtool_finds_nothing_to_say(self):
        text = self.service.get("/metrics")[2]
        done = subprocess.run([os.environ.get("PROMTOOL", "promtool"), "check", "metrics"], input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual((done.returncode, done.stdout.decode()), (0, ""))


if __name__ == "__main__":
    if not can_read() and not shutil.which(os.environ.get("PROMTOOL", "promtool")):
        print("skipped: needs python3-prometheus-client or promtool")
        sys.exit(77)
    main()
