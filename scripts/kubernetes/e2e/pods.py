"""Pods: every sample, and every way in which an image gets into a Pod or is changed in one."""

import json
import re

from project.tools import ROOT

from .transcript import Transcript
from .world import CONFIGURATION, GOOD_IMAGE, SAMPLES, pod

CONTAINERS = 100
# A request may have 1.5 MB in etcd; a value of an environment variable may have any length.
MEGABYTE = 1_000_000
# The namespace of the samples in which images are pinned.
PINNED = "pinned"


def run(world, apiserver, cloud):
    """`apiserver` is the one whose webhooks are installed."""
    kubectl = world.kubectl(apiserver, "pods")
    ignored = world.kubectl(apiserver, "kube-system")
    _write_objects(world)
    words = {"DIR": str(world.folder), "ENDPOINT": cloud.authority}
    play = Transcript("pods", world.report, kubectl, words)
    for part in ("every sample", "an image is changed", "kubectl debug", "other ways in", "large Pods", "odd images"):
        play.play(part)
    _pinning(world, apiserver, cloud, play)
    _all_samples(world, play)
    _ignored(world, apiserver, cloud, play, ignored)
    _old_review(kubectl, play)
    play.finish()


def _write_objects(world):
    """Manifests that are too long to keep, or that no editor shows."""
    large = pod("large", GOOD_IMAGE)
    large["spec"]["containers"][0]["env"] = [{"name": "DATA", "value": "x" * MEGABYTE}]
    objects = {
        "hundred": pod("hundred", *[GOOD_IMAGE] * CONTAINERS),
        "hundred-denied": pod("hundred-denied", *[f"nginx:{number}" for number in range(CONTAINERS)]),
        "large": large,
        # All of these get past the apiserver's own validation.
        "odd": pod("odd", "ngi nx", "nginx:", "../../etc/passwd", "https://example.com/x", "a\0b", "\x1b[31mred"),
        "endless": pod("endless", "x" * 5_000),
    }
    for name, manifest in objects.items():
        world.write(f"{name}.yaml", json.dumps(manifest))


def _pinning(world, apiserver, cloud, play):
    """The local cloud pins images in this namespace; the mutating webhook is another configuration."""
    kubectl = world.kubectl(apiserver, PINNED)
    play.play("pinning, without the mutating webhook", kubectl)
    configuration = cloud.dir / "mutating-webhook.yaml"
    kubectl.must("apply", "-f", configuration)
    sample = ["create", "--dry-run=server", "-f", f"{SAMPLES}/to-be-pinned.yaml"]
    kubectl.until(sample, lambda said: said.code == 0)
    play.play("pinning", kubectl)
    kubectl.must("delete", "-f", configuration)
    kubectl.until(sample, lambda said: said.code != 0)


def _all_samples(world, play):
    """One check: that no sample is missing in the transcript."""
    played = play.files()
    there = {f"{SAMPLES}/{path.name}" for path in (ROOT / SAMPLES).iterdir()}
    missing = sorted(there - played)
    world.report.check("pods: every file of deploy/samples/pods is played", not missing, missing, [])


def _ignored(world, apiserver, cloud, play, kubectl):
    """A namespace that is not judged is no call at all: the apiserver's own count, and the gateway's log."""
    before = _asked(apiserver), _answered(cloud)
    play.play("an ignored namespace", kubectl)
    after = _asked(apiserver), _answered(cloud)
    world.report.same("pods: an ignored namespace: neither asked nor answered", after, before)
    play.play("a namespace that is not ignored")
    told = _asked(apiserver)
    world.report.check("pods: and the count does count", told > after[0], told, f"more than {after[0]}")


def _asked(apiserver):
    """How many calls of webhooks the apiserver has counted."""
    counts = re.findall(
        r'^apiserver_admission_webhook_admission_duration_seconds_count\{name="pods\.ecr-admission\.internal".* (\d+)$',
        apiserver.get("/metrics"),
        re.MULTILINE,
    )
    return sum(int(count) for count in counts)


def _answered(cloud):
    return len(re.findall(r"^gateway POST /validate ", cloud.log(), re.MULTILINE))


def _old_review(kubectl, play):
    """AdmissionReview v1beta1, which the apiserver sends when a configuration names nothing else."""

    def change(name, version):
        values = {"name": name, "admissionReviewVersions": [version]}
        patch = [{"op": "replace", "path": f"/webhooks/0/{key}", "value": value} for key, value in values.items()]
        kubectl.must("patch", CONFIGURATION, "--type=json", f"--patch={json.dumps(patch)}")
        # The name shows in the denial, and tells that the apiserver goes by the change.
        denied = ["create", "--dry-run=server", "-f", f"{SAMPLES}/docker-hub.yaml"]
        kubectl.until(denied, lambda said: f'"{name}" denied' in said.text)

    change("v1beta1.ecr-admission.internal", "v1beta1")
    try:
        play.play("AdmissionReview v1beta1")
    finally:
        change("pods.ecr-admission.internal", "v1")
