"""One run of deploy/doctor."""

from .. import in_cluster
from ..kubectl import Cluster
from ..problem import Problem
from . import contexts, live_checks, private, public, registry, rendered_checks, traffic, version
from .report import FAIL, Report
from .world import World


def main(given):
    """Checks what `given` asks for, and prints the results; the exit code."""
    if not given.json:
        return _in_lines(given)
    report, world = Report(), None
    try:
        world = World(given)
        _check(report, world)
    except Problem as found:
        # Nothing was checked, or nothing more.
        report.add("doctor", FAIL, found)
    print(report.as_json(**_facts(given, world)))
    return 1 if report.failed else 0


def _in_lines(given):
    world = World(given)
    if given.in_cluster:
        namespace = world.ignored[0] if world.ignored else "default"
        print(in_cluster.pods(world.endpoint, given.image or in_cluster.IMAGE, namespace), end="")
        return 0
    report = Report(say=_say)
    for line in _check(report, world):
        _say(line)
    _say(f"{world.endpoint.url('')}: {report.summary()}")
    return 1 if report.failed else 0


def _say(line):
    # At once, also into a pipe: some checks take a minute.
    print(line, flush=True)


def _check(report, world):
    """All checks; returns a summary of each context."""
    given = world.given
    if world.door:
        private.check(report, world)
    else:
        public.check(report, world)
    report.advise("version", version.check, world)
    # The key is not known where the token could not be read.
    if not given.eks or world.key or world.keyless:
        policy = rendered_checks.check(report, world) if given.config else None
        if given.live:
            live_checks.check(report, world, world.calls, Cluster(), policy)
    summaries = contexts.check_all(report, world) if world.contexts else []
    registry.check(report, world)
    if given.traffic:
        traffic.check(report, world)
    return summaries


def _facts(given, world):
    """What the report is about."""
    return {
        "stack": given.stack,
        "region": world.stack.region if world and world.stack else given.region,
        "endpoint": world.endpoint.url("") if world else given.url,
        "version": version.running(world) if world else None,
    }
