"""The contexts of --context: the same checks in many clusters, side by side."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..kubectl import Cluster
from ..problem import Problem
from . import live_checks
from .calls import calls_of
from .report import FAIL, Report

# How many clusters are asked at the same time.
AT_ONCE = 8


@dataclass(frozen=True)
class Context:
    """A context of the kubeconfig, and the name that the token secret or VpcEndpointClusters has for its cluster."""

    name: str
    cluster: str


def parse(texts):
    """Reads `NAME[=CLUSTER]`, several with commas between them, each text from one --context."""
    found = []
    for word in (word.strip() for text in texts for word in text.split(",")):
        name, _, cluster = word.partition("=")
        if not name or word.endswith("="):
            raise Problem(f"expected --context NAME or NAME=CLUSTER, got {word!r}")
        found.append(Context(name, cluster or name))
    names = [context.name for context in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise Problem(f"--context names {twice!r} more than once")
    return found


def check_all(report, world):
    """Checks each context, and adds the results in their order; a line for each at the end."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = []
        for result in pool.map(lambda context: _check(world, context), world.contexts):
            report.join(result)
            results.append(result)
    return [f"{context.name}: {result.failures()}" for context, result in zip(world.contexts, results)]


def _check(world, context):
    report = Report(cluster=context.cluster, context=context.name)
    cluster = Cluster(context.name)
    if not report.check("cluster", _reach, cluster):
        # Each of the others would only fail for the same reason.
        return report
    try:
        calls = calls_of(world, context.cluster, cluster)
    except Problem as found:
        report.add("live webhooks", FAIL, found)
        return report
    live_checks.check(report, world, calls, cluster)
    return report


def _reach(cluster):
    """The apiserver answers; every user who signed in may ask."""
    answer = cluster.run("get", "--raw", "/version")
    if answer.code != 0:
        raise Problem(
            f"kubectl gets no answer ({answer.why}); check the name of the context, the network and the sign-in. Nothing else"
            " was checked there"
        )
    return "its apiserver answers"
