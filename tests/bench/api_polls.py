#!/usr/bin/env python3
"""What 1,000 polls a second of GET /v2/load take from inference.

Requests of a model keep the worker busy from beginning to end, and api_poller asks in every other window of a quarter of a second, in
pairs of which chance says whose turn is first: what goes slowly up and down on a shared machine is then alike in both. How many rows
were answered in a window comes from the service's request log, between the ends of batches on a straight line. The effect is one less
the ratio of rows, with polls over without; the median of all pairs, and an interval that has the truth in it 95 times of 100 (percentile
bootstrap).

A percent is less than chance does to so few minutes, so four times as many polls are asked as well, and a fourth of their effect is
held to be the most that the polls can have: who waits for a core waits the longer the fuller it is, so the first thousand cost less
than the fourth. It is reached when that interval's upper end is below the mark, for rows a second and also where the time that others
took from the worker is left out: others that compute beside polls keep from the worker meanwhile.

The worker has one core, all else the other: joint-api, api_poller, jointd, dataplane, generator. What polls take of that one is told
beside it; where it is the worker's too, that is what they would take from it at most."""
import argparse
import bisect
import datetime
import math
import random
import socket
import statistics
import subprocess
import sys

import service_cases as cases
import service_host as host

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
host.add_options(parser)
parser.add_argument("--poller", default=host.ROOT / "build/tests/bench/api_poller", help="default build/tests/bench/api_poller")
parser.add_argument("--model", default="alexnet", help="from its last pooling layer (default alexnet)")
parser.add_argument("--polls", type=float, default=1000, help="a second (default 1000)")
parser.add_argument("--times", type=float, default=4, help="as many polls, for a bound (default 4)")
parser.add_argument("--pairs", type=int, default=150, help="of windows, for each rate (default 150)")
parser.add_argument("--window-ms", type=float, default=250, help="each (default 250)")
parser.add_argument("--in-flight", type=int, default=24, help="requests (default 24)")
parser.add_argument("--seed", type=int, default=1, help="of the order of windows, and of the bootstrap (default 1)")
MARK = 0.01
DRAWS = 4000
BATCH_GAP_S = 0.001  # answers closer than that are of one batch
ROLES = ("worker", "api", "jointd", "dataplane")


def unix_s(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Rows:
    """How many had been answered at any time: a straight line from the end of one batch to the next."""

    def __init__(self, path):
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        column = {name: at for at, name in enumerate(lines[0])}
        ends = sorted((unix_s(line[column["time"]]), int(line[column["rows"]])) for line in lines[1:]
                      if len(line) == len(lines[0]) and line[column["reason"]] == "answered")
        self.times, self.counts = [], []
        count = 0
        for time, rows in ends:
            count += rows
            if self.times and time - self.times[-1] < BATCH_GAP_S:
                self.counts[-1] = count
            else:
                self.times.append(time)
                self.counts.append(count)

    def at(self, time):
        next_ = bisect.bisect(self.times, time)
        if not 0 < next_ < len(self.times):
            raise host.ServiceError("the load test did not last as long as the polls")
        since, until = self.times[next_ - 1:next_ + 1]
        return self.counts[next_ - 1] + (self.counts[next_] - self.counts[next_ - 1]) * (time - since) / (until - since)


class Window:
    """What api_poller says of one, and the rows that were answered in it."""

    def __init__(self, line, rows):
        words = line.split("\t")
        self.pair, self.is_polled = int(words[0]), words[1] == "1"
        begin, end = int(words[2]) / 1e9, int(words[3]) / 1e9
        self.seconds = end - begin
        self.asked, self.unasked, self.answered, self.refused = map(int, words[4:8])
        self.p50_us, self.p99_us, self.max_us = map(float, words[8:11])
        self.poller_ns = int(words[11])
        self.ns = dict(zip(ROLES, map(int, words[12:])))
        self.rows_per_s = (rows.at(end) - rows.at(begin)) / self.seconds

    def rows_per_worker_s(self):
        """The time that others took of the worker's core does not count."""
        return self.rows_per_s * self.seconds * 1e9 / self.ns["worker"]


def bootstrap(values, statistic):
    """The statistic, and an interval that has the truth in it 95 times of 100."""
    chance = random.Random(arguments.seed)
    found = sorted(statistic(chance.choices(values, k=len(values))) for _ in range(DRAWS))
    return statistic(values), found[int(0.025 * DRAWS)], found[int(0.975 * DRAWS)]


def trimmed_mean(values):
    """Without the tenth at each end: nearly as narrow as a mean, and few rounds that went wrong do not move it."""
    values = sorted(values)
    cut = len(values) // 10
    return statistics.fmean(values[cut:len(values) - cut])


def effects(pairs, rate):
    """1 - ratio of each pair, as the logarithm, so that both directions count alike."""
    return [math.log(rate(without) / rate(polled)) for polled, without in pairs]


def poll(service, polls):
    """What api_poller says of each window."""
    pids = [service.pids[role] for role in ROLES]
    child = host.start([arguments.poller, service.settings["api"]["port"], "/v2/load", polls, arguments.pairs, arguments.window_ms, arguments.seed, *pids],
                       service.cores.rest, stdout=subprocess.PIPE, text=True, start_new_session=True)
    host.be_nice(child.pid, cases.niceness())
    try:
        said = child.communicate()[0].splitlines()[1:]
    finally:
        host.end(child)
    if child.returncode:
        raise host.ServiceError("api_poller ended early")
    return said


def pairs_of(said, rows):
    pairs = {}
    for line in said:
        window = Window(line, rows)
        pairs.setdefault(window.pair, {})[window.is_polled] = window
    return [(pair[True], pair[False]) for pair in pairs.values()]


def measure(service, rates):
    """For each rate its pairs: (with polls, without)."""
    cut = service.last_pool(arguments.model)
    said = {}
    seconds = len(rates) * 2 * arguments.pairs * arguments.window_ms / 1000
    service.load(arguments.model, "--closed", arguments.in_flight, "--duration", seconds + 4, "--split", cut, "--sockets", 1, watch_s=0.01,
                 beside=lambda: said.update((rate, poll(service, rate)) for rate in rates))
    rows = Rows(service.folder / cases.REQUEST_LOG)
    return cut, {rate: pairs_of(lines, rows) for rate, lines in said.items()}


def percent(found):
    return "{:.2f} % ({:.2f} to {:.2f})".format(*(100 * value for value in found))


def print_effects(measured):
    """The most that the polls can take, by the last rate."""
    host.print_head("effect on", "polls a second", "median of the pairs (95 of 100)", "mean without the tenth at each end (95 of 100)", f"of {arguments.polls:,.0f}, at most")
    ends = []
    for name, rate in (("rows a second", lambda window: window.rows_per_s), ("rows a second of the worker's own time", Window.rows_per_worker_s)):
        for polls, pairs in measured.items():
            values = effects(pairs, rate)
            middle, times = bootstrap(values, statistics.median), polls / arguments.polls
            host.print_row(name, f"{polls:,.0f}", percent(middle), percent(bootstrap(values, trimmed_mean)), percent([value / times for value in middle]))
        ends.append(middle[2] / times)
    return max(ends)


def print_costs(pairs):
    asked = sum(polled.asked for polled, _ in pairs)
    unasked, refused = (sum(getattr(polled, name) for polled, _ in pairs) for name in ("unasked", "refused"))
    seconds = sum(polled.seconds for polled, _ in pairs)
    print(f"\n{asked / seconds:.0f} polls a second in their windows, {unasked} left out as their connection still waited, {refused} not answered by 200; "
          f"answered after {statistics.median(polled.p50_us for polled, _ in pairs):.0f} us in the median, "
          f"{statistics.median(polled.p99_us for polled, _ in pairs):.0f} us for 99 of 100\n")
    host.print_head("process", "of a core without polls", "with", "us more for each poll")
    for role in ROLES:
        without, polled = (sum(pair[i].ns[role] for pair in pairs) / 1e9 / sum(pair[i].seconds for pair in pairs) for i in (1, 0))
        host.print_row(role, f"{without:.1%}", f"{polled:.1%}", "" if role == "worker" else f"{(polled - without) * seconds / asked * 1e6:.1f}")
    host.print_row("api_poller", "0.0%", f"{sum(polled.poller_ns for polled, _ in pairs) / 1e9 / seconds:.1%}",
                   f"{sum(polled.poller_ns for polled, _ in pairs) / 1e3 / asked:.1f}")


def main():
    host.skip_unless_built(arguments)
    cores = host.Cores()
    host.print_place(cores)
    settings = {"api": {"listen": "127.0.0.1", "port": host.free_port(socket.SOCK_STREAM)}, "load": {"min_poll": "0ms"}, "dispatch": {"max_batch": 8},
                "log": {"requests": "full"}}
    with host.Service(arguments, cores, [arguments.model], settings, cases.niceness()) as service:
        cut, measured = measure(service, (arguments.polls, arguments.times * arguments.polls))
    pairs = measured[arguments.polls]
    print(f"{arguments.model} from cut {cut}, {arguments.in_flight} requests in flight, {statistics.median(without.rows_per_s for _, without in pairs):.0f} rows/s; "
          f"{arguments.pairs} pairs of {arguments.window_ms:g} ms for each rate; niceness {cases.niceness()}\n")
    upper = print_effects(measured)
    for each in measured.values():
        print_costs(each)
    print(f"\n{'reached' if upper < MARK else 'not shown'}: at most {upper:.2%}; load after: {cases.load_average()}")
    return 0


arguments = parser.parse_args()
if __name__ == "__main__":
    sys.exit(host.run(main))
