"""Outages: what kubectl prints, and that everything recovers without a restart."""

import threading

from ecr_admission.problem import Problem
from project.tools import ROOT

from .transcript import Transcript
from .waiting import until

WAIT_SECONDS = 30
# How many calls one review makes to an ECR that hangs, before it times out.
HANGING_CALLS = 3
FAULTS = {
    "ECR throttles": ("DescribeRepositories=throttle",),
    "the function may not ask ECR": ("DescribeRepositories=access-denied",),
    "ECR fails": ("DescribeRepositories=server-error",),
    "the authorizer may not read the secret": ("GetSecretValue=access-denied",),
    "the authorizer gets no answer": ("GetSecretValue=hang",),
}
# The image of compliant.yaml, as the sample catalogue has it.
CLEAN = """          - tags: ["1.4"]
            scan: {status: COMPLETE, completedAt: 1 day ago, vulnerabilitySourceUpdatedAt: 1 day ago, findings: []}"""
CRITICAL = CLEAN.replace("[]", "[{name: CVE-2026-50001, severity: CRITICAL, package: openssl, version: 3.3.1}]")


def run(world, apiserver, cloud):
    """Restarts `cloud` with faults; nothing else may use it meanwhile."""
    kubectl = world.kubectl(apiserver, "outages")
    play = Transcript("outages", world.report, kubectl, {"ENDPOINT": cloud.authority, "DIR": str(world.folder)})
    play.play("before")
    _killed(world, kubectl, cloud, play)

    cloud.stop()
    play.play("the endpoint is down")
    # In this order, these parts also show that the apiserver needs no restart.
    # One more call, for the review that is killed.
    cloud.start("--fault", f"DescribeRepositories=hang:{1 + HANGING_CALLS}")
    _killed_in_a_review(world, cloud, play)
    # The answer proves that the function gave up before the apiserver did, and said why.
    play.play("ECR hangs")
    play.play("ECR answers again")
    for part, faults in FAULTS.items():
        cloud.stop()
        cloud.start(*(word for fault in faults for word in ("--fault", fault)))
        play.play(part)
    cloud.stop()
    cloud.start("--registry", str(_later(world)))
    play.play("an image has become CRITICAL")
    play.finish()


def _killed(world, kubectl, cloud, play):
    killed = cloud.kill("admission")
    world.report.check("outages: the admission function is killed", killed > 0, killed, "at least one sandbox")
    play.play("the admission function was killed")


def _killed_in_a_review(world, cloud, play):
    reviewed = threading.Thread(target=play.play, args=("the admission function dies during a review",))
    reviewed.start()
    calls = until(cloud.calls, _called_ecr, WAIT_SECONDS)
    if not _called_ecr(calls):
        raise Problem(f"outages: no review called ECR within {WAIT_SECONDS} seconds:\n{calls}")
    cloud.kill("admission")
    reviewed.join()


def _called_ecr(calls):
    return any(operation == "DescribeRepositories" for operation, _key, _status in calls)


def _later(world):
    """The sample catalogue, in which an image has a new finding."""
    catalogue = (ROOT / "deploy/samples/registry.yaml").read_text(encoding="utf-8")
    if catalogue.count(CLEAN) < 1:
        raise Problem(f"deploy/samples/registry.yaml no longer has\n{CLEAN}")
    return world.write("registry-later.yaml", catalogue.replace(CLEAN, CRITICAL, 1))
