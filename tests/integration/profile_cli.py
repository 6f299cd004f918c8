#!/usr/bin/env python3
"""`joint profile` from outside: what it writes, prints and refuses. usage: profile_cli.py JOINT

Networks come from `joint zoo`; their structure is read by python3-onnx. Times are only compared with each other. Exit
status 77 where python3-onnx is missing.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

try:
    import onnx
    from onnx import TensorProto, shape_inference
except ImportError as missing:
    print(f"skipped: {missing}; install python3-onnx")
    sys.exit(77)

JOINT = ""
COSTS = ("mobile_ms", "mobile_mj", "cloud_ms")
TYPES = ("conv", "depthwise", "linear", "pool", "norm", "other")


def joint(*words, folder=None):
    return subprocess.run([JOINT, *map(str, words)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)


def device(name, factor):
    """A device file's content: factor times as fast as some machine, in everything."""
    speed = {"gflop_per_s": 50 * factor, "gb_per_s": 8 * factor, "overhead_us": 20 / factor}
    return {"schema": "joint.device/1", "name": name, "power_w": 6.5, "types": dict.fromkeys(TYPES, speed)}


class ProfileCase(unittest.TestCase):
    """A folder with networks, and checks of how a command ended."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        for name, *options in (("lenet",), ("alexnet", "--width-divisor", 4), ("resnet50", "--width-divisor", 8)):
            done = joint("zoo", name, "-o", cls.folder / f"{name}.onnx", *options)
            if done.returncode:
                raise RuntimeError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def run_profile(self, model, *words, seconds=0.3):
        """Profiles in the folder; returns the file's content and the report."""
        result = joint("profile", f"{model}.onnx", "-o", "p.json", "--no-tuning", "--seconds", seconds, *words,
                       "--json", folder=self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return json.loads((self.folder / "p.json").read_text()), json.loads(result.stdout)

    def refused(self, status, *words, has=()):
        """Runs the command; it must end with this status and one line that has these words."""
        result = joint("profile", *words, folder=self.folder)
        self.assertEqual(result.returncode, status, (words, result.stderr))
        self.assertEqual(result.stdout, "", words)
        self.assertEqual(len(result.stderr.splitlines()), 1, (words, result.stderr))
        for word in has if isinstance(has, tuple) else (has,):
            self.assertIn(word, result.stderr, words)

    def write(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text)
        return name


class WhatIsWritten(ProfileCase):
    def test_lenet_is_whole(self):
        profile, report = self.run_profile("lenet", "--blocks", "all")
        count = len(profile["layers"])
        self.assertEqual(profile["schema"], "joint.profile/1")
        self.assertEqual((profile["model"], profile["batch"], profile["element_bytes"]), ("lenet", 1, 1))
        self.assertRegex(profile["fingerprint"], "^[0-9a-f]{32}$")
        self.assertEqual(profile["cut_layers"], list(range(count + 1)))
        self.assertEqual(profile["backward"], "none")
        self.assertNotIn("skips", profile)
        self.assertEqual([(b["first"], b["last"]) for b in profile["blocks"]],
                         [(i, j) for i in range(1, count + 1) for j in range(i, count + 1)])
        for part in profile["layers"] + profile["blocks"]:
            for cost in COSTS:
                self.assertTrue(math.isfinite(part[cost]) and part[cost] >= 0, part)
            self.assertEqual(part["mobile_ms"], part["cloud_ms"])
        self.assertEqual(report["blocks"], len(profile["blocks"]))
        self.assertEqual(len(report["layers"]), count)
        self.assertLessEqual(report["settled"], report["timed"])
        for layer in report["layers"]:
            self.assertLessEqual(layer["low_ms"], layer["ms"])
            self.assertLessEqual(layer["ms"], layer["high_ms"])
        self.assertAlmostEqual(report["layers_sum_ms"], sum(layer["ms"] for layer in report["layers"]))

    def test_bytes_are_those_of_the_cuts(self):
        cuts = json.loads(joint("cuts", "alexnet.onnx", "--json", folder=self.folder).stdout)["cuts"]
        for element, scale in (("u8", 1), ("f16", 2), ("f32", 4)):
            profile, _ = self.run_profile("alexnet", "--blocks", "none", "--element", element, "--batch", 2,
                                          seconds=0.01)
            self.assertEqual(profile["input_bytes"], 2 * 150528 * scale)
            sent = [profile["input_bytes"]] + [layer["output_bytes"] for layer in profile["layers"]]
            self.assertEqual([cut["layers"] for cut in cuts], profile["cut_layers"])
            self.assertEqual([cut["bytes"] // 4 * 2 * scale for cut in cuts], sent)

    def test_weights_are_those_of_the_file(self):
        for name in ("lenet", "alexnet", "resnet50"):
            graph = onnx.load(self.folder / f"{name}.onnx").graph
            floats = sum(4 * math.prod(tensor.dims) for tensor in graph.initializer
                         if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) > 0)
            profile, _ = self.run_profile(name, "--blocks", "none", seconds=0.01)
            self.assertEqual(sum(layer["weight_bytes"] for layer in profile["layers"]), floats, name)

    def test_layers_say_what_they_are(self):
        """LeNet's convolutions: 2 x outputs x weights of one output."""
        profile, report = self.run_profile("lenet", "--blocks", "none", "--batch", 3, seconds=0.01)
        conv = {layer["type"]: layer["flops"] for layer in profile["layers"][:1]}
        self.assertEqual(list(conv), ["Conv+Tanh"])
        self.assertGreaterEqual(conv["Conv+Tanh"], 3 * 2 * 6 * 28 * 28 * 25)
        self.assertLess(conv["Conv+Tanh"], 1.1 * 3 * 2 * 6 * 28 * 28 * 25)
        for layer, told in zip(profile["layers"], report["layers"]):
            self.assertAlmostEqual(layer["flops"] / 1e9, told["gflop"])

    def test_parts_make_the_whole(self):
        profile, report = self.run_profile("alexnet", "--blocks", 3, seconds=1)
        count = len(profile["layers"])
        self.assertTrue(all(block["last"] - block["first"] < 3 for block in profile["blocks"]))
        self.assertEqual(len(profile["blocks"]), 3 * count - 3)
        ratio = report["layers_sum_ms"] / report["whole"]["ms"]
        self.assertTrue(0.25 < ratio < 4, ratio)
        self.assertEqual(report["block_over_layers"]["blocks"] > 0, True)

    def test_default_blocks_lie_between_legal_cuts(self):
        profile, report = self.run_profile("resnet50", seconds=0.5)
        cuts = set(profile["cut_layers"])
        self.assertTrue({0, len(profile["layers"])} <= cuts and len(cuts) < len(profile["layers"]))
        self.assertLessEqual(report["blocks"], report["blocks_possible"])
        self.assertEqual(report["blocks_possible"], len(cuts) * (len(cuts) - 1) // 2)
        for block in profile.get("blocks", []):
            self.assertTrue({block["first"] - 1, block["last"]} <= cuts, block)

    def test_skips_are_those_of_the_graph(self):
        profile, _ = self.run_profile("resnet50", "--blocks", "none", seconds=0.01)
        roots = {layer["name"]: number for number, layer in enumerate(profile["layers"], 1)}
        model = shape_inference.infer_shapes(onnx.load(self.folder / "resnet50.onnx"))
        graph = model.graph
        shapes = {value.name: [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
                  for value in [*graph.input, *graph.value_info, *graph.output]}
        constants = {tensor.name for tensor in graph.initializer}
        made = {value.name: 0 for value in graph.input if value.name not in constants}
        edges = {}
        for node in graph.node:
            reads = [name for name in node.input if name in made]
            number = roots.get(node.name, max((made[name] for name in reads), default=0))
            for name in reads:
                if made[name] != number:
                    edges[(made[name], number)] = math.prod(shapes[name])
            made.update((name, number) for name in node.output)
        skips = {(skip["from"], skip["to"]): skip["bytes"] for skip in profile["skips"]}
        self.assertEqual(skips, {edge: size for edge, size in edges.items() if edge[1] - edge[0] > 1})
        self.assertGreaterEqual(len(skips), 16)  # one for each residual sum
        for number, layer in enumerate(profile["layers"], 1):
            if (number - 1, number) in edges:
                self.assertNotIn("inputs", layer)
            else:
                self.assertEqual(set(layer["inputs"]), {edge[0] for edge in edges if edge[1] == number})

    def test_backward_is_estimated_only_where_asked_for(self):
        profile, _ = self.run_profile("lenet", "--blocks", 2, "--estimate-backward")
        self.assertEqual(profile["backward"], "estimated")
        for part in profile["layers"] + profile["blocks"]:
            for cost in COSTS:
                self.assertAlmostEqual(part["backward_" + cost], 2 * part[cost])
        profile, _ = self.run_profile("lenet", "--blocks", 2)
        self.assertTrue(all(layer["backward_" + cost] == 0 for layer in profile["layers"] for cost in COSTS))

    def test_prints_a_table(self):
        result = joint("profile", "lenet.onnx", "-o", "t.json", "--no-tuning", "--seconds", 0.1, folder=self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for word in ("whole run", "sum of layers", "not additive", "energy", "share %", "mobile mJ", "Conv+Tanh"):
            self.assertIn(word, result.stdout)


class Sides(ProfileCase):
    def test_a_device_twice_as_fast_takes_half_the_time(self):
        slow, fast = self.write("slow.json", device("slow", 1)), self.write("fast.json", device("fast", 2))
        profile, _ = self.run_profile("alexnet", "--blocks", 2, "--device", slow, "--cloud-device", fast)
        self.assertEqual((profile["device"], profile["cloud_device"]), ("slow", "fast"))
        for part in profile["layers"] + profile["blocks"]:
            self.assertAlmostEqual(part["mobile_ms"], 2 * part["cloud_ms"], delta=1e-9 * part["mobile_ms"])
            self.assertAlmostEqual(part["mobile_mj"], 6.5 * part["mobile_ms"], delta=1e-9 * part["mobile_mj"])
        self.assertIn("device slow", profile["energy_source"])

    def test_devices_come_with_the_program(self):
        for name in ("jetson-tx2", "snapdragon-865", "tesla-k40c"):
            profile, _ = self.run_profile("lenet", "--device", name, "--blocks", "none", seconds=0.01)
            self.assertEqual(profile["device"], name)
        self.refused(1, "lenet.onnx", "-o", "n.json", "--device", "abacus", has=("abacus", "jetson-tx2", "tesla-k40c"))

    def test_device_files_give_their_sources(self):
        folder = pathlib.Path(__file__).resolve().parents[2] / "scheduler" / "profile" / "devices"
        files = sorted(folder.glob("*.json"))
        self.assertEqual(len(files), 3)
        for path in files:
            content = json.loads(path.read_text())
            self.assertEqual(content["name"], path.stem)
            peak = content["peak"]
            for speed in content["types"].values():
                self.assertLess(speed["gflop_per_s"], peak["gflop_per_s"])
                self.assertLess(speed["gb_per_s"], peak["gb_per_s"])
            kinds = {source["kind"] for source in content["sources"]}
            self.assertIn("assumption", kinds)
            self.assertTrue(all(source["what"] and source["source"] for source in content["sources"]))

    def test_the_cloud_comes_from_another_profile(self):
        server, _ = self.run_profile("lenet", "--blocks", "all")
        (self.folder / "p.json").rename(self.folder / "server.json")
        profile, _ = self.run_profile("lenet", "--blocks", 2, "--cloud-from", "server.json", "--power-w", 2.5)
        self.assertEqual([layer["cloud_ms"] for layer in profile["layers"]],
                         [layer["cloud_ms"] for layer in server["layers"]])
        theirs = {(block["first"], block["last"]): block["cloud_ms"] for block in server["blocks"]}
        for block in profile["blocks"]:
            self.assertEqual(block["cloud_ms"], theirs[block["first"], block["last"]])
        for part in profile["layers"] + profile["blocks"]:
            self.assertAlmostEqual(part["mobile_mj"], 2.5 * part["mobile_ms"], delta=1e-9)
        self.assertIn("2.5 W", profile["energy_source"])
        del server["blocks"]
        self.write("server.json", server)
        profile, _ = self.run_profile("lenet", "--blocks", 2, "--cloud-from", "server.json")
        for block in profile["blocks"]:
            layers = server["layers"][block["first"] - 1:block["last"]]
            self.assertAlmostEqual(block["cloud_ms"], sum(layer["cloud_ms"] for layer in layers))

    def test_a_cloud_of_another_model_is_refused(self):
        server, _ = self.run_profile("lenet", "--blocks", "none", seconds=0.01)
        command = ("lenet.onnx", "-o", "n.json", "--no-tuning", "--cloud-from", "s.json")
        self.write("s.json", {**server, "fingerprint": "0" * 32})
        self.refused(1, *command, has=("s.json", "fingerprint", server["fingerprint"]))
        self.write("s.json", {key: value for key, value in server.items() if key != "fingerprint"})
        self.refused(1, *command, has=("s.json", "fingerprint"))
        self.write("s.json", {**server, "batch": 2})
        self.refused(1, *command, has=("s.json", "batch"))
        self.write("s.json", {**server, "layers": server["layers"][:-1], "cut_layers": [0, len(server["layers"]) - 1]})
        self.refused(1, *command, has=("s.json", "layers"))
        self.write("s.json", '{"schema": "joint.profile/1", ')
        self.refused(1, *command, has="s.json")
        self.refused(1, "lenet.onnx", "-o", "n.json", "--cloud-from", "none.json", has="none.json")
        self.refused(2, *command, "--cloud-device", "tesla-k40c", has="--cloud-from")


class Energy(ProfileCase):
    def powercap(self, start):
        domain = self.folder / "powercap" / "intel-rapl:0"
        domain.mkdir(parents=True, exist_ok=True)
        (domain / "name").write_text("package-0\n")
        (domain / "max_energy_range_uj").write_text("1000000000\n")
        counter = domain / "energy_uj"
        counter.write_text(f"{start}\n")
        return counter

    def test_the_counters_power_is_taken(self):
        counter = self.powercap(999000000)
        stop = threading.Event()

        def count():
            """100 mJ every few milliseconds, past the end of the range; always a whole line at once."""
            joules = 999000000
            while not stop.wait(0.002):
                joules = (joules + 100000) % 1000000000
                with open(counter, "r+", encoding="ascii") as file:
                    file.write(f"{joules:012}\n")
        thread = threading.Thread(target=count)
        thread.start()
        try:
            profile, report = self.run_profile("lenet", "--powercap", "powercap", "--blocks", "none", seconds=2)
        finally:
            stop.set()
            thread.join()
        self.assertIn("RAPL", profile["energy_source"])
        self.assertTrue(0 < report["mobile_watts"] <= 100, report["mobile_watts"])
        for layer in profile["layers"]:
            self.assertAlmostEqual(layer["mobile_mj"], report["mobile_watts"] * layer["mobile_ms"], delta=1e-6)

    def test_says_what_it_does_without(self):
        self.powercap(5)
        for folder, why in (("powercap", "stand still"), ("nowhere", "no counters")):
            profile, report = self.run_profile("lenet", "--powercap", folder, "--blocks", "none", seconds=0.05)
            self.assertIn(why, profile["energy_source"])
            self.assertIn("assumption", profile["energy_source"])
            self.assertIn(f"{report['mobile_watts']:g} W", profile["energy_source"])


class Refusals(ProfileCase):
    def test_command_lines(self):
        for words, has in ((("lenet.onnx",), "-o"), (("-o", "n.json"), "MODEL.onnx"),
                           (("lenet.onnx", "-o", "n.json", "--blocks", "some"), "--blocks"),
                           (("lenet.onnx", "-o", "n.json", "--blocks", "0"), "--blocks"),
                           (("lenet.onnx", "-o", "n.json", "--blocks", "-1"), "--blocks"),
                           (("lenet.onnx", "-o", "n.json", "--element", "f64"), "--element"),
                           (("lenet.onnx", "-o", "n.json", "--confidence", "0"), "--confidence"),
                           (("lenet.onnx", "-o", "n.json", "--seconds", "nan"), "--seconds"),
                           (("lenet.onnx", "-o", "n.json", "--power-w", "-3"), "--power-w"),
                           (("lenet.onnx", "-o", "n.json", "--batch", "0"), "--batch"),
                           (("lenet.onnx", "-o", "n.json", "--from", "1"), "--from")):
            self.refused(2, *words, has=has)

    def test_files(self):
        self.write("garbage.onnx", "this is no network")
        self.write("kept.json", "kept")
        self.refused(1, "garbage.onnx", "-o", "kept.json", has="garbage.onnx")
        self.refused(1, "none.onnx", "-o", "kept.json", has="none.onnx")
        self.write("bad.json", {**device("bad", 1), "power_w": -1})
        self.refused(1, "lenet.onnx", "-o", "kept.json", "--device", "bad.json", has=("bad.json", "power_w"))
        wrong = device("bad", 1)
        wrong["types"]["pool"] = {"gflop_per_s": 1, "gb_per_s": 0}
        self.write("bad.json", wrong)
        self.refused(1, "lenet.onnx", "-o", "kept.json", "--cloud-device", "bad.json",
                     has=("bad.json", "types.pool.gb_per_s"))
        self.assertEqual((self.folder / "kept.json").read_text(), "kept")
        self.refused(1, "lenet.onnx", "-o", "no/such/p.json", "--no-tuning", "--seconds", "0.01", "--blocks", "none",
                     has="no/such/p.json")


if __name__ == "__main__":
    JOINT = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
