"""The two engines that are compared, each as a class that runs a command: `joint`, and ONNX Runtime under node."""
import json
import os
import pathlib
import shutil
import subprocess

ONNXRUNTIME = "onnxruntime-node@1.30.0"
HERE = pathlib.Path(__file__).resolve().parent


class EngineError(Exception):
    """A command failed; the text is its error line."""


class EngineMissing(EngineError):
    """The engine is not installed; the text says what to do."""


def _call(command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        raise EngineError(f"{pathlib.Path(command[0]).name}: {lines[-1]}")
    return done.stdout


def _named(option, files):
    words = []
    for name, path in files.items():
        words += [option, f"{name}={path}"]
    return words


class Joint:
    """The command `joint`. Tuning files go to a folder of their own, so that none is older than the binary."""

    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary).resolve(), pathlib.Path(folder)
        if not os.access(self.binary, os.X_OK):
            raise EngineError(f"{binary}: no such command; build it with 'ninja -C build' or name it by --joint")

    def _tuning(self, model):
        return ["--tuning", self.folder / (pathlib.Path(model).stem + ".tuning")]

    def zoo(self, name, path, *words):
        """Writes one of the zoo's networks."""
        _call([self.binary, "zoo", name, "-o", path, *words])

    def cuts(self, model, batch=1):
        """Every cut with its number and tensors: name, type, shape at this batch."""
        return json.loads(_call([self.binary, "cuts", model, "--batch", batch, "--json"]))["cuts"]

    def ends(self, model, batch=1):
        """The tensors of the first and of the last cut."""
        cuts = self.cuts(model, batch)
        return cuts[0]["tensors"], cuts[-1]["tensors"]

    def bench(self, model, batch, threads, *words):
        return json.loads(_call([self.binary, "bench", model, "--batch", batch, "--threads", threads, "--json",
                                 *self._tuning(model), *words]))

    def run(self, model, inputs, outputs, *words):
        _call([self.binary, "run", model, *_named("--input", inputs), *_named("--output", outputs),
               *self._tuning(model), *words])


class OnnxRuntime:
    """ONNX Runtime, from a folder that npm installed it in, or from the node_modules that JOINT_ORT_NODE_PATH or
    NODE_PATH names."""

    def __init__(self, folder=None):
        self.environment = dict(os.environ)
        if "JOINT_ORT_NODE_PATH" in os.environ:
            self.environment["NODE_PATH"] = os.environ["JOINT_ORT_NODE_PATH"]
        if folder:
            self.environment["NODE_PATH"] = str(pathlib.Path(folder).resolve() / "node_modules")
        self.node = shutil.which("node")
        if not self.node:
            raise EngineMissing("node is missing; install it with 'apt-get install nodejs npm'")
        try:
            self.version = _call([self.node, "-p", "require('onnxruntime-node').env.versions.node"],
                                 env=self.environment).strip()
        except EngineError as error:
            raise EngineMissing(f"ONNX Runtime is missing from {self.environment.get('NODE_PATH') or 'NODE_PATH'}: "
                                f"run tests/bench/compare_onnxruntime.py --setup") from error

    def _peer(self, *words):
        return json.loads(_call([self.node, HERE / "onnxruntime_peer.js", *words], env=self.environment))

    def bench(self, model, batch, threads, *words):
        return self._peer(model, "--batch", batch, "--threads", threads, *words)

    def run(self, model, inputs, outputs, *words):
        self._peer(model, *_named("--input", inputs), *_named("--output", outputs), "--repeat", 1, *words)
