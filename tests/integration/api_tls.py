#!/usr/bin/env python3
"""joint-api over TLS, by curl, with certificates made here. usage: api_tls.py JOINT JOINTD"""
import json
import pathlib
import shutil
import signal
import ssl
import socket
import subprocess
import sys
import tempfile
import unittest

from api_service import Service, main


class Tls(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.service = None

    def tearDown(self):
        if self.service:
            self.service.end()
        self.temporary.cleanup()

    def make(self, name):
        """A certificate for 127.0.0.1 that signs itself, and its key."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(self.folder / f"{name}.key"),
                        "-out", str(self.folder / f"{name}.pem")], check=True, stderr=subprocess.DEVNULL)

    def use(self, certificate, key=None):
        shutil.copy(self.folder / f"{certificate}.pem", self.folder / "pem")
        shutil.copy(self.folder / f"{key or certificate}.key", self.folder / "key")
        (self.folder / "key").chmod(0o600)

    def serve(self):
        self.service = Service(self.folder, api=f"tls_certificate = {self.folder}/pem\ntls_key = {self.folder}/key\n")
        self.service.wait_for(lambda: "ready: lenet" in self.service.log())

    def get(self, path, certificate, *options):
        """Status and body; 0 and what curl says."""
        done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "--max-time", "20", "--cacert", str(self.folder / f"{certificate}.pem"),
                               *options, f"https://127.0.0.1:{self.service.port}{path}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        if done.returncode:
            return 0, done.stderr.decode()
        body, _, status = done.stdout.decode().rpartition("\n")
        return int(status), body

    def reload(self):
        before = self.service.log().count("reload: done")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for(lambda: self.service.log().count("reload: done") > before)

    def is_served_with(self, certificate):
        return self.get("/v2/health/live", certificate)[0] == 200

    def test_it_is_https_and_nothing_else(self):
        self.make("one")
        self.make("other")
        self.use("one")
        self.serve()
        self.service.wait_for(lambda: f"joint-api: serves https://127.0.0.1:{self.service.port}" in self.service.log())
        self.service.wait_for(lambda: self.get("/v2/models/lenet", "one")[0] == 200)
        self.assertEqual(json.loads(self.get("/v2/load", "one")[1])["schema"], "joint.load/1")
        self.assertEqual(self.get("/v2/load", "one", "-X", "POST")[0], 405)
        self.assertEqual(self.get("/v2", "other")[0], 0)  # not signed by that one
        self.assertEqual(self.service.get("/v2")[0], 0)  # plain
        for junk in (b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x00" * 70000, b"\x80" * 1000):
            with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as one:
                try:
                    one.sendall(junk)
                    while one.recv(65536):
                        pass
                except (ConnectionResetError, BrokenPipeError, TimeoutError):
                    pass
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(self.folder / "one.pem")
        with socket.create_connection(("127.0.0.1", self.service.port)) as one, old.wrap_socket(one, server_hostname="127.0.0.1") as safe:
            self.assertIn(safe.version(), ("TLSv1.2", "TLSv1.3"))
        self.assertTrue(self.is_served_with("one"))

    def test_a_new_certificate_comes_with_sighup_and_nobody_is_cut_off(self):
        self.make("one")
        self.make("two")
        self.use("one")
        self.serve()
        self.service.wait_for(lambda: self.is_served_with("one"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.folder / "one.pem")
        watcher = subprocess.Popen(["curl", "-sSN", "--cacert", str(self.folder / "one.pem"),
                                    f"https://127.0.0.1:{self.service.port}/v2/load?watch=1"], stdout=subprocess.PIPE)
        watcher.stdout.readline()
        with socket.create_connection(("127.0.0.1", self.service.port)) as one, context.wrap_socket(one, server_hostname="127.0.0.1") as kept:
            self.use("two")
            self.reload()
            self.service.wait_for(lambda: self.is_served_with("two"))
            self.assertFalse(self.is_served_with("one"))
            kept.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")  # by the old one, to its end
            self.assertTrue(kept.recv(100).startswith(b"HTTP/1.1 200"))
        self.assertEqual(watcher.wait(timeout=30), 0)  # its stream has ended well: it comes again
        watcher.stdout.close()
        self.use("one", "two")
        self.reload()
        self.service.wait_for(lambda: "are not PEM, or not of each other" in self.service.log())
        self.assertTrue(self.is_served_with("two"))
        self.use("one")
        self.reload()
        self.service.wait_for(lambda: self.is_served_with("one"))

    def test_without_its_files_nothing_is_served_until_they_are_there(self):
        self.serve()
        self.service.wait_for(lambda: f"api: {self.folder}/key: No such file or directory; " in self.service.log())
        self.assertEqual(self.service.get("/v2")[0], 0)
        (self.folder / "pem").write_text("junk", encoding="utf-8")
        (self.folder / "key").write_text("junk", encoding="utf-8")
        self.reload()
        self.service.wait_for(lambda: "are not PEM, or not of each other" in self.service.log())
        self.assertEqual(self.service.get("/v2")[0], 0)
        self.make("one")
        self.use("one")
        self.reload()
        self.service.wait_for(lambda: self.is_served_with("one"))


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("skipped: needs openssl")
        sys.exit(77)
    main()
