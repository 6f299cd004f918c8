#!/usr/bin/env python3
"""Runs whole networks in Joint and in ONNX Runtime, at batch 1 and 3, and compares every number of every output, and of
the tensors at a few cuts between: the last layers of an untrained network may hide what the first ones do.

A result is near enough if each element is within 1e-3 of its peer or 1e-4 of the tensor's largest magnitude; with
--strict, within 1e-5 of the largest magnitude. Exit status 77 where ONNX Runtime, node, numpy or
python3-onnx is missing.
"""
import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import engines

SKIPPED = 77
try:
    import agreement
    import onnx
except ImportError as absent:
    print(f"skipped: {absent}; install python3-numpy and python3-onnx")
    sys.exit(SKIPPED)

# The zoo's networks with channels divided, so that all of them together take a minute.
ZOO = {"lenet": 1, "alexnet": 4, "overfeat": 8, "nin": 4, "vgg16": 4, "resnet50": 4, "deepspeech": 8, "chair": 8,
       "pix2pix": 8, "mobilenet_v2": 1, "googlenet": 2}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL.onnx", help="default: the zoo's networks, narrowed")
    parser.add_argument("--joint", required=True, help="the command")
    parser.add_argument("--ort", help="folder with node_modules; default JOINT_ORT_NODE_PATH or NODE_PATH, which name "
                                      "node_modules itself")
    parser.add_argument("--batches", default="1,3", help="default 1,3")
    parser.add_argument("--threads", default="2", help="default 2")
    parser.add_argument("--cuts", type=int, default=4, help="cuts to compare besides the last one; default 4")
    parser.add_argument("--isa", help="kernels to run: avx512, avx2, neon or plain")
    return parser.parse_args()


def write_zoo(joint, folder):
    paths = []
    for name, divisor in ZOO.items():
        path = f"{folder}/{name}.onnx"
        joint.zoo(name, path, "--width-divisor", divisor)
        paths.append(path)
    return paths


def choose(cuts, count):
    """The last cut and count others, evenly spread."""
    count = min(count, len(cuts) - 2)
    return [cuts[(at + 1) * (len(cuts) - 1) // (count + 1)] for at in range(count)] + [cuts[-1]]


def expose(model, cuts, path):
    """Writes the model with the tensors of these cuts as its outputs."""
    network = onnx.load(model)
    del network.graph.output[:]
    for cut in cuts:
        for tensor in cut["tensors"]:
            value = network.graph.output.add()
            value.name = tensor["name"]
            value.type.tensor_type.elem_type = onnx.TensorProto.DataType.Value(tensor["type"].upper())
    onnx.save(network, path)


def compare(options, joint, peer, model, folder):
    """Prints a line per batch and mode; returns how many of them failed."""
    failures = 0
    words = ["--threads", options.threads] + (["--isa", options.isa] if options.isa else [])
    for batch in map(int, options.batches.split(",")):
        cuts = joint.cuts(model, batch)
        arrays = agreement.random_tensors(cuts[0]["tensors"], seed=batch)
        cuts = choose(cuts, options.cuts)
        names = [tensor["name"] for cut in cuts for tensor in cut["tensors"]]
        expose(model, cuts, f"{folder}/exposed.onnx")
        theirs = agreement.outputs_of(peer, f"{folder}/exposed.onnx", arrays, names, folder)
        for strict in (False, True):
            ours = {}
            for cut in cuts:
                ours.update(agreement.outputs_of(joint, model, arrays, [tensor["name"] for tensor in cut["tensors"]],
                                                 folder, *words, "--to", cut["cut"], *(["--strict"] if strict else [])))
            errors = {name: agreement.difference(ours[name], theirs[name]) for name in names}
            worst = max(errors, key=errors.get)
            apart = sum(abs(agreement.count_apart(ours[name], theirs[name], strict)) for name in names)
            print(f"{'not ok' if apart else 'ok'}: {pathlib.Path(model).stem}, batch {batch}"
                  f"{', strict' if strict else ''}, {len(cuts)} cuts: largest difference {errors[worst]:.1e} of the "
                  f"largest magnitude, in {worst}; {apart} elements outside the tolerance", flush=True)
            failures += apart != 0
    return failures


def main():
    options = parse()
    try:
        peer = engines.OnnxRuntime(options.ort)
    except engines.EngineMissing as missing:
        print(f"skipped: {missing}")
        return SKIPPED
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        joint = engines.Joint(options.joint, folder)
        for model in options.models or write_zoo(joint, folder):
            try:
                failures += compare(options, joint, peer, model, folder)
            except engines.EngineError as error:
                print(f"not ok: {pathlib.Path(model).stem}: {error}", flush=True)
                failures += 1
    print(f"compare_networks: {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (engines.EngineError, OSError) as problem:
        print(f"compare_networks: {problem}", file=sys.stderr)
        sys.exit(1)
