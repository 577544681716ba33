"""What a Pod's creation costs through a real kube-apiserver: without a webhook, and with ours.

Each Pod is created, not dry-run, over a connection that its client keeps. The cases take turns block by block, so that
what slows the machine for a while slows all of them. The case without a webhook is there twice (A/A): what lies between
its two rows is noise.
"""

import csv
import json
import os
import statistics
import threading
import time
from dataclasses import dataclass, field

from ecr_admission.problem import Problem
from project.tools import ROOT

from .world import GOOD_IMAGE, install, pod

PAGE = ROOT / "functions" / "admission" / "BENCHMARKS.md"
RAW = PAGE.with_name("pod-creation.csv")
BEGIN, END = "<!-- scripts/e2e --bench --write: begin -->", "<!-- scripts/e2e --bench --write: end -->"
PODS = 5000
BLOCKS = 5
CLIENTS = (10, 50)
LATENCY_MS = 20
# Beside each other they would slow each other down; one sandbox more than clients, so that none waits for one.
SANDBOXES = str(max(CLIENTS) + 1)
FAR = ("--sandboxes", SANDBOXES, "--latency-ms", str(LATENCY_MS), "--handshake-ms", str(LATENCY_MS))
FRESH = ("--admission-env", "CACHE_SECONDS=0")
NONE, AGAIN = "no webhook", "no webhook again (A/A)"
CACHED, NEW = "ecr-admission, cached", f"ecr-admission, fresh, AWS + {LATENCY_MS} ms"
CASES = {NONE: None, AGAIN: None, CACHED: FAR, NEW: (*FAR, *FRESH)}


@dataclass
class Case:
    """One cluster, and how long its Pods took, in milliseconds, by the number of clients."""

    apiserver: object
    times: dict = field(default_factory=lambda: {clients: [] for clients in CLIENTS})
    seconds: dict = field(default_factory=lambda: dict.fromkeys(CLIENTS, 0.0))


def run(world, pods=PODS):
    """Creates the Pods; returns the cases by name."""
    world.start()
    cases = {name: _case(world, number, options) for number, (name, options) in enumerate(CASES.items())}
    for clients in CLIENTS:
        for case in cases.values():
            # Connections, sandboxes and caches, as they are in a cluster that has run for a while.
            _block(case, clients, f"warm-{clients}", 4 * clients, counted=False)
        for block in range(BLOCKS):
            for name, case in cases.items():
                world.report.say(f"{clients} clients, block {block + 1} of {BLOCKS}: {name}")
                _block(case, clients, f"pod-{clients}-{block}", pods // BLOCKS)
    return cases


def _case(world, number, options):
    admission = cloud = None
    if options is not None:
        cloud = world.cloud(f"cloud-of-bench-{number}", *options)
        admission = cloud.dir / "admission-configuration.yaml"
    apiserver = world.apiserver(f"apiserver-of-bench-{number}", f"/bench-{number}", admission)
    kubectl = world.kubectl(apiserver, "bench")
    if cloud is not None:
        install(kubectl, cloud)
    return Case(apiserver)


def _block(case, clients, name, count, counted=True):
    numbers = iter(range(count))
    lock = threading.Lock()
    times, wrong = [], []

    def work():
        with case.apiserver.connection() as connection:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                body = json.dumps(pod(f"{name}-{number}", GOOD_IMAGE))
                started = time.perf_counter()
                status = connection.create("/api/v1/namespaces/bench/pods", body)
                took = time.perf_counter() - started
                with lock:
                    times.append(took * 1000)
                    if status != 201:
                        wrong.append(status)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong or len(times) != count:
        raise Problem(f"expected {count} Pods created, got {len(times)}, of them with another status: {wrong[:5]}")
    if counted:
        case.times[clients] += times
        case.seconds[clients] += time.perf_counter() - started


def table(cases):
    """The Markdown table."""
    lines = ["| clients | | Pods a second | p50 | p95 | p99 | added at p50, p95, p99 |", "|---|---|---|---|---|---|---|"]
    for clients in CLIENTS:
        base = _percentiles(cases[NONE].times[clients])
        for name, case in cases.items():
            found = _percentiles(case.times[clients])
            added = "" if name == NONE else ", ".join(f"{one - other:+.0f}" for one, other in zip(found, base)) + " ms"
            rate = len(case.times[clients]) / case.seconds[clients]
            cells = [str(clients), name, f"{rate:.0f}", *(f"{value:.0f} ms" for value in found), added]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _percentiles(times):
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def write(cases, versions):
    """Puts the table into the page of the benchmarks, and the raw data beside it."""
    text = PAGE.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise Problem(f"{PAGE} lacks the markers {BEGIN} and {END}")
    measured = f"Measured with {versions[1]} and {os.cpu_count()} cores, {PODS} Pods for each row; "
    measured += f"[every time]({RAW.name}) in milliseconds.\n"
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(cases)}\n{measured}\n{END}{after}", encoding="utf-8")
    _write_raw(cases, RAW)


def _write_raw(cases, path):
    """Every time in milliseconds: a column for each case and number of clients, sorted."""
    columns = {
        f"{name}, {clients} clients": sorted(case.times[clients]) for clients in CLIENTS for name, case in cases.items()
    }
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([f"{time:.2f}" for time in row] for row in zip(*columns.values()))
