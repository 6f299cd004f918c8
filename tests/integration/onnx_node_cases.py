#!/usr/bin/python3
"""Runs ONNX's own node tests through `joint run` and compares the outputs.

    onnx_node_cases.py build/scheduler/cli/joint [--only TEXT] [--keep FOLDER] [--constants]

Takes every test of the onnx package whose operators and types the engine has; the model and its
inputs go to a temporary folder as model.onnx and .npy files. Prints a line for each test that
fails, then why others were skipped and "N passed, N failed, N skipped". Exit status: 0, 1 when one
failed, 77 where python3-onnx is missing. --constants makes the inputs that decide an output's shape
constants of the model, as exporters do, instead of inputs."""
import argparse
import collections
import os
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
except ImportError as error:
    print(f"onnx_node_cases: needs python3-onnx and python3-numpy ({error})")
    sys.exit(77)

OPERATORS = set("""
Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast Ceil Celu Clip Concat Constant
ConstantOfShape Conv ConvTranspose Cos DepthToSpace Div Dropout Elu Equal Erf Exp Expand Flatten
Floor GRU Gather GatherElements Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual
HardSigmoid HardSwish Identity InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Less
LessOrEqual Log LogSoftmax LpPool MatMul Max MaxPool Mean Min Mish Mul Neg Not Or PRelu Pad Pow RNN
Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round Selu Shape Sigmoid Sign Sin Size
Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Tile
Transpose Unsqueeze Upsample Where Xor
""".split())
TYPES = {np.dtype(t) for t in ("float32", "int32", "int64", "uint8", "bool")}
# Inputs whose numbers decide the shape of an output.
SHAPE_INPUTS = {
    "ConstantOfShape": [0], "Expand": [1], "Pad": [1, 3], "Range": [0, 1, 2], "Reshape": [1],
    "Resize": [2, 3], "Slice": [1, 2, 3, 4], "Split": [1], "Squeeze": [1], "Tile": [1],
    "Unsqueeze": [1], "Upsample": [1],
}
# Tests that fail for a reason; each prefix of a name with its reason.
KNOWN = {
    "test_resize_downsample_scales_cubic_align_corners": "expected values differ from ONNX Runtime",
    "test_resize_downsample_scales_linear_align_corners": "expected values differ from ONNX Runtime",
    "test_blackmanwindow": "the engine takes no shape computed from an input's numbers",
    "test_hammingwindow": "the engine takes no shape computed from an input's numbers",
    "test_hannwindow": "the engine takes no shape computed from an input's numbers",
}
OPSETS = range(7, 19)
RELATIVE, ABSOLUTE = 1e-3, 1e-5
TIMEOUT_S = 60


def collect():
    """All node tests; the package is older than the NumPy it runs on."""
    for name, kind in (("float", float), ("bool", bool), ("int", int), ("object", object)):
        if name not in np.__dict__:
            setattr(np, name, kind)
    warnings.simplefilter("ignore")
    from onnx.backend.test.case.node import collect_testcases

    return sorted(collect_testcases(None), key=lambda case: case.name)


def reason_to_skip(case):
    """Why the engine is not meant to run this test, or None."""
    for node in case.model.graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            return f"operator {node.op_type}"
        if any(a.name == "training_mode" and a.i for a in node.attribute):
            return "training"
        if node.op_type == "Dropout" and len(node.input) > 2:
            return "training"
    if not all(i.version in OPSETS for i in case.model.opset_import if i.domain == ""):
        return "opset"
    for inputs, outputs in case.data_sets:
        for value in [*inputs, *outputs]:
            if not isinstance(value, (np.ndarray, np.generic)):
                return "a value that is not a tensor"
            if value.dtype not in TYPES:
                return f"type {value.dtype}"
            if value.ndim > 8:
                return "rank over 8"
    for tensor in case.model.graph.initializer:
        if np.dtype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[tensor.data_type]) not in TYPES:
            return "type of a constant"
    for prefix, reason in KNOWN.items():
        if case.name.startswith(prefix):
            return reason
    return None


def make_constants(model, arrays):
    """Moves the inputs that decide shapes into the model; returns what is left of arrays."""
    deciding = {
        node.input[i]
        for node in model.graph.node
        for i in SHAPE_INPUTS.get(node.op_type, [])
        if i < len(node.input)
    }
    for name in deciding & set(arrays):
        model.graph.initializer.append(numpy_helper.from_array(arrays[name], name))
        kept = [v for v in model.graph.input if v.name != name]
        del model.graph.input[:]
        model.graph.input.extend(kept)
    return {name: array for name, array in arrays.items() if name not in deciding}


def compare(expected, got):
    """What differs, or None."""
    expected = np.asarray(expected)
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return f"expected {expected.dtype} {expected.shape}, got {got.dtype} {got.shape}"
    if expected.dtype == np.float32:
        close = np.isclose(got, expected, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    else:
        close = got == expected
    if close.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~np.atleast_1d(close))[0])
    return (
        f"{int((~close).sum())} of {close.size} differ, first at {at}: expected "
        f"{np.atleast_1d(expected)[at]}, got {np.atleast_1d(got)[at]}"
    )


def run(joint, case, folder, is_constant):
    """Runs each data set of a test; what went wrong, or None."""
    for inputs, outputs in case.data_sets:
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        names = [value.name for value in model.graph.input]
        arrays = {name: np.asarray(array) for name, array in zip(names, inputs)}
        if is_constant:
            arrays = make_constants(model, arrays)
        onnx.save(model, os.path.join(folder, "model.onnx"))
        command = [joint, "run", os.path.join(folder, "model.onnx")]
        for i, (name, array) in enumerate(arrays.items()):
            path = os.path.join(folder, f"input_{i}.npy")
            np.save(path, array if array.ndim == 0 else np.ascontiguousarray(array))
            command += ["--input", f"{name}={path}"]
        paths = []
        for i, value in enumerate(model.graph.output):
            paths.append(os.path.join(folder, f"output_{i}.npy"))
            command += ["--output", f"{value.name}={paths[-1]}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return f"still running after {TIMEOUT_S} s"
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip()).replace("\n", "; ")
            return f"exit status {done.returncode}: {words[:300]}"
        for value, path, expected in zip(model.graph.output, paths, outputs):
            if not os.path.exists(path):
                return f"{value.name} was not written"
            difference = compare(expected, np.load(path))
            if difference:
                return f"{value.name}: {difference}"
    return None


def main():
    parser = argparse.ArgumentParser(description="ONNX's node tests through joint run")
    parser.add_argument("joint", help="path of the joint command")
    parser.add_argument("--only", default="", help="only tests with this in their name")
    parser.add_argument("--keep", help="keep each test's files under this folder")
    parser.add_argument("--constants", action="store_true", help="shapes as constants")
    options = parser.parse_args()
    if not os.access(options.joint, os.X_OK):
        print(f"onnx_node_cases: no command at {options.joint}")
        return 77
    passed = failed = 0
    skipped = collections.Counter()
    for case in collect():
        if options.only not in case.name:
            continue
        reason = reason_to_skip(case)
        if reason:
            skipped[reason] += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            if options.keep:
                folder = os.path.join(options.keep, case.name)
                os.makedirs(folder, exist_ok=True)
            problem = run(options.joint, case, folder, options.constants)
        if problem:
            failed += 1
            print(f"FAIL {case.name}: {problem}")
        else:
            passed += 1
    for reason, count in skipped.most_common():
        print(f"skipped {count}: {reason}")
    print(f"{passed} passed, {failed} failed, {sum(skipped.values())} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
