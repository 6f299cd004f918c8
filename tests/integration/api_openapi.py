#!/usr/bin/env python3
"""What /v2/openapi.json says, held against what is served. usage: api_openapi.py JOINT JOINTD"""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from api_service import Service, main


SECRET = "a-secret-of-enough-length"
BEARER = ("-H", "Authorization: Bearer " + SECRET)


class OpenApi(unittest.TestCase):
    asked = 0

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.service = Service(cls.temporary.name, min_poll="50ms", api=f"token_file = {cls.token_file()}\n").ready()

    @classmethod
    def tearDownClass(cls):
        cls.service.end()
        cls.temporary.cleanup()

    @classmethod
    def token_file(cls, secret=SECRET):
        path = pathlib.Path(cls.temporary.name) / "token"
        path.write_text(secret, encoding="utf-8")
        path.chmod(0o600)
        return path

    def document(self):
        status, document = self.service.json("/v2/openapi.json")
        self.assertEqual((status, document["openapi"]), (200, "3.0.3"))
        return document

    def test_the_document_is_openapi(self):
        """The rules of OpenAPI 3.0 that a generator of clients needs kept."""
        document = self.document()
        self.assertLessEqual({"title", "version"}, set(document["info"]))
        for path, item in document["paths"].items():
            self.assertTrue(path.startswith("/"))
            self.assertLessEqual(set(item), {"parameters", "get", "head", "post", "options"})
            named = [one["name"] for one in item["parameters"]]
            self.assertEqual(sorted(named), sorted(re.findall(r"{(\w+)}", path)), path)
            for method in set(item) - {"parameters"}:
                where, operation = f"{method} {path}", item[method]
                self.assertTrue(operation["summary"], where)
                self.assertTrue(operation["responses"], where)
                parameters = item["parameters"] + operation.get("parameters", [])
                self.assertEqual(len({(one["in"], one["name"]) for one in parameters}), len(parameters), where)
                for one in parameters:
                    self.assertIn(one["in"], ("path", "query", "header"), where)
                    self.assertIn(one["schema"]["type"], ("string", "integer", "number", "boolean"), where)
                    self.assertEqual(one["required"], one["in"] == "path", where)
                for status, answer in operation["responses"].items():
                    self.assertRegex(status, "^[1-5][0-9][0-9]$", where)
                    self.assertTrue(answer["description"], where)
                for need in operation.get("security", []):
                    self.assertLessEqual(set(need), set(document["components"]["securitySchemes"]), where)
        for name in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)):
            self.assertIn(name, document["components"]["schemas"])

    def test_the_document_and_the_readme_name_the_same_paths(self):
        readme = pathlib.Path(__file__).resolve().parents[2] / "scheduler/api/README.md"
        table = readme.read_text(encoding="utf-8").partition("## Pages")[2].partition("```")[0]
        told = set()
        for row in re.findall(r"^\| (`/.*?) \|", table, re.MULTILINE):
            for path in re.findall(r"`([^`]+)`", row):
                path = path.replace("models/M", "models/{model}").replace("versions/V", "versions/{version}")
                optional = re.search(r"\[(.*?)\]", path)
                told |= {path.replace(optional.group(0), part) for part in ("", optional.group(1))} if optional else {path}
        self.assertEqual(told, set(self.document()["paths"]))

    def ask(self, method, path, *options):
        """Status, by curl, of any method; each from another address, so that none asks too often."""
        OpenApi.asked += 1
        address = ["--interface", f"127.0.{1 + OpenApi.asked // 200}.{1 + OpenApi.asked % 200}"]
        return self.service.get(path, *(["--head"] if method == "head" else ["-X", method.upper()]), *address, *options)[0]

    def crowded(self, method, path):
        """What the path says to one more who wants to watch, when there are enough."""
        watchers, got = [], 200
        while got == 200 and len(watchers) < 200:
            watchers.append(subprocess.Popen(["curl", "-sN", "--interface", f"127.0.9.{len(watchers) + 1}",
                                              f"http://127.0.0.1:{self.service.port}{path}?watch=1"],
                                             stdout=subprocess.DEVNULL))
            got = (self.ask(method, path + "?watch=1", "--max-time", "1") or 200) if len(watchers) >= 60 else 200
        for one in watchers:
            one.kill()
            one.wait()
        return got

    def infer(self, path, status):
        """What comes of the request for inference that should give this status."""
        whole = {"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 1, 32, 32], "data": [0] * 1024}],
                 "parameters": {"deadline_us": 1 if status == 503 else 30000000}}
        options = {404: ["-d", "{}"], 411: ["-H", "Transfer-Encoding: chunked", "-d", "{}"],
                   413: ["-H", "Content-Length: 1000000000", "-d", "{}"], 415: ["-H", "Content-Encoding: gzip", "-d", "{}"],
                   400: ["-d", "{}"]}.get(status, ["-d", json.dumps(whole)])
        return self.ask("post", path.replace("lenet", "none") if status == 404 else path, *options)

    def provoked(self, method, path, status):
        """What comes of the request that should give this status."""
        there = path.replace("{model}", "lenet").replace("{version}", "3")
        if there.endswith("/infer") and method == "post":
            return self.infer(there, status)
        if path.startswith("/v2/repository/"):
            return self.provoked_change(method, there, status)
        if status == 400:
            return self.ask("GET" if method == "head" else method, there, "-d", "x")
        if status == 404:
            return self.ask(method, there.replace("lenet", "none") if "{model}" in path else there + "?model=none")
        if status == 304:
            for _ in range(50):
                tag = self.service.get(there, "--interface", "127.0.7.7")[1].get("etag", "none")
                got = self.ask(method, there, "-H", f"If-None-Match: {tag}")
                if got == 304:
                    break
            return got
        if status == 429:
            done = subprocess.run(["curl", "-s", *(["--head"] if method == "head" else []), "-w", "\nstatus %{http_code}\n",
                                   *[f"http://127.0.0.1:{self.service.port}{there}"] * 60], stdout=subprocess.PIPE, check=True)
            return 429 if b"\nstatus 429\n" in done.stdout else 200
        if status == 503 and path == "/v2/load":
            return self.crowded(method, path)
        if status == 503:
            os.kill(self.service.process.pid, signal.SIGSTOP)
            try:
                end, got = time.monotonic() + 30, 200
                while got == 200 and time.monotonic() < end:
                    time.sleep(0.1)
                    got = self.ask(method, there)
            finally:
                os.kill(self.service.process.pid, signal.SIGCONT)
            self.service.wait_for(lambda: self.ask(method, there) == 200)
            return got
        return self.ask(method, there)

    def reload(self, secret):
        self.token_file(secret)
        before = self.service.log().count("reload: done")
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for(lambda: self.service.log().count("reload: done") > before)

    def provoked_change(self, method, path, status):
        if method == "options":
            return self.ask(method, path)
        if status == 413:
            return self.ask(method, path, "-d", "x" * 5000)
        if status == 400:
            return self.ask(method, path, *BEARER, "-d", "x")
        if status == 401:
            return self.ask(method, path)
        if status == 403:
            self.reload("")
            try:
                return self.ask(method, path)
            finally:
                self.reload(SECRET)
        if status == 404:
            return self.ask(method, path.replace("lenet", "none"), *BEARER)
        if status == 503:  # jointd stands still, so that those that wait are not answered
            os.kill(self.service.process.pid, signal.SIGSTOP)
            waiting = [subprocess.Popen(["curl", "-s", "-X", "POST", f"http://127.0.0.1:{self.service.port}{path}"],
                                        stdout=subprocess.DEVNULL) for _ in range(17)]
            try:
                return next((503 for _ in range(50) if self.ask(method, path, "--max-time", "1") == 503), 0)
            finally:
                os.kill(self.service.process.pid, signal.SIGCONT)
                for one in waiting:
                    one.wait()
        got = self.ask(method, path, *BEARER)
        if path.endswith("/unload"):
            self.assertEqual(self.ask("post", "/v2/repository/models/lenet/load", *BEARER), 200)
        return got

    def test_every_answer_of_the_document_is_given(self):
        cannot = {("head", "/v2/load", 503)} # it would be one before the first load, which nobody can ask in time for
        # api_infer.py has them: many requests at once, a worker that dies.
        cannot |= {("post", f"/v2/models/{{model}}{version}/infer", status)
                   for version in ("", "/versions/{version}") for status in (429, 500)}
        for path, item in self.document()["paths"].items():
            for method in set(item) - {"parameters"}:
                for status in map(int, item[method]["responses"]):
                    if (method, path, status) not in cannot:
                        with self.subTest(method=method, path=path):
                            self.assertEqual(self.provoked(method, path, status), status)

    def test_options_say_what_a_path_takes(self):
        for path, item in self.document()["paths"].items():
            there = path.replace("{model}", "lenet").replace("{version}", "3")
            status, headers, body = self.service.get(there, "-X", "OPTIONS")
            self.assertEqual((status, body), (204, ""), path)
            self.assertEqual(sorted(headers["allow"].lower().split(", ")), sorted(set(item) - {"parameters"}), path)
            self.assertFalse([name for name in headers if name.startswith("access-control")], headers)
        self.assertEqual(self.service.get("/v2/none", "-X", "OPTIONS")[0], 404)


if __name__ == "__main__":
    main()
