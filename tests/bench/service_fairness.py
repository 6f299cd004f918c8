#!/usr/bin/env python3
"""Goodput of ten clients, one of which offers ten times as much: Jain's index.

Each of the nine offers a tenth of capacity, which is its fair share; the tenth offers all of it."""
import service_cases as cases
import service_host as host


def measure(bench):
    host.print_head("capacity per s", "nine clients: offered, goodput per s each", "the tenth: offered, goodput per s", "Jain's index", "rows of 9: share in time",
                    "load average")
    indexes = []
    for _ in range(bench.options.rounds):
        capacity = bench.capacity()
        seconds = 1.5 * bench.options.seconds
        greedy = bench.start("--rate", f"{capacity:.2f}", "--duration", seconds, "--deadline-ms", bench.deadlines, "--first-client", 777, "--client-requests", 64,
                             "--by-client")
        nine = bench.load("--rate", f"{0.9 * capacity:.2f}", "--duration", seconds, "--deadline-ms", bench.deadlines, "--client-requests", 64, "--by-client",
                          clients=9)
        tenth = cases.finish(greedy)
        good = [client["goodput"] for client in nine["clients"] + tenth["clients"]]
        indexes.append(sum(good) ** 2 / (len(good) * max(sum(one ** 2 for one in good), 1)))
        counts = nine["counts"]
        host.print_row(f"{capacity:.1f}", f"{counts['offered_per_s'] / 9:.1f}, {counts['goodput_per_s'] / 9:.1f}",
                       f"{tenth['counts']['offered_per_s']:.1f}, {tenth['counts']['goodput_per_s']:.1f}", f"{indexes[-1]:.3f}",
                       f"{counts['goodput'] / max(counts['offered'], 1):.1%}", cases.load_average())
    return [cases.Row("fairness between 10 clients, one offering 10 times as much (Jain's index of goodput)", 0.95, indexes,
                      f"1.9 times capacity in all; {bench.options.rounds} rounds")]


if __name__ == "__main__":
    cases.main(__doc__, ("join",), measure)
