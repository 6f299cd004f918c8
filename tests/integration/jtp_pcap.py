#!/usr/bin/env python3
"""What deploy/loadtest/jtp-pcap writes is taken by the protocol's server. usage: jtp_pcap.py ROOT PCAP_REPLAY

The file's writer is in Python, from the specification; the reader is Joint's own: neither knows the other's code.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = REPLAY = ""
MAC, IP, PORT = "02:00:00:00:00:02", "198.18.1.1/15", "4470"


def make(path, *options):
    return subprocess.run([SCRIPT, "-o", path, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)


def replay(path, model, cut, last, size, port=PORT):
    done = subprocess.run([REPLAY, path, MAC, IP, port, model, str(cut), str(last), str(size)],
                          stdout=subprocess.PIPE, text=True, check=True)
    words = done.stdout.split()
    return dict(zip(words[::2], words[1::2]))


class PcapTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = f"{self.folder.name}/load.pcap"

    def tearDown(self):
        self.folder.cleanup()

    def test_every_request_is_delivered_whole_and_answered_once(self):
        for size, more in ((480, ()), (408, ("--encoding", "u8")), (1376, ()), (2, ("--encoding", "f16")),
                           (8876, ("--mtu", 9000))):
            done = make(self.path, "--model", "lenet", "--cut", 5, "--to", 8, "--bytes", size, "--requests", 500,
                        "--clients", 100, *more)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            got = replay(self.path, "lenet", 5, 8, size)
            self.assertEqual(got["crc"], done.stdout.split()[-1])
            self.assertEqual({name: int(got[name]) for name in
                              ("udp", "delivered", "once", "answers", "answer_bytes", "refused", "held")},
                             {"udp": 500, "delivered": 500, "once": 500, "answers": 500, "answer_bytes": 500 * 40,
                              "refused": 0, "held": 0})

    def test_probes_are_answered_and_junk_is_not(self):
        self.assertEqual(make(self.path, "--requests", 0, "--probes", 300, "--junk", 300).returncode, 0)
        got = replay(self.path, "lenet", 5, 8, 480)
        self.assertEqual((got["udp"], got["loads"], got["delivered"], got["refused"]), ("600", "300", "0", "0"))
        self.assertEqual(int(got["not_jtp"]) + int(got["bad_checksum"]) + int(got["malformed"]), 300)
        self.assertEqual(int(got["bad_checksum"]), 100)

    def test_another_model_is_rejected(self):
        make(self.path, "--model", "other", "--bytes", 480, "--cut", 5, "--to", 8, "--requests", 50)
        got = replay(self.path, "lenet", 5, 8, 480)
        self.assertEqual((got["delivered"], got["rejected"]), ("0", "50"))

    def test_more_phones_than_ports_differ_by_address(self):
        make(self.path, "--model", "m", "--bytes", 40, "--requests", 60000, "--clients", 60000, "--gap-us", 0.5)
        frames = pathlib.Path(self.path).read_bytes()[24:]
        length = 16 + 14 + 28 + 24 + 60 + 12 + 40
        ends = {frames[at + 16 + 26:at + 16 + 30] + frames[at + 16 + 34:at + 16 + 36]
                for at in range(0, len(frames), length)}
        self.assertEqual(len(ends), 60000)

    def test_the_seed_decides_the_file(self):
        files = []
        for seed in (1, 1, 2):
            make(self.path, "--model", "m", "--bytes", 40, "--requests", 20, "--junk", 20, "--seed", seed)
            files.append(pathlib.Path(self.path).read_bytes())
        self.assertEqual(files[0], files[1])
        self.assertNotEqual(files[0], files[2])

    def test_what_fits_no_datagram_is_refused(self):
        for options in (("--bytes", 480), ("--model", "m"), ("--model", "m", "--bytes", 1380),
                        ("--model", "m", "--bytes", 5), ("--model", "m", "--bytes", 8, "--encoding", "u8"),
                        ("--model", "m", "--bytes", 40, "--fingerprint", "12"),
                        ("--model", "m", "--bytes", 40, "--source-mac", "1:2")):
            done = make(self.path, *options)
            self.assertEqual((done.returncode, done.stdout), (2, ""))


if __name__ == "__main__":
    SCRIPT, REPLAY = f"{sys.argv[1]}/deploy/loadtest/jtp-pcap", sys.argv[2]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
