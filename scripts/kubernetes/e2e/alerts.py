"""The rules of deploy/alerts: what they select is in the apiserver's metrics once it happens, and not before."""

import json
import re

from project.loopback import free_port
from project.tools import ROOT

from .waiting import until
from .world import CONFIGURATION, SAMPLES, install

PREFIX = "/alerts"
NAMESPACE = "alerts"
RULES = ROOT / "deploy/alerts/apiserver-rules.yaml"
SELECTOR = re.compile(r"(apiserver_\w+)\{([^{}]*)\}")
MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$", re.MULTILINE)
CALLED = "apiserver_admission_webhook_admission_duration_seconds_bucket"
FAILED = "apiserver_admission_webhook_rejection_count"
OPENED = "apiserver_admission_webhook_fail_open_count"
# The bound that the rule about latency compares with.
BOUND = 'le="2.5"'


def run(world, cloud):
    """Makes a cluster of its own, whose apiserver has counted nothing yet."""
    apiserver = world.apiserver("apiserver-of-alerts", PREFIX, cloud.dir / "admission-configuration.yaml")
    kubectl = world.kubectl(apiserver, NAMESPACE)
    selectors = _selectors(RULES.read_text(encoding="utf-8"))
    names = sorted({metric for metric, _matchers in selectors})
    world.report.same("alerts: the metrics that the rules name", names, sorted([CALLED, FAILED, OPENED]))
    _expect(world, apiserver, selectors, "before the first call", set())

    # A denial by the policy is a rejection too, but not an error.
    install(kubectl, cloud)
    _expect(world, apiserver, selectors, "after a denial", {CALLED})
    world.report.check("alerts: the histogram has the bound of the rule", BOUND in _metrics(apiserver), None, BOUND)

    dead = f"https://127.0.0.1:{free_port()}/validate"
    _patch(kubectl, "clientConfig/url", dead)
    kubectl.until(_create("docker-hub"), lambda output: "connection refused" in output.text)
    _expect(world, apiserver, selectors, "after a failed call under Fail", {CALLED, FAILED})

    _patch(kubectl, "failurePolicy", "Ignore")
    kubectl.until(_create("docker-hub"), lambda output: output.code == 0)
    _expect(world, apiserver, selectors, "after a failed call under Ignore", {CALLED, FAILED, OPENED})


def _expect(world, apiserver, selectors, when, metrics):
    """Each selector on one of these metrics finds something that was counted, and no other does."""

    def found():
        samples = _samples(_metrics(apiserver))
        return {selector for selector in selectors if any(_selects(selector, sample) for sample in samples)}

    expected = {selector for selector in selectors if selector[0] in metrics}
    got = until(found, lambda answer: answer == expected, 10)
    world.report.same(f"alerts: what the rules select {when}", sorted(got), sorted(expected))


def _metrics(apiserver):
    return apiserver.get("/metrics")


def _selectors(text):
    """The metrics that an expression in the file names, each with its matchers."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {(name, tuple(MATCHER.findall(matchers))) for name, matchers in SELECTOR.findall(lines)}


def _samples(text):
    """The series that were counted: (metric, labels)."""
    return [
        (name, {label: value for label, _operator, value in MATCHER.findall(labels)})
        for name, labels, value in SAMPLE.findall(text)
        if float(value) > 0
    ]


def _selects(selector, sample):
    name, matchers = selector
    metric, labels = sample
    return name == metric and all(
        re.fullmatch(value if operator == "=~" else re.escape(value), labels.get(label, ""))
        for label, operator, value in matchers
    )


def _create(sample):
    return ["create", "--dry-run=server", "-f", f"{SAMPLES}/{sample}.yaml"]


def _patch(kubectl, field, value):
    operation = {"op": "replace", "path": f"/webhooks/0/{field}", "value": value}
    kubectl.must("patch", CONFIGURATION, "--type=json", f"--patch={json.dumps([operation])}")
