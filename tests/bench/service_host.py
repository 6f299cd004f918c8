"""A whole service for a benchmark: jointd and what it starts, on cores of its own; load from `joint loadtest`."""
import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_S = 240
WARMUP_S = 1  # of a load test
BUSY_NS = 2_000_000  # more than an idle worker computes while we look


class ServiceError(Exception):
    """The service or a command failed; the text says what it said last."""


class Cores:
    """The last core is the worker's, all the others (one, where there are two) are everybody else's."""

    def __init__(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            print("skipped: needs two CPUs")
            sys.exit(77)
        self.worker, self.rest = cpus[-1], set(cpus[:-1])
        self.apart = None

    def set_apart(self):
        """The last core is for something else, the worker shares the others."""
        self.apart, self.worker = self.worker, min(self.rest)

    def words(self):
        if self.apart is not None:
            return f"jointd, dataplane, worker, generator on core {','.join(str(cpu) for cpu in sorted(self.rest))}"
        rest = ",".join(str(cpu) for cpu in sorted(self.rest))
        return f"worker on core {self.worker}; jointd, dataplane, generator on core {rest}"


def end_when_told():
    """SIGTERM ends a script like any other end: what was started is stopped. The signal may come twice."""
    def stop(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(143)
    signal.signal(signal.SIGTERM, stop)


def start(command, cpus, **options):
    return subprocess.Popen([str(word) for word in command], preexec_fn=lambda: os.sched_setaffinity(0, cpus), **options)


def be_nice(pid, niceness):
    """Of all its threads; and of its session, as many kernels share cores between sessions first."""
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(task.name), niceness)
        pathlib.Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")


def end(child, seconds=20):
    """SIGTERM, then SIGKILL."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def call(command, cpus):
    """What it printed, and how long it waited for a core, as a share of the time it wanted one."""
    child = start(command, cpus, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err, waited = follow(child)
    finally:
        child.kill()
        child.wait()
    if child.returncode:
        raise ServiceError(f"{pathlib.Path(str(command[0])).name} {command[1]}: {(err or out).strip().splitlines()[-1:]}")
    return out, waited


def follow(child):
    """Its output, and its wait for a core as seen last before it ended."""
    spent = (0, 0)
    while True:
        spent = task_times(child.pid) or spent
        try:
            out, err = child.communicate(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        return out, err, spent[1] / max(sum(spent), 1)


def task_times(pid):
    """(ns that its threads ran, ns that they waited for a core); None when it is gone."""
    ran = waited = 0
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            words = (task / "schedstat").read_text(encoding="utf-8").split()
            ran, waited = ran + int(words[0]), waited + int(words[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (ran, waited) if ran else None


def resident_bytes(pid, kind="VmRSS"):
    """VmRSS is all, RssAnon what it shares with nobody."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) * 1024
    return 0


class Usage:
    """What the service's processes did between two moments."""

    def __init__(self, service):
        self.pids = service.pids
        self.at = time.monotonic_ns()
        self.times = {name: task_times(pid) for name, pid in self.pids.items()}

    def end_ns(self):
        """How long each ran."""
        return {name: task_times(pid)[0] - self.times[name][0] for name, pid in self.pids.items()}

    def share(self, name):
        """Of the time that it wanted a core, how much it had one."""
        ran, waited = (task_times(self.pids[name])[i] - self.times[name][i] for i in range(2))
        return ran / max(ran + waited, 1)

    def end(self):
        """Shares of one core: {name: (ran, waited for a core)}."""
        wall = time.monotonic_ns() - self.at
        after = {name: task_times(pid) for name, pid in self.pids.items()}
        return {name: tuple((after[name][i] - self.times[name][i]) / wall for i in range(2)) for name in self.pids}


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """jointd with models from the zoo, as a context manager. settings: {section: {option: value}}. niceness: of all its
    processes; under 0, which needs root, its cores are its own, nearly, whatever else runs there."""

    def __init__(self, options, cores, models, settings=None, niceness=0):
        self.joint, self.jointd = pathlib.Path(options.joint).resolve(), pathlib.Path(options.jointd).resolve()
        self.cores, self.models = cores, models
        self.settings = settings or {}
        self.niceness = niceness
        self.child, self.pids = None, {}
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with self.stack:
            self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="joint-bench-")))
            for name in self.models:
                call([self.joint, "zoo", name, "-o", self.path(name)], self.cores.rest)
            self.start()
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stop()
        self.stack.close()

    def path(self, model):
        return self.folder / f"{model}.onnx"

    def write_config(self, port):
        self.port = port
        sections = {"server": {"listen": "127.0.0.1", "port": self.port, "control": self.folder / "control.sock"},
                    "dataplane": {"port": "uring", "cores": min(self.cores.rest)},
                    "workers": {"cores": self.cores.worker, "spares": 0},
                    "api": {"listen": ""}}
        if self.settings.get("log"):
            sections["log"] = {"file": self.folder / "requests.log"}
        sections |= {f"model {name}": {"path": self.path(name)} for name in self.models}
        for section, settings in self.settings.items():
            sections.setdefault(section, {}).update(settings)
        lines = []
        for section, settings in sections.items():
            lines += [f"[{section}]", *(f"{name} = {value}" for name, value in settings.items())]
        (self.folder / "joint.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self):
        """Returns when it is ready; its models keep their measured choices from an earlier start."""
        self.write_config(free_port())
        self.log = self.folder / "log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.child = start([self.jointd, "--config", self.folder / "joint.conf"], self.cores.rest, stdout=log, stderr=log,
                               start_new_session=self.niceness != 0)
        self.stack.callback(end, self.child)
        until = time.monotonic() + READY_S
        while "jointd: ready" not in self.log.read_text(encoding="utf-8"):
            if self.child.poll() is not None or time.monotonic() > until:
                raise ServiceError("jointd: " + " / ".join(self.log.read_text(encoding="utf-8").splitlines()[-3:]))
            self.be_nice()
            time.sleep(0.05)
        self.pids = {"jointd": self.child.pid}
        for pid in children(self.child.pid):
            name = pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
            self.pids[name.removeprefix("joint-")] = pid
        self.be_nice()

    def be_nice(self):
        """Also those that measure the models, before they are workers."""
        for pid in [self.child.pid, *children(self.child.pid)] if self.niceness else ():
            be_nice(pid, self.niceness)

    def stop(self):
        if self.child:
            end(self.child)

    def load(self, model, *words, must_count=True, watch_s=0, beside=None):
        """The report of `joint loadtest`; with watch_s, "usage" is what the service's processes did meanwhile, and beside()
        is called when the warm-up is over."""
        command = [self.joint, "loadtest", "--server", f"127.0.0.1:{self.port}", "--model", self.path(model), "--json", *words]
        child = start(command, self.cores.rest, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            usage = self.watch(child, watch_s, beside) if watch_s else None
            out, err = child.communicate()
        finally:
            end(child)
        report = json.loads(out) if out.startswith("{") else None
        if report is None or (must_count and report["verdict"] != "good"):
            raise ServiceError(f"joint loadtest: {report['problem'] if report else err.strip()}")
        return report | {"usage": usage}

    def watch(self, child, seconds, beside):
        """From a second after the worker began to work, for most of the time that counts."""
        begun = task_times(self.pids["worker"])[0]
        while child.poll() is None and task_times(self.pids["worker"])[0] < begun + BUSY_NS:
            time.sleep(0.01)
        time.sleep(WARMUP_S)
        if beside:
            beside()
        usage = Usage(self)
        time.sleep(seconds * 0.9)
        return usage.end()

    def bench(self, model, *words):
        """The report of `joint bench` on the worker's core, the service idle; "waited" is the share of its time that
        it waited for the core."""
        out, waited = call([self.joint, "bench", self.path(model), "--json", *words], {self.cores.worker})
        return json.loads(out) | {"waited": waited}

    def counters(self):
        """{label: value} of all counters."""
        out, _ = call([self.joint, "top", "--once", "--json", "--all", "--interval", "0.1", "--control",
                       self.folder / "control.sock"], self.cores.rest)
        return {counter["label"]: counter["value"] for counter in json.loads(out)["counters"]}

    def last_pool(self, model):
        """The cut after the last pooling layer."""
        out, _ = call([self.joint, "cuts", self.path(model), "--json"], self.cores.rest)
        return max(cut["cut"] for cut in json.loads(out)["cuts"] if "pool" in cut["after"])


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text(encoding="utf-8").split()]
    return found


def add_options(parser):
    parser.add_argument("--joint", default=ROOT / "build/scheduler/cli/joint", help="default build/scheduler/cli/joint")
    parser.add_argument("--jointd", default=ROOT / "build/scheduler/jointd/jointd", help="default build/scheduler/jointd/jointd")


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def print_place(cores):
    """Date, machine, who runs where: the head of every table."""
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores; {cores.words()}; load before: "
          f"{os.getloadavg()[0]:.1f}\n", flush=True)


def print_row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def print_head(*cells):
    print_row(*cells)
    print("|" + "---|" * len(cells), flush=True)


def spread(values, digits=2):
    """'median (middle half)'."""
    values = sorted(values)
    low, high = (statistics.quantiles(values, n=4)[i] for i in (0, 2)) if len(values) > 1 else (values[0], values[0])
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def skip_unless_built(options):
    for program in (options.joint, options.jointd):
        if not shutil.which(str(program)):
            print(f"skipped: {program} is not built")
            sys.exit(77)


def run(main):
    """main() with what it raises told in one line."""
    end_when_told()
    try:
        return main()
    except ServiceError as error:
        print(f"{pathlib.Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return 1
