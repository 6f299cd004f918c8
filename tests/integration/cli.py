#!/usr/bin/env python3
"""The command `joint` from outside: what it prints, writes and refuses. usage: cli.py JOINT

Networks come from `joint zoo` and python3-onnx, expected numbers from numpy. Exit status 77 where those are missing.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy
    import onnx
    from onnx import TensorProto, helper
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-onnx")
    sys.exit(77)

JOINT = ""


def joint(*words, folder=None, **options):
    return subprocess.run([JOINT, *map(str, words)], cwd=folder, stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, text=True, check=False, **options)


class CommandCase(unittest.TestCase):
    """A folder with lenet.onnx, and checks of how a command ended."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        done = joint("zoo", "lenet", "-o", cls.folder / "lenet.onnx")
        if done.returncode:
            raise RuntimeError(done.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def done(self, *words):
        """Runs the command in the folder; it must succeed in silence on stderr."""
        result = joint(*words, folder=self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return result.stdout

    def json(self, *words):
        return json.loads(self.done(*words, "--json"))

    def refused(self, status, *words, has=()):
        """Runs the command; it must end with this status and one line that has these words."""
        result = joint(*words, folder=self.folder)
        self.assertEqual(result.returncode, status, (words, result.stderr))
        self.assertEqual(result.stdout, "", words)
        self.assertEqual(len(result.stderr.splitlines()), 1, (words, result.stderr))
        self.assertTrue(result.stderr.startswith("joint"), result.stderr)
        for word in has if isinstance(has, tuple) else (has,):
            self.assertIn(word, result.stderr, words)

    def save(self, name, array):
        numpy.save(self.folder / name, array)
        return name

    def load(self, name):
        return numpy.load(self.folder / name)

    def normal(self, name, shape, seed=1):
        array = numpy.random.default_rng(seed).standard_normal(shape).astype(numpy.float32)
        self.save(name, array)
        return array

    def model(self, name, nodes, inputs, outputs, constants=()):
        """Writes a model; inputs and outputs as (name, type, shape)."""
        graph = helper.make_graph(nodes, "test", [helper.make_tensor_value_info(*value) for value in inputs],
                                  [helper.make_tensor_value_info(*value) for value in outputs],
                                  [onnx.numpy_helper.from_array(array, key) for key, array in constants])
        opset = [helper.make_opsetid("", 13)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=7), str(self.folder / name))
        return name


class Explaining(CommandCase):
    def test_every_command_explains_itself(self):
        self.assertIn("commands:", self.done("--help"))
        for command, options in {"run": ["--input", "--output", "--from", "--to", "--threads", "--repeat", "--strict",
                                         "--dim", "--isa", "--max-cut-tensors", "--json"],
                                 "cuts": ["--batch", "--json"],
                                 "bench": ["--batch", "--threads", "--from", "--to", "--strict", "--seconds",
                                           "--repeat", "--json"], "zoo": ["-o", "--seed"]}.items():
            self.assertIn(command, self.done("--help"))
            text = self.done(command, "--help")
            for option in options:
                self.assertIn(option, text)

    def test_the_version_is_printed(self):
        self.assertRegex(self.done("--version"), r"^joint \d+\.\d+\.\d+\n$")

    def test_a_report_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for words in (["--help"], ["cuts", "lenet.onnx"], ["cuts", "lenet.onnx", "--json"]):
                self.assertEqual(joint(*words, folder=self.folder, stdout=full).returncode, 1, words)


class Refusing(CommandCase):
    def test_a_wrong_command_line_is_refused_in_one_line(self):
        self.refused(2, has="--help")
        self.refused(2, "frobnicate", has="frobnicate")
        self.refused(2, "--frobnicate", has="--frobnicate")
        for command in ("run", "cuts", "bench"):
            self.refused(2, command, has="MODEL.onnx")
            self.refused(2, command, "lenet.onnx", "--frobnicate", has="--frobnicate")
            self.refused(2, command, "lenet.onnx", "-x", has="-x")
            self.refused(2, command, "lenet.onnx", "second.onnx", has="second.onnx")
            self.refused(2, command, "lenet.onnx", "--json=yes", has="--json")
            self.refused(2, command, "lenet.onnx", "--dim", "N", has="SYMBOL=N")
            self.refused(2, command, "lenet.onnx", "--dim", "a=x", has="SYMBOL=N")

    def test_numbers_out_of_range_are_refused(self):
        for option, texts in {"--threads": ["abc", "0", "-1", "1.5", "99999999999999999999", "0x2", " 1", "2 ", ""],
                              "--batch": ["0", "1e3", "100000000"], "--repeat": ["0", "99999999999"],
                              "--seconds": ["0", "-1", "nan", "inf", "1s", "1e99"], "--from": ["-1", "x"],
                              "--to": ["-1", "4294967296"], "--max-cut-tensors": ["0"]}.items():
            for text in texts:
                self.refused(2, "bench", "lenet.onnx", option, text, has=option)
        self.refused(2, "bench", "lenet.onnx", "--threads", has="--threads")
        self.refused(2, "bench", "lenet.onnx", "--isa", "mmx", has=("mmx", "avx2"))

    def test_cuts_out_of_range_are_refused_with_the_legal_range(self):
        self.normal("x.npy", self.input_shape())
        last = len(self.json("cuts", "lenet.onnx")["cuts"]) - 1
        for words in (["--to", last + 1], ["--from", last + 1], ["--from", 4000000000], ["--from", last],
                      ["--from", 1, "--to", 1], ["--from", 2, "--to", 1]):
            self.refused(2, "bench", "lenet.onnx", *words, has=f"0 to {last}")
            self.refused(2, "run", "lenet.onnx", "--input", "x.npy", *words, has=())

    def input_shape(self, batch=1):
        return self.json("cuts", "lenet.onnx", "--batch", batch)["cuts"][0]["tensors"][0]["shape"]

    def test_a_tensor_of_another_shape_or_type_is_refused_with_both(self):
        shape = self.input_shape()
        self.normal("x.npy", shape)
        run = ["run", "lenet.onnx", "--output", "y.npy", "--input"]
        text = "x".join(map(str, shape[1:]))
        self.normal("wide.npy", [1, 2] + shape[2:])
        self.refused(1, *run, "wide.npy", has=("wide.npy", text, "1x2x"))
        self.normal("flat.npy", [int(numpy.prod(shape))])
        self.refused(1, *run, "flat.npy", has=("flat.npy", text))
        self.save("int.npy", numpy.zeros(shape, numpy.int32))
        self.refused(1, *run, "int.npy", has=("int.npy", "float", "int32"))
        self.save("double.npy", numpy.zeros(shape))
        self.refused(1, *run, "double.npy", has=("double.npy", "<f8"))
        self.save("none.npy", numpy.zeros([0] + shape[1:], numpy.float32))
        self.refused(1, *run, "none.npy", has=("none.npy", "0x"))
        (self.folder / "text.npy").write_text("not numpy", encoding="utf-8")
        self.refused(1, *run, "text.npy", has="text.npy")
        self.refused(1, *run, "absent.npy", has="absent.npy")
        self.refused(1, "run", "lenet.onnx", "--input", "x.npy", "--output", "no/such/folder/y.npy",
                     has="no/such/folder/y.npy")

    def test_names_of_tensors_that_do_not_exist_are_refused_with_those_that_do(self):
        ends = self.json("cuts", "lenet.onnx")["cuts"]
        first, last = ends[0]["tensors"][0]["name"], ends[-1]["tensors"][0]["name"]
        self.normal("x.npy", self.input_shape())
        run = ["run", "lenet.onnx"]
        self.refused(2, *run, "--input", "nobody=x.npy", has=("nobody=x.npy", first))
        self.refused(2, *run, "--input", "x.npy", "--output", "nobody=y.npy", has=("nobody=y.npy", last))
        self.refused(2, *run, "--input", "x.npy", "--input", "x.npy", has="x.npy")
        self.refused(2, *run, has=first)

    def test_a_file_that_is_no_model_is_refused(self):
        (self.folder / "text.onnx").write_text("not a model", encoding="utf-8")
        whole = (self.folder / "lenet.onnx").read_bytes()
        (self.folder / "half.onnx").write_bytes(whole[: len(whole) // 2])
        (self.folder / "empty.onnx").write_bytes(b"")
        for command in ("cuts", "bench"):
            for name in ("absent.onnx", "text.onnx", "half.onnx", "empty.onnx", "."):
                self.refused(1, command, name, has=name)

    def test_missing_operators_are_listed(self):
        self.model("odd.onnx", [helper.make_node("Frobnicate", ["x"], ["a"], name="first"),
                                helper.make_node("Twist", ["a"], ["y"], name="second")],
                   [("x", TensorProto.FLOAT, ["N", 2])], [("y", TensorProto.FLOAT, ["N", 2])])
        self.refused(1, "cuts", "odd.onnx", has=("Frobnicate", "first", "Twist", "second"))


class Running(CommandCase):
    def shape(self, batch):
        return self.json("cuts", "lenet.onnx", "--batch", batch)["cuts"][0]["tensors"][0]["shape"]

    def near(self, a, b):
        self.assertEqual(a.shape, b.shape)
        self.assertLessEqual(abs(a - b).max(), 1e-4 * abs(b).max())

    def test_two_parts_give_the_whole_at_every_cut(self):
        self.normal("x.npy", self.shape(3))
        self.done("run", "lenet.onnx", "--input", "x.npy", "--output", "whole.npy")
        cuts = self.json("cuts", "lenet.onnx", "--batch", 3)["cuts"]
        self.assertGreater(len(cuts), 3)
        for cut in cuts[1:-1]:
            self.done("run", "lenet.onnx", "--input", "x.npy", "--output", "half.npy", "--to", cut["cut"])
            half = self.load("half.npy")
            self.assertEqual(list(half.shape), cut["tensors"][0]["shape"])
            self.assertEqual(half.nbytes, cut["batch_bytes"])
            self.done("run", "lenet.onnx", f"--input={cut['tensors'][0]['name']}=half.npy", "--output", "parts.npy",
                      "--from", cut["cut"], "--threads", 2)
            self.near(self.load("parts.npy"), self.load("whole.npy"))

    def test_rows_do_not_depend_on_the_batch_they_run_in(self):
        x = self.normal("x.npy", self.shape(7))
        self.done("run", "lenet.onnx", "--input", "x.npy", "--output", "all.npy")
        self.done("run", "lenet.onnx", "--input", "x.npy", "--output", "some.npy", "--batch", 3)
        self.near(self.load("some.npy"), self.load("all.npy"))
        self.save("one.npy", x[4:5])
        self.done("run", "lenet.onnx", "--input", "one.npy", "--output", "y.npy")
        self.near(self.load("y.npy"), self.load("all.npy")[4:5])

    def test_strict_and_every_instruction_set_agree(self):
        self.normal("x.npy", self.shape(2))
        run = ["run", "lenet.onnx", "--input", "x.npy", "--output"]
        self.done(*run, "plain.npy", "--isa", "plain", "--strict", "--no-tuning")
        for words in (["--strict"], ["--no-tuning"], ["--tuning", "kept.tuning"]):
            self.done(*run, "y.npy", *words)
            self.near(self.load("y.npy"), self.load("plain.npy"))

    def test_the_report_says_what_was_run(self):
        self.normal("x.npy", self.shape(2))
        report = self.json("run", "lenet.onnx", "--input", "x.npy", "--output", "y.npy", "--repeat", 3, "--threads", 2)
        last = len(self.json("cuts", "lenet.onnx")["cuts"]) - 1
        self.assertEqual([report[key] for key in ("model", "from", "to", "rows", "threads", "repeat")],
                         ["lenet.onnx", 0, last, 2, 2, 3])
        self.assertTrue(0 < report["min_ms"] <= report["median_ms"])
        self.assertEqual(report["outputs"][0]["shape"], list(self.load("y.npy").shape))
        self.assertIn("2 rows", self.done("run", "lenet.onnx", "--input", "x.npy"))

    def test_several_inputs_and_outputs_go_by_name(self):
        model = self.model("two.onnx", [helper.make_node("Add", ["a", "b"], ["sum"]),
                                        helper.make_node("Mul", ["a", "b"], ["product"])],
                           [("a", TensorProto.FLOAT, ["N", 3]), ("b", TensorProto.FLOAT, ["N", 3])],
                           [("sum", TensorProto.FLOAT, ["N", 3]), ("product", TensorProto.FLOAT, ["N", 3])])
        a, b = self.normal("a.npy", (4, 3)), self.normal("b.npy", (4, 3), seed=2)
        self.done("run", model, "--input", "b=b.npy", "--input", "a=a.npy", "--output", "product=p.npy",
                  "--output", "sum=s.npy")
        numpy.testing.assert_array_equal(self.load("s.npy"), a + b)
        numpy.testing.assert_array_equal(self.load("p.npy"), a * b)
        self.refused(2, "run", model, "--input", "a.npy", "--input", "b=b.npy", has="a.npy")
        self.refused(2, "run", model, "--input", "a=a.npy", has="'b'")
        self.normal("b2.npy", (5, 3))
        self.refused(1, "run", model, "--input", "a=a.npy", "--input", "b=b2.npy", has=("4", "5", "b2.npy"))

    def test_every_type_of_npy_goes_in_and_out(self):
        kinds = {TensorProto.FLOAT: "<f4", TensorProto.INT32: "<i4", TensorProto.INT64: "<i8", TensorProto.UINT8: "|u1",
                 TensorProto.BOOL: "|b1"}
        for number, dtype in kinds.items():
            model = self.model("swap.onnx", [helper.make_node("Transpose", ["x"], ["y"], perm=[0, 2, 1])],
                               [("x", number, ["N", 2, 3])], [("y", number, ["N", 3, 2])])
            x = numpy.arange(12).reshape(2, 2, 3).astype(dtype)
            self.save("x.npy", x)
            self.done("run", model, "--input", "x.npy", "--output", "y.npy")
            y = self.load("y.npy")
            self.assertEqual(y.dtype, x.dtype)
            numpy.testing.assert_array_equal(y, x.transpose(0, 2, 1))

    def test_rows_along_an_inner_axis_are_split_and_joined(self):
        model = self.model("swap.onnx", [helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0, 2])],
                           [("x", TensorProto.FLOAT, ["N", 2, 3])], [("y", TensorProto.FLOAT, [2, "N", 3])])
        x = self.normal("x.npy", (5, 2, 3))
        self.done("run", model, "--input", "x.npy", "--output", "y.npy", "--batch", 2)
        numpy.testing.assert_array_equal(self.load("y.npy"), x.transpose(1, 0, 2))

    def test_open_dimensions_come_from_the_file_or_from_dim(self):
        model = self.model("open.onnx", [helper.make_node("Relu", ["x"], ["y"])],
                           [("x", TensorProto.FLOAT, ["N", "width"])], [("y", TensorProto.FLOAT, ["N", "width"])])
        x = self.normal("x.npy", (3, 5))
        self.done("run", model, "--input", "x.npy", "--output", "y.npy")
        numpy.testing.assert_array_equal(self.load("y.npy"), numpy.maximum(x, 0))
        self.assertEqual(self.json("cuts", model, "--dim", "width=7")["cuts"][0]["tensors"][0]["shape"], [1, 7])
        self.refused(1, "run", model, "--input", "x.npy", "--dim", "width=4", has=("width", "4", "3x5"))
        self.refused(1, "cuts", model, has="width")

    def test_inputs_that_decide_shapes_are_bound(self):
        model = self.model("shape.onnx", [helper.make_node("Reshape", ["x", "to"], ["y"])],
                           [("x", TensorProto.FLOAT, [2, 6]), ("to", TensorProto.INT64, [2])],
                           [("y", TensorProto.FLOAT, None)])
        x = self.normal("x.npy", (2, 6))
        self.save("to.npy", numpy.array([3, 4], numpy.int64))
        self.done("run", model, "--input", "x=x.npy", "--input", "to=to.npy", "--output", "y.npy")
        numpy.testing.assert_array_equal(self.load("y.npy"), x.reshape(3, 4))
        self.refused(2, "run", model, "--input", "x=x.npy", has="--input to=")
        self.refused(2, "cuts", model, has="--input to=")
        cuts = self.json("cuts", model, "--input", "to=to.npy")["cuts"]
        self.assertEqual([tensor["shape"] for tensor in cuts[-1]["tensors"]], [[3, 4]])

    def test_a_fixed_batch_runs_as_it_is(self):
        model = self.model("fixed.onnx", [helper.make_node("Neg", ["x"], ["y"])], [("x", TensorProto.FLOAT, [2, 3])],
                           [("y", TensorProto.FLOAT, [2, 3])])
        x = self.normal("x.npy", (2, 3))
        self.done("run", model, "--input", "x.npy", "--output", "y.npy")
        numpy.testing.assert_array_equal(self.load("y.npy"), -x)
        self.normal("x4.npy", (4, 3))
        self.refused(1, "run", model, "--input", "x4.npy", has=("2x3", "4x3"))
        self.refused(2, "cuts", model, "--batch", 2, has="fixed")


class Measuring(CommandCase):
    def test_cuts_tell_names_shapes_and_bytes(self):
        report = self.json("cuts", "lenet.onnx", "--batch", 4)
        self.assertEqual(report["batch"], 4)
        self.assertEqual([cut["cut"] for cut in report["cuts"]], list(range(len(report["cuts"]))))
        for cut in report["cuts"]:
            for tensor in cut["tensors"]:
                self.assertEqual(tensor["batch_bytes"], 4 * int(numpy.prod(tensor["shape"])))
                self.assertEqual(tensor["bytes"] * 4, tensor["batch_bytes"])
        self.assertEqual(report["cuts"][0]["layers"], 0)
        self.assertEqual(report["cuts"][-1]["layers"], report["layers"])
        table = self.done("cuts", "lenet.onnx").splitlines()
        self.assertEqual(len(table), 1 + len(report["cuts"]))
        self.assertEqual(len({line.find(title) for line in table[:1] for title in ("bytes/row",)}), 1)

    def test_bench_reports_speed_memory_and_layers(self):
        last = len(self.json("cuts", "lenet.onnx")["cuts"]) - 1
        report = self.json("bench", "lenet.onnx", "--batch", 2, "--threads", 2, "--repeat", 5)
        for key, value in {"model": "lenet.onnx", "batch": 2, "threads": 2, "from": 0, "to": last}.items():
            self.assertEqual(report[key], value)
        self.assertTrue(0 < report["min_ms"] <= report["median_ms"])
        self.assertAlmostEqual(report["images_per_s"], 2e3 / report["median_ms"], delta=report["images_per_s"] * 1e-3)
        self.assertTrue(1e6 < report["peak_rss_bytes"] < 1e9)
        self.assertGreater(report["load_ms"], 0)
        gflop = sum(layer["gflop"] for layer in report["layers"])
        self.assertAlmostEqual(report["gflop_per_s"], gflop * 1e3 / report["median_ms"],
                               delta=report["gflop_per_s"] * 1e-3)
        for layer in report["layers"]:
            self.assertTrue(layer["name"] and layer["algorithm"] and layer["ms"] >= 0)

    def test_a_batch_that_no_memory_holds_is_refused(self):
        model = self.model("wide.onnx", [helper.make_node("Relu", ["x"], ["y"])],
                           [("x", TensorProto.FLOAT, ["N", 1 << 26])], [("y", TensorProto.FLOAT, ["N", 1 << 26])])
        self.refused(1, "bench", model, "--batch", 65536, has="MB")

    def test_bench_of_a_part_lists_its_layers_alone(self):
        cuts = self.json("cuts", "lenet.onnx")["cuts"]
        whole = self.json("bench", "lenet.onnx", "--repeat", 1)["layers"]
        part = self.json("bench", "lenet.onnx", "--from", 1, "--to", 3, "--seconds", 0.01)["layers"]
        names = [layer["name"] for layer in whole]
        self.assertEqual([layer["name"] for layer in part], names[cuts[1]["layers"]:cuts[3]["layers"]])

    def test_progress_is_shown_on_a_terminal_only(self):
        self.assertEqual(joint("bench", "lenet.onnx", "--repeat", 3, folder=self.folder).stderr, "")


if __name__ == "__main__":
    JOINT = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
