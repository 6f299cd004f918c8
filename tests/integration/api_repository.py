#!/usr/bin/env python3
"""Models that are loaded and unloaded over HTTP. usage: api_repository.py JOINT JOINTD"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from api_service import Service, main, program

SECRET = "0123456789abcdef-not-so-secret"
BEARER = ("-H", "Authorization: Bearer " + SECRET)


class Repository(unittest.TestCase):
    killed = 0

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.token_file = cls.folder / "token"
        cls.write_token(SECRET)
        (cls.folder / "root").mkdir()
        cls.service = Service(cls.folder, api=f"token_file = {cls.token_file}\nmodel_root = {cls.folder}/root\n",
                              more=f"[model broken]\npath = {cls.folder}/broken.onnx\n").ready()
        shutil.copy(cls.folder / "lenet.onnx", cls.folder / "root/other.onnx")

    @classmethod
    def tearDownClass(cls):
        cls.service.end(restarts=cls.killed)
        cls.temporary.cleanup()

    @classmethod
    def write_token(cls, secret, mode=0o600):
        cls.token_file.write_text(secret + "\n", encoding="utf-8")
        cls.token_file.chmod(mode)

    def setUp(self):
        self.assertEqual(self.change("lenet", "load", {"version": 3})[0], 200)

    def post(self, path, *options):
        status, _, body = self.service.get(path, "-X", "POST", *options)
        return status, json.loads(body) if body else None

    def change(self, model, what, parameters=None, *options):
        body = ["-d", json.dumps({"parameters": parameters})] if parameters is not None else []
        return self.post(f"/v2/repository/models/{model}/{what}", *BEARER, *body, *options)

    def index(self, *options):
        status, rows = self.post("/v2/repository/index", *options)
        self.assertEqual(status, 200)
        return rows

    def reload(self):
        before = self.service.log().count("reload: done")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for(lambda: self.service.log().count("reload: done") > before)

    def offer(self, seconds, *options):
        return subprocess.Popen([program("joint"), "loadtest", "--server", f"127.0.0.1:{self.service.udp_port}", "--model",
                                 str(self.folder / "root/other.onnx"), "--name", "lenet", "--rate", "50", "--duration", str(seconds),
                                 "--clients", "10", "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_the_index_says_what_there_is_and_why_something_is_not(self):
        self.service.wait_for(lambda: len(self.index()) == 2)  # what another test has left is gone
        rows = {row["name"]: row for row in self.index()}
        self.assertEqual(rows["lenet"], {"name": "lenet", "version": "3", "state": "READY", "reason": ""})
        self.assertEqual((rows["broken"]["version"], rows["broken"]["state"]), ("1", "UNAVAILABLE"))
        self.assertIn("broken.onnx: No such file", rows["broken"]["reason"])
        self.assertEqual([row["name"] for row in self.index("-d", '{"ready": true}')], ["lenet"])
        self.assertEqual(len(self.index("-d", '{"ready": false}')), len(rows))
        self.assertEqual(len(self.index("-d", "{}")), len(rows))

    def test_unloaded_is_gone_and_loaded_is_there_when_it_is_said(self):
        self.assertEqual(self.change("lenet", "unload"), (200, {"name": "lenet", "state": "UNAVAILABLE"}))
        self.assertEqual(self.service.get("/v2/models/lenet")[0], 404)
        self.service.wait_for(lambda: self.service.json("/v2/health/ready")[1]["state"] == "loading")
        self.service.wait_for(lambda: {"name": "lenet", "version": "3", "state": "UNAVAILABLE", "reason": "unloaded"} in self.index())
        self.assertEqual(self.change("lenet", "unload")[0], 200)  # as it was
        self.assertEqual(self.change("lenet", "load"), (200, {"name": "lenet", "state": "READY"}))
        status, model = self.service.json("/v2/models/lenet")
        self.assertEqual((status, model["version"]), (200, "3"))
        done = self.offer(1)
        self.assertEqual(done.wait(timeout=60), 0, done.stderr.read())
        done.communicate()

    def test_a_new_version_takes_over_under_load_and_nobody_is_turned_away(self):
        load = self.offer(6)
        for version in range(10, 16):
            self.assertEqual(self.change("lenet", "load", {"version": version})[0], 200)
            self.assertEqual(self.service.json(f"/v2/models/lenet/versions/{version}")[0], 200)
        out, errors = load.communicate(timeout=120)
        counts = json.loads(out)["counts"]
        self.assertEqual((load.returncode, counts["completed"], counts["lost"], counts["rejected"]), (0, counts["offered"], 0, 0), errors)

    def test_unloading_lets_requests_end(self):
        for _ in range(5):
            load = self.offer(2)
            time.sleep(1.5)
            self.assertEqual(self.change("lenet", "unload")[0], 200)
            self.assertEqual(self.change("lenet", "load")[0], 200)
            out, errors = load.communicate(timeout=120)
            counts = json.loads(out)["counts"]
            self.assertEqual(counts["lost"], 0, errors)
            self.assertGreater(counts["completed"], 0)

    def test_what_cannot_be_loaded_leaves_the_old_one_serving(self):
        good = (self.folder / "lenet.onnx").read_bytes()
        for bad in (b"junk", b"", good[: len(good) // 2]):
            (self.folder / "lenet.onnx").write_bytes(bad)
            try:
                status, answer = self.change("lenet", "load", {"version": 8})
                self.assertEqual((status, list(answer)), (400, ["error"]))
                self.assertGreater(len(answer["error"]), 10)
                self.assertEqual(self.service.json("/v2/models/lenet")[1]["version"], "3")
                rows = [row for row in self.index() if row["name"] == "lenet"]
                self.assertIn({"name": "lenet", "version": "8", "state": "UNAVAILABLE", "reason": answer["error"]}, rows)
                self.assertIn({"name": "lenet", "version": "3", "state": "READY", "reason": ""}, rows)
                done = self.offer(1)
                self.assertEqual(done.wait(timeout=60), 0)
                done.communicate()
            finally:
                (self.folder / "lenet.onnx").write_bytes(good)
        self.assertEqual(self.change("lenet", "load", {"version": 9})[0], 200)
        self.service.wait_for(lambda: [row["state"] for row in self.index() if row["name"] == "lenet"] == ["READY"])

    def test_the_secret_is_needed_for_changes_alone(self):
        for wrong in ((), ("-H", "Authorization: Bearer x"), ("-H", "Authorization: Basic " + SECRET), ("-H", "Authorization: " + SECRET),
                      ("-H", "Authorization: Bearer " + SECRET + "x"), ("-H", "Authorization: Bearer " + SECRET[:-1]),
                      ("-H", "Authorization: Bearer " + "x" * 3000)):
            for what in ("load", "unload"):
                status, headers, body = self.service.get(f"/v2/repository/models/lenet/{what}", "-X", "POST", *wrong)
                self.assertEqual((status, headers.get("www-authenticate")), (401, "Bearer"), wrong)
                self.assertIn("api.token_file", json.loads(body)["error"])
        self.assertEqual(self.service.get("/v2/models/lenet")[0], 200)
        self.assertNotIn(SECRET, self.service.log())

    def test_the_secret_changes_with_its_file(self):
        try:
            self.write_token("another-secret-of-enough-length")
            self.reload()
            self.assertEqual(self.change("lenet", "load")[0], 401)
            for text, mode, why in ((SECRET, 0o604, "anybody may read it"), ("short", 0o600, "16 to 255"),
                                    ("two words of many letters", 0o600, "printable"), ("x" * 300, 0o600, "16 to 255")):
                self.write_token(text, mode)
                self.reload()
                status, answer = self.change("lenet", "load")
                self.assertEqual(status, 403)
                self.assertIn("[api] token_file", answer["error"])
                self.assertIn(why, self.service.log())
            self.token_file.unlink()
            self.reload()
            self.assertEqual(self.change("lenet", "load")[0], 403)
        finally:
            self.write_token(SECRET)
            self.reload()
        self.assertEqual(self.change("lenet", "load")[0], 200)

    def test_files_inside_of_the_root_can_be_loaded_and_no_others(self):
        (self.folder / "root/out").symlink_to(self.folder)
        (self.folder / "rootless.onnx").write_bytes((self.folder / "lenet.onnx").read_bytes())
        for path in ("../lenet.onnx", "out/lenet.onnx", "none.onnx", "../rootless.onnx", "/../lenet.onnx", "x" * 900, "out", "."):
            self.assertEqual(self.change("fresh", "load", {"path": path})[0], 400, path)
        self.assertEqual(self.change("fresh", "load", {"path": ""})[0], 400)
        self.assertEqual(self.change("fresh", "load", {"path": "x" * 2000})[0], 400)
        self.assertEqual(self.service.get("/v2/models/fresh")[0], 404)
        self.assertEqual(self.change("fresh", "load", {"path": "other.onnx", "version": "5"})[0], 200)
        self.assertEqual(self.service.json("/v2/models/fresh")[1]["version"], "5")
        self.assertEqual(self.change("fresh", "unload")[0], 200)
        self.assertEqual(self.change("fresh", "load")[0], 404)
        # The configuration knows nothing of it.
        self.assertEqual(self.change("fresh", "load", {"path": "/other.onnx"})[0], 200)
        self.reload()
        self.service.wait_for(lambda: self.service.get("/v2/models/fresh")[0] == 404)
        (self.folder / "root/out").unlink()

    def test_what_makes_no_sense_is_refused(self):
        for body in ("x", "[]", "{", '{"parameters": 1}', '{"parameters": {"config": ""}}', '{"other": 1}', '{"parameters": {"version": 0}}',
                     '{"parameters": {"version": -1}}', '{"parameters": {"version": "x"}}', '{"parameters": {"version": 4294967296}}',
                     '{"parameters": {"path": 1}}', '{"parameters": {"path": "a\\u0000b"}}', "[" * 3000, '{"a": "' + "\xff" + '"}'):
            status, answer = self.post("/v2/repository/models/lenet/load", *BEARER, "-d", body)
            self.assertEqual((status, list(answer)), (400, ["error"]), body)
            status, answer = self.post("/v2/repository/index", "-d", body)
            self.assertEqual((status, list(answer)), (400, ["error"]), body)
        self.assertEqual(self.post("/v2/repository/index", "-d", "x" * 5000)[0], 413)
        self.assertEqual(self.post("/v2/repository/index", "-H", "Transfer-Encoding: chunked", "-d", "x" * 5000)[0], 413)
        for name in ("a%20b", ".hidden", "-dash", "x" * 64, "x" * 200, "%ff"):
            self.assertIn(self.change(name, "load")[0], (400, 404), name)
        self.assertEqual(self.change("none", "load")[0], 404)
        self.assertEqual(self.change("none", "unload")[0], 404)
        self.assertEqual(self.change("lenet", "unload", {"unload_dependents": True})[0], 200)

    def test_many_at_once_are_done_or_told_to_come_again(self):
        with concurrent.futures.ThreadPoolExecutor(40) as many:
            done = list(many.map(lambda i: self.change("lenet", "load", {"version": 20 + i})[0], range(40)))
        self.assertLessEqual(set(done), {200, 400, 503})
        self.assertIn(200, done)
        self.assertEqual(self.change("lenet", "load", {"version": 90})[0], 200)
        self.service.wait_for(lambda: [row["version"] for row in self.index() if row["name"] == "lenet"] == ["90"])

    def test_who_leaves_in_the_midst_leaves_nothing_behind(self):
        head = f"POST /v2/repository/models/lenet/load HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: "
        for i in range(60):
            body = json.dumps({"parameters": {"version": 100 + i}})
            with socket.create_connection(("127.0.0.1", self.service.port)) as one:
                one.sendall(f"{head}{len(body)}\r\n\r\n{body}".encode()[: -1 if i % 2 else None])
                time.sleep(0.01)
        self.service.wait_for(lambda: self.change("lenet", "load", {"version": 200})[0] == 200, 120)
        self.assertEqual(self.service.get("/v2/models/lenet/versions/200")[0], 200)

    def test_it_outlives_joint_api(self):
        os.kill(self.service.api_pid(), signal.SIGKILL)
        Repository.killed += 1
        self.service.wait_for(lambda: self.service.get("/v2/models/lenet")[0] == 200)
        self.assertEqual(self.change("lenet", "load", {"version": 50})[0], 200)
        self.assertEqual({row["name"] for row in self.index()}, {"lenet", "broken"})


class Closed(unittest.TestCase):
    def test_without_a_secret_nothing_can_be_changed(self):
        with tempfile.TemporaryDirectory() as folder:
            service = Service(folder).ready()
            try:
                for what in ("load", "unload"):
                    status, headers, body = service.get(f"/v2/repository/models/lenet/{what}", "-X", "POST", *BEARER)
                    self.assertEqual(status, 403, headers)
                    self.assertIn("[api] token_file", json.loads(body)["error"])
                self.assertEqual(service.get("/v2/repository/index", "-X", "POST")[0], 200)
                self.assertEqual(service.get("/v2/models/lenet")[0], 200)
            finally:
                service.end()


if __name__ == "__main__":
    main()
