"""One run of all tests."""

import contextlib
import platform
import re
import tempfile
import threading
import time
import traceback
from pathlib import Path

from ecr_admission.problem import Problem

from . import (
    admission_policy,
    alerts,
    authentication,
    bench,
    binaries,
    controllers,
    coverage,
    documentation,
    eks,
    outages,
    pods,
    policy,
    private_door,
    rotation,
    runbook,
)
from .report import Report
from .world import World, install


def run(pin, packaged):
    """Runs all tests on the Kubernetes that `pin` names; returns the exit code."""
    report = Report()
    try:
        found = _binaries(pin, report)
    except binaries.Unavailable as why:
        report.skip("scripts/e2e", str(why))
        return report.close()
    with _world(found, report, packaged) as world:
        _section(world, "all", lambda: _all(world))
    return report.close()


def measure(pin, write):
    """Times Pod creations on the Kubernetes that `pin` names, with the functions as they ship; returns the exit code.

    With `write`, puts the table and the raw data into the folder of the benchmarks.
    """
    report = Report()
    try:
        found = _binaries(pin, report)
    except binaries.Unavailable as why:
        raise Problem(f"scripts/e2e --bench: {why}") from why
    with _world(found, report, packaged=True) as world:
        cases = bench.run(world)
    print(bench.table(cases))
    if write:
        bench.write(cases, found.versions())
    return 0


@contextlib.contextmanager
def _world(found, report, packaged):
    for line in found.versions():
        report.say(line)
    # A short path, since a socket in it has a limit.
    with tempfile.TemporaryDirectory(prefix="ecr-admission-e2e-") as folder:
        world = World(found, report, Path(folder), packaged)
        try:
            yield world
        finally:
            if report.failed:
                report.say(world.running.tails())
            world.stop()


def _binaries(pin, report):
    if platform.system() != "Linux":
        raise binaries.Unavailable(f"expected Linux, since it reads /proc, got {platform.system()}")
    return binaries.find(pin, report.say)


def _all(world):
    """The rotations mostly wait, so they run beside the others."""
    world.start()
    cloud = world.cloud("cloud", "--pin-namespaces", pods.PINNED)
    beside = [
        _beside(world, "rotation", rotation.run),
        _beside(world, "eks", eks.run),
        _beside(world, "private", private_door.run),
    ]
    _section(world, "authentication", lambda: authentication.run(world, cloud))
    _section(world, "admission policy", lambda: admission_policy.run(world, cloud))
    _section(world, "alerts", lambda: alerts.run(world, cloud))
    _section(world, "coverage", lambda: coverage.run(world, cloud))
    _section(world, "main", lambda: _main(world, cloud))
    _section(world, "documentation", lambda: documentation.run(world))
    for thread in beside:
        thread.join()


def _beside(world, name, run):
    thread = threading.Thread(target=_section, args=(world, name, lambda: run(world)), daemon=True)
    thread.start()
    return thread


def _main(world, cloud):
    """One cluster for the other tests; those that stop the cloud come last."""
    apiserver = world.apiserver("apiserver", "/main", cloud.dir / "admission-configuration.yaml")
    install(world.kubectl(apiserver), cloud)
    logged = re.search(r"^gateway POST /validate 200 .* cluster=local token=current$", cloud.log(), re.MULTILINE)
    name = "main: the apiserver's token reaches the authorizer"
    world.report.check(name, logged, cloud.log()[-1000:], "cluster=local")
    _section(world, "pods", lambda: pods.run(world, apiserver, cloud))
    _section(world, "controllers", lambda: controllers.run(world, apiserver))
    _section(world, "outages", lambda: outages.run(world, apiserver, cloud))
    _section(world, "policy", lambda: policy.run(world, apiserver, cloud))
    _section(world, "runbook", lambda: runbook.run(world, apiserver, cloud))


def _section(world, name, section):
    started = time.monotonic()
    try:
        section()
    except Problem as problem:
        world.report.stopped(name, problem)
    except Exception:
        world.report.stopped(name, traceback.format_exc())
    world.report.say(f"{name}: {time.monotonic() - started:.0f} s")
