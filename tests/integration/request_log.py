#!/usr/bin/env python3
"""The request log of a real jointd beside what its clients saw. usage: request_log.py JOINT JOINTD"""
import csv
import json
import os
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from api_service import Service, main, program

COLUMNS = ("time id client model version class from to rows bytes path merged predicted_wait_ms wait_ms "
           "predicted_execution_ms execution_ms total_ms deadline_ms met reason worker").split()


def write_npy(path, rows):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 1, 32, 32), }}"
    head = head.ljust((len(head) + 74) // 64 * 64 - 11) + "\n"
    data = struct.pack(f"<{rows * 1024}f", *(i % 7 / 7 for i in range(rows * 1024)))
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)


class RequestLog(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.log = os.path.join(self.temporary.name, "requests")

    def tearDown(self):
        self.temporary.cleanup()

    def start(self, text):
        return Service(self.temporary.name, f"[log]\nfile = {self.log}\n{text}").ready()

    def lines(self, path=None):
        """As a spreadsheet reads them, but for comments."""
        with open(path or self.log, encoding="utf-8", newline="") as file:
            rows = list(csv.reader((line for line in file if line[0] != "#"), delimiter="\t"))
        self.assertEqual(rows[0], COLUMNS)
        self.assertTrue(all(len(row) == len(COLUMNS) for row in rows))
        return [dict(zip(COLUMNS, row)) for row in rows[1:]]

    def infer(self, service, split, *more):
        npy = service.folder / "x.npy"
        write_npy(npy, 4)
        done = subprocess.run([program("joint"), "infer", "--server", f"127.0.0.1:{service.udp_port}", "--model",
                               str(service.folder / "lenet.onnx"), "--input", str(npy), "--output",
                               str(service.folder / "y.npy"), "--split", split, "--json", *more], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)["calls"]

    def test_each_line_says_what_the_client_saw(self):
        service = self.start("requests = full\n")
        calls = self.infer(service, "3,7", "--deadline-ms", "5000", "--class", "1")
        calls += self.infer(service, "0", "--batch", "2")
        service.end()
        lines = self.lines()
        self.assertEqual(len(lines), len(calls))
        self.assertEqual(len(calls), 4 + 2)
        self.assertEqual([int(line["id"]) for line in lines], list(range(1, 7)))
        self.assertEqual(len({line["client"] for line in lines}), 2)
        for line, call in zip(lines, calls):
            self.assertEqual((int(line["from"]), int(line["to"]), int(line["rows"]), int(line["bytes"])),
                             (call["from"], call["to"], call["rows"], call["up_bytes"]))
            self.assertEqual((line["model"], line["version"], line["reason"]), ("lenet", "3", "answered"))
            self.assertAlmostEqual(float(line["wait_ms"]), call["queue_ms"], delta=0.0011)
            self.assertAlmostEqual(float(line["execution_ms"]), call["compute_ms"], delta=0.0011)
            self.assertLessEqual(float(line["wait_ms"]) + float(line["execution_ms"]), float(line["total_ms"]) + 0.002)
            self.assertLessEqual(float(line["total_ms"]), call["total_ms"])
            self.assertEqual(line["path"], f"{call['from']}-{call['to']}:{call['rows']}")
            self.assertEqual(line["merged"], "-")
            self.assertIn(line["worker"], ("0", "1"))
            self.assertGreater(float(line["predicted_execution_ms"]), 0)
            self.assertLess(abs(time.time() - time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S")) +
                                time.timezone), 600)
        for line in lines[:4]:
            self.assertEqual((line["class"], line["met"]), ("batch", "yes"))
            self.assertTrue(0 < float(line["deadline_ms"]) <= 5000)
        for line in lines[4:]:
            self.assertEqual((line["class"], line["met"]), ("interactive", "yes"))
            self.assertGreater(float(line["deadline_ms"]), 5000)  # the client's own patience

    def test_as_many_lines_as_requests_whatever_becomes_of_them(self):
        service = self.start("requests = full\n")
        done = subprocess.run([program("joint"), "loadtest", "--server", f"127.0.0.1:{service.udp_port}", "--model",
                               str(service.folder / "lenet.onnx"), "--closed", "16", "--duration", "1", "--clients", "8",
                               "--split", "mix", "--deadline-ms", "3", "--json"], stdout=subprocess.PIPE, check=False)
        self.assertEqual(json.loads(done.stdout)["schema"], "joint.loadtest/1")
        service.end()
        said = [line for line in service.log().splitlines() if " requests " in line and " were answered" in line][0].split()
        lines = self.lines()
        self.assertEqual(len(lines), int(said[2]), said)
        self.assertEqual(sum(line["reason"] == "answered" for line in lines), int(said[4]), said)
        self.assertEqual(len({line["id"] for line in lines}), len(lines))
        for line in lines:
            is_in_time = line["reason"] == "answered" and float(line["total_ms"]) <= float(line["deadline_ms"])
            self.assertTrue(line["met"] == ("yes" if is_in_time else "no") or
                            line["total_ms"] == line["deadline_ms"], line)
            parts = [part for part in line["path"].split(",") if part not in ("-", "...")]
            if line["reason"] == "answered" and "..." not in line["path"]:
                cuts = [tuple(map(int, part.split(":")[0].split("-"))) for part in parts]
                self.assertEqual((cuts[0][0], cuts[-1][1]), (int(line["from"]), int(line["to"])), line)
                self.assertTrue(all(a[1] == b[0] for a, b in zip(cuts, cuts[1:])), line)
            if line["merged"] != "-":
                self.assertTrue(int(line["from"]) <= int(line["merged"]) < int(line["to"]), line)

    def test_a_signal_begins_the_file_again_with_new_options(self):
        service = self.start("requests = full\n")
        self.infer(service, "0")
        service.wait_for(lambda: len(self.lines()) == 4)
        os.rename(self.log, self.log + ".1")
        conf = service.folder / "joint.conf"
        conf.write_text(conf.read_text(encoding="utf-8") + "format = json\n", encoding="utf-8")
        service.process.send_signal(signal.SIGHUP)
        service.wait_for(lambda: "reload: done" in service.log())
        self.infer(service, "0")
        service.end()
        self.assertEqual(len(self.lines(self.log + ".1")), 4)
        with open(self.log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([list(line) for line in lines], [COLUMNS] * 4)
        self.assertEqual([line["id"] for line in lines], [5, 6, 7, 8])
        self.assertEqual({(line["met"], line["merged"], line["rows"]) for line in lines}, {("yes", None, 1)})

    def test_trouble_is_said_once_and_requests_go_on(self):
        os.mkdir(self.log)
        service = self.start("requests = full\n")
        self.infer(service, "0")
        service.wait_for(lambda: "request log: " in service.log())
        os.rmdir(self.log)
        service.wait_for(lambda: "can be written again" in service.log())
        service.end()
        self.assertEqual(service.log().count("lines are lost until"), 1)
        self.assertEqual(self.lines(), [])


if __name__ == "__main__":
    main()
