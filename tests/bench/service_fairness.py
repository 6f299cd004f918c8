#!/usr/bin/env python3
"""Goodput of ten clients, one of which offers ten times as much: Jain's index.

Twice in each round: where the nine offer twice their part of capacity each, so that all ten want more than they can have; and where
the nine offer just their part. Deadlines let them have less than that even without the tenth, so somebody has what is left, and
the index says less there than what the nine keep of what they have by themselves."""
import service_cases as cases
import service_host as host

NINE = 9


def nine_alone(bench, part, seconds):
    return bench.load("--rate", f"{NINE * part:.2f}", "--duration", seconds, "--deadline-ms", bench.deadlines, "--client-requests", 64, "--by-client", clients=NINE)


def beside(bench, part, seconds):
    """The nine at so much each, the tenth at ten times that: Jain's index, goodput of one of the nine, of the tenth."""
    greedy = bench.start("--rate", f"{10 * part:.2f}", "--duration", seconds, "--deadline-ms", bench.deadlines, "--first-client", 777, "--client-requests", 64,
                         "--by-client")
    nine = nine_alone(bench, part, seconds)
    tenth = cases.finish(greedy)
    good = [client["goodput"] for client in nine["clients"] + tenth["clients"]]
    index = sum(good) ** 2 / (len(good) * max(sum(one ** 2 for one in good), 1))
    return index, cases.goodput(nine) / NINE, cases.goodput(tenth)


def measure(bench):
    host.print_head("capacity per s", "all want more: one of nine offers, has; the tenth has; Jain", "nine want their part: one of nine offers, has; the tenth has; Jain",
                    "one of nine has without the tenth", "nine keep", "load average")
    crowded, relaxed = [], []
    for _ in range(bench.options.rounds):
        part = bench.capacity() / 10
        seconds = 1.5 * bench.options.seconds
        cells = []
        for offered, indexes in ((2 * part, crowded), (part, relaxed)):
            index, one, tenth = beside(bench, offered, seconds)
            indexes.append(index)
            cells.append(f"{offered:.1f}, {one:.1f}; {tenth:.1f}; {index:.3f}")
        alone = cases.goodput(nine_alone(bench, part, seconds)) / NINE
        host.print_row(f"{10 * part:.1f}", *cells, f"{alone:.1f}", f"{one / max(alone, 0.01):.0%}", cases.load_average())
    return [cases.Row("fairness between 10 clients, one offering 10 times as much (Jain's index of goodput)", 0.95, crowded,
                      f"all want more than their part: 3.8 times capacity in all; {bench.options.rounds} rounds"),
            cases.Row("the same where nine want just their part", 0.95, relaxed, f"1.9 times capacity in all; {bench.options.rounds} rounds")]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
