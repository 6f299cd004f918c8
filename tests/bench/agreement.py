"""How far two engines' results lie apart, and whether that is near enough."""
import numpy

RELATIVE = 1e-3  # of the element itself, or
ABSOLUTE = 1e-4  # of the tensor's largest magnitude
STRICT = 1e-5  # of the tensor's largest magnitude


def difference(ours, theirs):
    """The largest difference as a part of the largest magnitude; infinite where shapes or types differ, or one is not
    a number and the other is."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return numpy.inf
    if not ours.size:
        return 0.0
    a, b = ours.astype(numpy.float64), theirs.astype(numpy.float64)
    same = (a == b) | (numpy.isnan(a) & numpy.isnan(b))
    if same.all():
        return 0.0
    if not (numpy.isfinite(a[~same]).all() and numpy.isfinite(b[~same]).all()):
        return numpy.inf
    largest = abs(b[numpy.isfinite(b)]).max()
    apart = abs(numpy.subtract(a, b, where=~same, out=numpy.zeros_like(a))).max()
    return apart / largest if largest else numpy.inf


def count_apart(ours, theirs, strict=False):
    """The number of elements outside the tolerance; -1 where shapes or types differ."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return -1
    if ours.dtype.kind != "f":
        return int((ours != theirs).sum())
    a, b = ours.astype(numpy.float64), theirs.astype(numpy.float64)
    same = (a == b) | (numpy.isnan(a) & numpy.isnan(b))
    finite = numpy.isfinite(b)
    largest = abs(b[finite]).max() if finite.any() else 0.0
    allowed = numpy.full(b.shape, (STRICT if strict else ABSOLUTE) * largest)
    if not strict:
        allowed = numpy.maximum(allowed, RELATIVE * abs(b))
    with numpy.errstate(invalid="ignore"):
        near = abs(a - b) <= allowed
    return int((~(same | (near & finite))).sum())


def random_tensors(tensors, seed=1):
    """{name: array} for the tensors of a cut, standard normal from a fixed seed."""
    numbers = numpy.random.default_rng(seed)
    kinds = {"float": numpy.float32, "uint8": numpy.uint8, "int32": numpy.int32, "int64": numpy.int64,
             "bool": numpy.bool_}
    arrays = {}
    for tensor in tensors:
        kind = kinds[tensor["type"]]
        if kind is numpy.float32:
            arrays[tensor["name"]] = numbers.standard_normal(tensor["shape"]).astype(kind)
        else:
            arrays[tensor["name"]] = numbers.integers(0, 2, tensor["shape"]).astype(kind)
    return arrays


def outputs_of(engine, model, arrays, names, folder, *words):
    """Runs the engine on arrays through files in folder; {name: array} of its outputs."""
    inputs = {}
    for at, (name, array) in enumerate(arrays.items()):
        inputs[name] = f"{folder}/input{at}.npy"
        numpy.save(inputs[name], array)
    outputs = {name: f"{folder}/output{at}.npy" for at, name in enumerate(names)}
    engine.run(model, inputs, outputs, *words)
    return {name: numpy.load(path) for name, path in outputs.items()}
