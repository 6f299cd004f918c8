#!/usr/bin/python3
"""Writes each network of `joint zoo` and asks other tools what they think of it.

Usage: zoo_check.py JOINT [NAME ...]

python3-onnx checks the file and infers every shape anew, which must be the ones in the file; the same
arguments must give the same bytes. Where JOINT_ORT_NODE_PATH names a node_modules folder that holds
onnxruntime-node, ONNX Runtime runs each network with 1 and 3 rows: outputs must be finite, not
constant, and differ between rows. Exit status 77 without python3-onnx.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import onnx
    from onnx import shape_inference
except ImportError:
    print("zoo_check: needs python3-onnx")
    sys.exit(77)

# Sizes at which a network of an eighth of the width runs in milliseconds.
SMALL_SIZES = {"alexnet": 67, "chair": 32, "deepspeech": 12, "googlenet": 64, "lenet": 28, "mobilenet_v2": 64,
               "nin": 67, "overfeat": 103, "pix2pix": 256, "resnet50": 64, "vgg16": 32}

RUN_IN_ONNX_RUNTIME = """
const ort = require('onnxruntime-node');
(async () => {
  const session = await ort.InferenceSession.create(process.argv[1], { logSeverityLevel: 3 });
  const meta = session.inputMetadata[0];
  const report = [];
  for (const rows of [1, 3]) {
    const dims = meta.shape.map((d, i) => i === 0 ? rows : Number(d));
    const input = new Float32Array(dims.reduce((a, b) => a * b, 1));
    let state = 12345;
    for (let i = 0; i < input.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      input[i] = (state / 4294967296 - 0.5) * 3.46;
    }
    const result = await session.run({ [meta.name]: new ort.Tensor('float32', input, dims) });
    const y = result[session.outputNames[0]];
    const length = y.data.length / rows;
    let least = Infinity, most = -Infinity, finite = true, difference = Infinity;
    for (const v of y.data) {
      least = Math.min(least, v);
      most = Math.max(most, v);
      finite = finite && Number.isFinite(v);
    }
    for (let row = 1; row < rows; row++) {
      let largest = 0;
      for (let i = 0; i < length; i++)
        largest = Math.max(largest, Math.abs(y.data[i] - y.data[row * length + i]));
      difference = Math.min(difference, largest);
    }
    report.push({ rows, dims: y.dims, finite, least, most, difference: rows > 1 ? difference : null });
  }
  console.log(JSON.stringify(report));
})().catch(error => { console.error(error.message); process.exit(1); });
"""


def shape_of(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def write(joint, name, path, *options):
    subprocess.run([joint, "zoo", name, "-o", path, *options], check=True)


def check_with_onnx(path):
    """What is wrong, as a list of lines."""
    onnx.checker.check_model(path)
    model = onnx.load(path)
    written = {value.name: shape_of(value) for value in [*model.graph.value_info, *model.graph.output]}
    del model.graph.value_info[:]
    for weights in model.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT:
            weights.ClearField("raw_data")  # inference needs the shape alone, and copies the rest
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    values = {value.name: shape_of(value) for value in [*inferred.value_info, *inferred.output]}
    wrong = [f"{name} is {written.get(name)}, inferred {shape}"
             for name, shape in values.items() if written.get(name) != shape]
    wrong += [f"{name} was not inferred" for name in written if name not in values]
    if shape_of(model.graph.input[0])[0] != "N" or written[model.graph.output[0].name][0] != "N":
        wrong.append("the batch is not N")
    return wrong


def check_with_onnx_runtime(path, node_path):
    run = subprocess.run(["node", "-e", RUN_IN_ONNX_RUNTIME, path], capture_output=True, text=True,
                         env={**os.environ, "NODE_PATH": node_path})
    if run.returncode != 0:
        return [f"ONNX Runtime: {run.stderr.strip()}"]
    wrong = []
    for result in json.loads(run.stdout):
        rows, spread = result["rows"], result["most"] - result["least"]
        if not result["finite"]:
            wrong.append(f"{rows} rows: an output is not finite")
        if result["dims"][0] != rows:
            wrong.append(f"{rows} rows: output {result['dims']}")
        if not spread > 0:
            wrong.append(f"{rows} rows: the output is constant")
        if result["difference"] is not None and not result["difference"] > 1e-3 * spread:
            wrong.append(f"{rows} rows: two rows give the same output")
    return wrong


def check(joint, name, folder, node_path):
    failures = 0
    small = ["--width-divisor", "8", "--size", str(SMALL_SIZES[name])]
    for label, options in [("published", []), ("small", small)]:
        path = os.path.join(folder, "network.onnx")
        write(joint, name, path, *options)
        wrong = check_with_onnx(path)
        if label == "small":
            again = os.path.join(folder, "again.onnx")
            write(joint, name, again, *options)
            with open(path, "rb") as first, open(again, "rb") as second:
                if first.read() != second.read():
                    wrong.append("the same arguments give other bytes")
        if node_path:
            wrong += check_with_onnx_runtime(path, node_path)
        print(f"{name:13} {label:10} {os.path.getsize(path) / 1e6:7.1f} MB  {'; '.join(wrong) or 'ok'}", flush=True)
        failures += len(wrong)
    return failures


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    joint = os.path.abspath(sys.argv[1])
    node_path = os.environ.get("JOINT_ORT_NODE_PATH", "")
    if not node_path or not shutil.which("node"):
        print("zoo_check: without ONNX Runtime: JOINT_ORT_NODE_PATH is not set or there is no node")
        node_path = ""
    listed = subprocess.run([joint, "zoo", "--list"], check=True, capture_output=True, text=True).stdout
    names = sys.argv[2:] or [line.split()[0] for line in listed.splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(1 if sum(check(joint, name, folder, node_path) for name in names) > 0 else 0)


if __name__ == "__main__":
    main()
