#!/usr/bin/env python3
# Runs a model whole and in two parts at every cut through the command "joint"; prints the table.
# Needs only what meson itself runs on: Python with its standard library.
import array
import json
import math
import random
import subprocess
import sys

REPEATS = 9


def fail(text):
    print(f"demo: {text}", file=sys.stderr)
    sys.exit(1)


def joint(command, *arguments):
    """What `joint COMMAND ... --json` prints."""
    run = subprocess.run([JOINT, command, *arguments, "--json"], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        fail(f"'joint {command} {' '.join(arguments)}' failed")
    return json.loads(run.stdout)


def write_npy(path, shape):
    """Standard normal numbers from a fixed seed, float32."""
    numbers = random.Random(1)
    data = array.array("f", (numbers.gauss(0, 1) for _ in range(math.prod(shape))))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        data.tofile(file)


def read_npy(path):
    with open(path, "rb") as file:
        bytes_ = file.read()
    start = 10 + int.from_bytes(bytes_[8:10], "little")
    data = array.array("f")
    data.frombytes(bytes_[start:])
    return data


def run(source, target, first, last):
    """Runs [first, last); median milliseconds of a few runs."""
    report = joint("run", MODEL, "--input", source, "--output", target,
                   "--from", str(first), "--to", str(last), "--repeat", str(REPEATS))
    return report["median_ms"]


JOINT, MODEL, FOLDER = sys.argv[1:4]
cuts = joint("cuts", MODEL)["cuts"]
last = len(cuts) - 1
whole_in, whole_out = f"{FOLDER}/input.npy", f"{FOLDER}/whole.npy"
middle, parts_out = f"{FOLDER}/middle.npy", f"{FOLDER}/parts.npy"

for end in (cuts[0], cuts[last]):
    if len(end["tensors"]) != 1 or end["tensors"][0]["type"] != "float":
        fail("the demo runs networks with one float32 input and one float32 output")
write_npy(whole_in, cuts[0]["tensors"][0]["shape"])
whole_ms = run(whole_in, whole_out, 0, last)
whole = read_npy(whole_out)
largest = max(map(abs, whole))
print(f"The whole network takes {whole_ms:.1f} ms on one thread (median of {REPEATS} runs, as below).")
print("In two parts, as if one side ran the layers before the cut and the other those after:\n")
print(f"{'cut':>3}  {'tensor':<24} {'shape':<16} {'bytes':>9} {'ms before':>10} {'ms after':>10}"
      f"  largest difference")
worst = 0.0
for number in range(1, last):
    tensor = cuts[number]["tensors"][0]
    before = run(whole_in, middle, 0, number)
    after = run(middle, parts_out, number, last)
    difference = max(abs(a - b) for a, b in zip(whole, read_npy(parts_out)))
    worst = max(worst, difference)
    shape = "x".join(map(str, tensor["shape"]))
    print(f"{number:>3}  {tensor['name'][:24]:<24} {shape:<16} {tensor['bytes']:>9} {before:>10.2f}"
          f" {after:>10.2f}  {difference:.2g}", flush=True)
print(f"\nThe largest difference at any cut is {worst:.2g}; the largest output is {largest:.3g}.")
if not worst <= 1e-4 * largest:
    fail("two parts do not give the whole's numbers")
