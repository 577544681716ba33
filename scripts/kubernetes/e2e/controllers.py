"""Controllers: kubectl warns the author, and the denials of their Pods are where the author looks."""

import json

from .control_plane import start_controllers
from .transcript import Transcript
from .world import pod

WAIT_SECONDS = 60
# More than the webhook's answer lists.
CONTAINERS = 20


def run(world, apiserver):
    """In the cluster of `apiserver`; with kube-controller-manager, if there is one, to create the Pods."""
    kubectl = world.kubectl(apiserver, "controllers")
    world.write("many-warnings.yaml", json.dumps(_deployment()))
    play = Transcript("controllers", world.report, kubectl, {"DIR": str(world.folder)})
    play.play("every kind")
    play.play("later changes")
    play.play("many warnings")
    if world.binaries.controllers:
        controllers = start_controllers(world.binaries.controllers, apiserver, world.running, world.folder)
        _denied_pods(kubectl, play)
        # They would keep creating these Pods, and disturb tests that count.
        controllers.stop()
    else:
        world.report.skip(
            "controllers: the events of a Deployment",
            "KUBEBUILDER_ASSETS has no kube-controller-manager; add it, or unset KUBEBUILDER_ASSETS to build all",
        )
        for part in ("a Deployment", "a CronJob"):
            play.leave_out(part)
    play.finish()


def _denied_pods(kubectl, play):
    def event(kind):
        return f"--field-selector=reason=FailedCreate,involvedObject.kind={kind}"

    kubectl.must("apply", "-f", "deploy/samples/pods/deployment.yaml")
    kubectl.must("create", "job", "--from=cronjob/cronjob", "by-hand")
    for kind in ("ReplicaSet", "Job"):
        kubectl.until(["get", "events", event(kind)], lambda output: "FailedCreate" in output.text, WAIT_SECONDS)
    condition = "-o=jsonpath={.status.conditions[*].type}"
    kubectl.until(
        ["get", "deployment/frontend", condition], lambda output: "ReplicaFailure" in output.text, WAIT_SECONDS
    )
    play.play("a Deployment")
    play.play("a CronJob")


def _deployment():
    labels = {"app": "many-warnings"}
    template = pod("", *[f"nginx:{number}" for number in range(CONTAINERS)])
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "many-warnings"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
        },
    }
