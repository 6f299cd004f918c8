#!/usr/bin/python3
"""Compares `joint bench` with ONNX Runtime 1.30 on the same machine, in alternation, and prints the result as Markdown.

For every network, batch and number of threads, each round runs both engines one after the other, in a process of its
own each, and the next round in the other order. A ratio is taken within a round, between the medians of the runs; the
table shows the median over the rounds. Memory is the peak of the process; what node itself takes before it loads
ONNX Runtime is taken off. Loading is timed with choices of algorithms kept from an earlier load and the file cached.
"""
import argparse
import datetime
import itertools
import json
import math
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import engines
import export_models

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build-bench"
QUICK = {"rounds": 1, "seconds": 0.5, "models_subset": "squeezenet1_1,mobilenet_v2", "threads": "1"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setup", action="store_true", help="first install ONNX Runtime by npm and export the models")
    parser.add_argument("--joint", default=ROOT / "build/scheduler/cli/joint", help="default build/scheduler/cli/joint")
    parser.add_argument("--models", default=FOLDER / "models", help="folder of NAME.onnx; default build-bench/models")
    parser.add_argument("--ort", default=None, help="folder with node_modules; default build-bench/ort, or NODE_PATH")
    parser.add_argument("--models-subset", help="NAME,NAME,...; default all six")
    parser.add_argument("--batches", default="1,8", help="default 1,8")
    parser.add_argument("--threads", help="default 1,2")
    parser.add_argument("--rounds", type=int, help="default 3")
    parser.add_argument("--seconds", type=float, help="of each measurement, three runs at least; default 2")
    parser.add_argument("--strict", action="store_true", help="measure joint --strict")
    parser.add_argument("--quick", action="store_true", help="two small networks, one thread, one short round")
    parser.add_argument("--json", metavar="FILE", help="write every measurement here too")
    options = parser.parse_args()
    defaults = dict({"rounds": 3, "seconds": 2.0, "models_subset": ",".join(export_models.NAMES), "threads": "1,2"},
                    **(QUICK if options.quick else {}))
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    for name in ("batches", "threads"):
        words = getattr(options, name).split(",")
        if not all(word.isdigit() and int(word) > 0 for word in words):
            parser.error(f"--{name} {getattr(options, name)}: expected numbers over 0, such as 1,2")
        setattr(options, name, [int(word) for word in words])
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("--rounds and --seconds must be over 0")
    if options.ort is None and (FOLDER / "ort/node_modules").is_dir():
        options.ort = FOLDER / "ort"
    return options


def set_up(options):
    """Installs what is compared with, into build folders."""
    if options.ort is None:
        options.ort = FOLDER / "ort"
    if not (pathlib.Path(options.ort) / "node_modules/onnxruntime-node").is_dir():
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-fund", "--no-audit", "--prefix", options.ort,
                        engines.ONNXRUNTIME], check=True, stdout=sys.stderr)
    subprocess.run([sys.executable, export_models.__file__, options.models, *options.models_subset.split(",")],
                   check=True)


def progress(text):
    """One redrawn line on a terminal, lines in a log; "" wipes the line."""
    if not (text or sys.stderr.isatty()):
        return
    print(f"\r\033[K{text}" if sys.stderr.isatty() else text, end="" if sys.stderr.isatty() else "\n", file=sys.stderr,
          flush=True)


def measure(options, models, ours, theirs):
    """[{model, batch, threads, round, ours, theirs}] with what each engine reported."""
    results = []
    seconds = ["--seconds", options.seconds]
    strict = ["--strict"] if options.strict else []
    cases = list(itertools.product(models, options.batches, options.threads))
    for name, batch, threads in cases:
        progress(f"choosing algorithms: {name}, batch {batch}, {threads} threads")
        ours.bench(models[name], batch, threads, *strict, "--repeat", 1)
    for turn in range(options.rounds):
        for at, (name, batch, threads) in enumerate(cases):
            progress(f"round {turn + 1} of {options.rounds}, {at + 1} of {len(cases)}: {name}, batch {batch}, "
                     f"{threads} threads")
            pair = [("ours", lambda: ours.bench(models[name], batch, threads, *seconds, *strict)),
                    ("theirs", lambda: theirs.bench(models[name], batch, threads, *seconds))]
            result = {"model": name, "batch": batch, "threads": threads, "round": turn}
            for side, bench in pair if turn % 2 == 0 else reversed(pair):
                result[side] = bench()
            results.append(result)
    progress("")
    return results


def check(options, models, ours, theirs, folder):
    """{name: (largest difference, elements outside the tolerance)} on three random rows."""
    import agreement

    errors = {}
    strict = ["--strict"] if options.strict else []
    for name, path in models.items():
        progress(f"comparing results: {name}")
        inputs, outputs = ours.ends(path, 3)
        arrays = agreement.random_tensors(inputs)
        names = [tensor["name"] for tensor in outputs]
        mine = agreement.outputs_of(ours, path, arrays, names, folder, *strict)
        peer = agreement.outputs_of(theirs, path, arrays, names, folder)
        errors[name] = (max(agreement.difference(mine[n], peer[n]) for n in names),
                        sum(abs(agreement.count_apart(mine[n], peer[n], options.strict)) for n in names))
    progress("")
    return errors


def speed(result):
    return result["theirs"]["median_ms"] / result["ours"]["median_ms"]


def memory(result):
    peer = result["theirs"]
    return result["ours"]["peak_rss_bytes"] / (peer["peak_rss_bytes"] - peer["node_rss_bytes"])


def loading(result):
    return result["ours"]["load_ms"] / result["theirs"]["load_ms"]


def per_case(results, ratio, **where):
    """{(model, batch, threads): median over the rounds} of the results where these fields have these values."""
    cases = {}
    for result in results:
        if all(result[name] == value for name, value in where.items()):
            cases.setdefault((result["model"], result["batch"], result["threads"]), []).append(ratio(result))
    return {case: statistics.median(values) for case, values in cases.items()}


def mean(cases):
    return math.exp(statistics.fmean(math.log(value) for value in cases.values())) if cases else math.nan


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def print_summary(options, results):
    """The table of goals: a column per number of threads."""
    rows = [(f"throughput over ONNX Runtime, geometric mean, batch {batch}", goal,
             lambda threads, b=batch: f"{mean(per_case(results, speed, batch=b, threads=threads)):.2f}")
            for batch, goal in sorted(((b, {1: "1.2", 8: "1.5"}.get(b, "")) for b in options.batches), reverse=True)]

    def worst(threads):
        (name, batch, _), value = min(per_case(results, speed, threads=threads).items(), key=lambda case: case[1])
        return f"{value:.2f} ({name}, batch {batch})"

    def at_most(ratio):
        def show(threads):
            cases = per_case(results, ratio, threads=threads)
            (name, batch, _), value = max(cases.items(), key=lambda case: case[1])
            return f"{mean(cases):.2f} (worst {value:.2f}: {name}, batch {batch})"
        return show

    rows += [("the worst single network", "1.0", worst),
             ("peak memory against ONNX Runtime's, geometric mean", "at most 1.0", at_most(memory)),
             ("time to load against ONNX Runtime's, geometric mean", "at most 1.0", at_most(loading))]
    titles = [f"{t} thread{'s' if t > 1 else ''}" for t in options.threads]
    print(f"| measure | to reach | {' | '.join(titles)} |")
    print("|---|---" + "|---" * len(titles) + "|")
    for title, goal, show in rows:
        print(f"| {title} | {goal} | {' | '.join(show(threads) for threads in options.threads)} |")


def print_networks(results, errors):
    """Every case: milliseconds per image, memory, load, error."""
    print("\n| network | batch | threads | Joint ms/image | ONNX Runtime ms/image | ratio | peak MB | ONNX Runtime's "
          "| load ms | ONNX Runtime's | largest error | outside tolerance |")
    print("|---|" + "---:|" * 11)

    def median(case, side, value):
        return statistics.median(value(r[side]) for r in results if (r["model"], r["batch"], r["threads"]) == case)

    for case, ratio in per_case(results, speed).items():
        name, batch, threads = case
        cells = [f"{median(case, side, lambda m: m['median_ms']) / batch:.2f}" for side in ("ours", "theirs")]
        cells += [f"{ratio:.2f}"]
        cells += [f"{median(case, 'ours', lambda m: m['peak_rss_bytes']) / 1e6:.0f}",
                  f"{median(case, 'theirs', lambda m: m['peak_rss_bytes'] - m['node_rss_bytes']) / 1e6:.0f}"]
        cells += [f"{median(case, side, lambda m: m['load_ms']):.0f}" for side in ("ours", "theirs")]
        cells += [f"{errors[name][0]:.1e}", str(errors[name][1])] if name in errors else ["?", "?"]
        print(f"| {name} | {batch} | {threads} | {' | '.join(cells)} |")


def main():
    options = parse()
    if options.setup:
        set_up(options)
    models = {name: pathlib.Path(options.models) / f"{name}.onnx" for name in options.models_subset.split(",")}
    for path in models.values():
        if not path.is_file():
            raise engines.EngineMissing(f"{path}: no such model; --setup exports it, --models names another folder")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = engines.Joint(options.joint, folder), engines.OnnxRuntime(options.ort)
        results = measure(options, models, ours, theirs)
        errors = check(options, models, ours, theirs, folder)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(f"{datetime.date.today()}, {processor()}, ONNX Runtime {theirs.version}, {options.rounds} rounds of "
          f"{options.seconds:g} s{', --strict' if options.strict else ''}\n")
    print_summary(options, results)
    print_networks(results, errors)
    return 1 if any(apart for _, apart in errors.values()) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except engines.EngineMissing as missing:
        print(f"compare_onnxruntime: {missing}", file=sys.stderr)
        sys.exit(77)
    except (engines.EngineError, subprocess.CalledProcessError, OSError) as problem:
        print(f"compare_onnxruntime: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
