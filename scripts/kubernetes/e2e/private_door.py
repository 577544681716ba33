"""The private door: a cluster that its VPC endpoint stands for, and one that sends its token, on a real kube-apiserver."""

import json
import re
import subprocess

from ecr_admission.problem import Problem
from project.tools import ROOT

from .world import GOOD_IMAGE, SAMPLES, pod

BLUE, GREEN, OTHER = "vpce-0123456789abcdef0", "vpce-0fedcba9876543210", "vpce-0aaaaaaaaaaaaaaaa"
OPTIONS = ("--private", "--public-endpoint", "false", "--rest-port", "0", "--vpc-endpoint-ids", f"{BLUE},{GREEN}")
KEYLESS = ("--vpc-endpoint-clusters", "blue,green", "--other-endpoint-ids", OTHER)
FOREIGN = ["create", "--dry-run=server", "-f", f"{SAMPLES}/docker-hub.yaml"]
DENIED = 'denied the request: spec.containers[0].image "nginx:1.29": is not in an Amazon ECR private registry'


def run(world):
    """Makes a local cloud that has no public endpoint, and two clusters."""
    cloud = world.cloud("cloud-of-private", *OPTIONS, *KEYLESS)
    _keyless(world, cloud)
    _with_token(world, cloud)


def _keyless(world, cloud):
    """An apiserver as Amazon EKS has it. The webhooks have no secret, so kubectl apply may keep a copy."""
    check = world.report.check
    kubectl = world.kubectl(world.apiserver("apiserver-of-private", "/private"), "private")
    for endpoint, cluster in ((BLUE, "blue"), (GREEN, "green")):
        path = cloud.dir / "private" / endpoint / "keyless" / "validating-webhook.yaml"
        kubectl.must("apply", "-f", path)
        denied = kubectl.until(FOREIGN, lambda output, name=cluster: output.code != 0 and _served(cloud, name))
        check(f"private: {cluster}: a foreign image is denied", DENIED in denied.text, denied.text, DENIED)
        _admits(check, kubectl, cluster)
        check(f"private: {cluster}: the endpoint is the cluster", _served(cloud, cluster), cloud.log()[-1000:], cluster)
    kubectl.must("apply", "-k", _rendered(world, cloud))
    refused = kubectl.until(FOREIGN, lambda output: "denied the request" not in output.text)
    failed = refused.code != 0 and "failed call" in refused.text
    check("private: an endpoint that the policy does not admit gets no decision", failed, refused.text, "failed calling webhook")


def _with_token(world, cloud):
    """An apiserver whose flags are the operator's: its token counts, whatever the endpoint stands for."""
    check = world.report.check
    folder = cloud.dir / "private" / BLUE
    apiserver = world.apiserver("apiserver-of-private-token", "/private-token", folder / "admission-configuration.yaml")
    kubectl = world.kubectl(apiserver, "private")
    kubectl.must("apply", "-f", folder / "validating-webhook.yaml")
    denied = kubectl.until(FOREIGN, lambda output: output.code != 0 and _served(cloud, "local"))
    check("private: with a token: a foreign image is denied", DENIED in denied.text, denied.text, DENIED)
    _admits(check, kubectl, "with a token")
    check("private: the token is the cluster", _served(cloud, "local"), cloud.log()[-1000:], "cluster=local")


def _admits(check, kubectl, name):
    good = json.dumps(pod("good", GOOD_IMAGE))
    admitted = kubectl("create", "--dry-run=server", "-f", "-", stdin=good)
    check(f"private: {name}: a good image is admitted", admitted.code == 0, admitted.text, "created")


def _served(cloud, cluster):
    """Whether the gateway has logged a review of this cluster."""
    return re.search(rf"^gateway POST /validate 200 .*cluster={cluster}\b", cloud.log(), re.MULTILINE)


def _rendered(world, cloud):
    """A GitOps folder for the endpoint that the policy of the API denies."""
    url = json.loads((cloud.dir / "urls.json").read_text())[OTHER]
    out = world.folder / "private-other"
    command = [ROOT / "deploy/render-config", "--url", url, "--eks", "--keyless", "--kustomization", "--out", out]
    command += ["--ca-file", cloud.dir / "ca.pem"]
    rendered = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if rendered.returncode != 0:
        raise Problem(f"deploy/render-config failed: {rendered.stderr.strip()}")
    return out
