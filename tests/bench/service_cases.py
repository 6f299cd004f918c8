"""What the measurements of batches, admission and fairness share: services of several modes at once, one mix of cuts, its
deadlines, and rows of a table with what is to be reached.

The services of all modes run side by side on the same cores, one under load at a time, so that rounds alternate without a start in
between; an idle one takes about 0.2 % of a core. Capacity is measured anew in every round, in the way of the issue: what the mode
join serves with many in flight and no deadlines, over the same mix."""
import argparse
import contextlib
import dataclasses
import math
import os
import statistics
import sys

import service_host as host

CUTS = (0, 3, 6, 8, 10)  # of alexnet: the input, behind its pooling layers, and between convolutions
FACTOR = 4  # deadlines over the unloaded time
CLASSES = {"class interactive": {"weight": 8}, "class batch": {"weight": 1}}
INTERACTIVE, BATCH = range(len(CLASSES))
WARMUP_S = 0.5
REQUEST_LOG = "requests.log"


@dataclasses.dataclass
class Row:
    """One line of the table. values: of single rounds, whose middle counts; is_least: it must be to_reach or more, not less."""
    measure: str
    to_reach: float
    values: list
    words: str
    is_least: bool = True
    unit: str = ""
    scale: float = 1
    digits: int = 2

    def middle(self):
        return statistics.median(self.values)

    def is_reached(self):
        return self.middle() >= self.to_reach if self.is_least else self.middle() <= self.to_reach

    def text(self, value):
        if math.isinf(value):
            return "no bound"
        return f"{value * self.scale:,.{self.digits}f}{self.unit}"

    def cells(self):
        text = self.text(self.middle())
        if len(self.values) > 1 and not any(map(math.isinf, self.values)):
            low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
            text += f" ({self.text(low)} to {self.text(high)})"
        return (self.measure, f"{'' if self.is_least else 'under '}{self.text(self.to_reach)}", text,
                "yes" if self.is_reached() else "**no**", self.words)


def print_rows(rows):
    print()
    host.print_head("measure", "to reach", "measured: median (middle half)", "reached", "how")
    for row in rows:
        host.print_row(*row.cells())


class Bench:
    """Services by mode, as a context manager."""

    def __init__(self, options, cores, modes):
        self.options, self.modes = options, modes
        settings = {"dispatch": {"max_batch": options.batch}, "log": {"requests": "full"}} | CLASSES
        self.services = {mode: host.Service(options, cores, [options.model], merge(settings, {"dispatch": {"mode": mode}}), niceness())
                         for mode in modes}
        self.stack = contextlib.ExitStack()
        self.read = {}

    def __enter__(self):
        with self.stack:
            for service in self.services.values():
                self.stack.enter_context(service)
            self.find_deadlines()
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stack.close()

    def service(self, mode="join"):
        return self.services[mode if mode in self.services else self.modes[0]]

    def logged(self, mode="join"):
        """What the service wrote of requests since it was asked last: a dict for each."""
        service = self.service(mode)
        path = service.folder / REQUEST_LOG
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        lines = [line.split("\t") for line in lines if not line.startswith("#")]
        if not lines:
            return []
        begin = self.read.get(mode, 0)
        self.read[mode] = len(lines)
        return [dict(zip(lines[0], line)) for line in lines[1:][begin:] if len(line) == len(lines[0])]

    def words(self, *more, clients=400):
        return ["--split", "mix", "--mix", ",".join(f"{cut}=1" for cut in CUTS), "--sockets", 1, "--clients", clients, "--warmup", WARMUP_S,
                "--late-ms", 20, *more]

    def load(self, *more, mode="join", clients=400, watch_s=0):
        return self.service(mode).load(self.options.model, *self.words(*more, clients=clients), must_count=False, watch_s=watch_s)

    def find_deadlines(self):
        """By one service, as all compute alike: the median of several looks, as somebody else may want the cores."""
        looks = [self.load("--rate", 5, "--duration", 0.2, "--deadline-factor", 1)["cuts"] for _ in range(3)]
        self.unloaded_ms = {cut: statistics.median(look[i]["unloaded_ms"] for look in looks) for i, cut in enumerate(CUTS)}
        self.deadlines = ",".join(f"{cut}={FACTOR * ms:.2f}" for cut, ms in self.unloaded_ms.items())

    def capacity(self, seconds=2.5):
        """Requests per second."""
        return self.load("--closed", self.options.in_flight, "--duration", seconds)["counts"]["completed_per_s"]

    def offer(self, rate, seconds, *more, mode="join", clients=400):
        """An open loop with the mix's deadlines, and what jointd counted meanwhile in "counted"."""
        before = self.service(mode).counters()
        report = self.load("--rate", f"{rate:.2f}", "--duration", seconds, "--deadline-ms", self.deadlines, *more, mode=mode, clients=clients)
        after = self.service(mode).counters()
        return report | {"counted": {label: after[label] - before.get(label, 0) for label in after}}

    def start(self, *more, clients=1, mode="join"):
        """A load test beside others; finish() it."""
        service = self.service(mode)
        command = [service.joint, "loadtest", "--server", f"127.0.0.1:{service.port}", "--model", service.path(self.options.model), "--json",
                   *self.words(*more, clients=clients)]
        return host.start(command, service.cores.rest, stdout=-1, stderr=-1, text=True)

    def note(self):
        unloaded = ", ".join(f"{ms:.1f} ms from cut {cut}" for cut, ms in self.unloaded_ms.items())
        print(f"niceness of the service {niceness()}; {self.options.model}, cuts {', '.join(map(str, CUTS))} alike; batches of {self.options.batch} at most; unloaded {unloaded}; deadlines "
              f"{FACTOR} times that\n", flush=True)


def niceness():
    """A server has its cores for itself; where others compute beside this, it goes before them."""
    return -20 if os.geteuid() == 0 else 0


def finish(child):
    out, err = child.communicate()
    host.end(child)
    if not out.startswith("{"):
        raise host.ServiceError(f"joint loadtest: {err.strip()}")
    return host.json.loads(out)


def merge(settings, more):
    merged = {section: dict(options) for section, options in settings.items()}
    for section, options in more.items():
        merged.setdefault(section, {}).update(options)
    return merged


def goodput(report):
    return report["counts"]["goodput_per_s"]


def load_average():
    return f"{os.getloadavg()[0]:.1f}"


def parser(text):
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    host.add_options(made)
    made.add_argument("--model", default="alexnet", help="of the zoo (default alexnet)")
    made.add_argument("--batch", type=int, default=8, help="default 8")
    made.add_argument("--in-flight", type=int, default=32, help="requests of the closed loop that measures capacity (default 32)")
    made.add_argument("--rounds", type=int, default=5, help="default 5")
    made.add_argument("--seconds", type=float, default=5, help="of each open loop (default 5)")
    return made


def main(text, modes, measure):
    """One measure by itself."""
    options = parser(text).parse_args()

    def go():
        host.skip_unless_built(options)
        cores = host.Cores()
        host.print_place(cores)
        with Bench(options, cores, modes) as bench:
            bench.note()
            print_rows(measure(bench))
        return 0
    sys.exit(host.run(go))
