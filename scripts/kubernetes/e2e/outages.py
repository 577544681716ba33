"""Outages: what a person sees, and that all is well again without a restart of anything."""

import threading
import time

from ecr_admission.problem import Problem
from project.tools import ROOT

from .transcript import Transcript

WAIT_SECONDS = 30
# What one review asks of an ECR that hangs before its time is up.
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
    """Stops `cloud`, and starts it again with faults; nothing else may use it meanwhile."""
    kubectl = world.kubectl(apiserver, "outages")
    play = Transcript("outages", world.report, kubectl, {"ENDPOINT": cloud.authority, "DIR": str(world.folder)})
    play.play("before")
    _killed(world, kubectl, cloud, play)

    cloud.stop()
    play.play("the endpoint is down")
    # One after the other, these also show that the apiserver needs no restart.
    # One call more is for the review that is killed.
    cloud.start("--fault", f"DescribeRepositories=hang:{1 + HANGING_CALLS}")
    _killed_in_a_review(world, cloud, play)
    # Its answer is the proof that the function gave up before the apiserver did, with its own reason.
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
    deadline = time.monotonic() + WAIT_SECONDS
    while "DescribeRepositories" not in [operation for operation, _key, _status in cloud.calls()]:
        if time.monotonic() > deadline:
            raise Problem(f"outages: no review has asked ECR:\n{cloud.calls()}")
        time.sleep(0.05)
    cloud.kill("admission")
    reviewed.join()


def _later(world):
    """The sample catalogue of a later day."""
    catalogue = (ROOT / "deploy/samples/registry.yaml").read_text(encoding="utf-8")
    if catalogue.count(CLEAN) < 1:
        raise Problem(f"deploy/samples/registry.yaml has no longer\n{CLEAN}")
    return world.write("registry-later.yaml", catalogue.replace(CLEAN, CRITICAL, 1))
