"""A control plane as Amazon EKS has it: no AdmissionConfiguration, but a key in the URLs of the webhooks."""

import json
import re
import subprocess
from pathlib import Path

from ecr_admission.problem import Problem
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey
from project.tools import ROOT

from . import stack_tools
from .reviews import Reviews
from .stack_answers import StackAnswers
from .transcript import Transcript
from .waiting import until
from .world import CONFIGURATION, GOOD_IMAGE, SAMPLES

PREFIX = "/eks"
PINNED = "pinned"
ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
DENIED = ["create", "--dry-run=server", "-f", f"{SAMPLES}/docker-hub.yaml"]
# How many calls one review makes to an ECR that hangs, before it times out.
HANGING_CALLS = 3
WAIT_SECONDS = 30


def run(world):
    """Makes a local cloud and a cluster of its own."""
    cloud = world.cloud("cloud-of-eks", "--url-keys", "--pin-namespaces", PINNED)
    key = UrlKey.of(Token.read(cloud.dir / "token"))
    apiserver = world.apiserver("apiserver-of-eks", PREFIX)
    kubectl = world.kubectl(apiserver, "eks")
    words = {"ENDPOINT": cloud.authority, "DIR": str(world.folder), "URLKEY": key.reveal()}
    play = Transcript("eks", world.report, kubectl, words)
    play.play("the webhooks are created")
    kubectl.until(DENIED, lambda output: output.code != 0)
    play.play("Pods are admitted and denied")
    _pinning(world, apiserver, play)
    line = r"^gateway POST /validate/\{key\} 200 .* cluster=local token=current$"
    logged = re.search(line, cloud.log(), re.MULTILINE)
    world.report.check("eks: the gateway knows the cluster by its key", logged, cloud.log()[-1000:], "cluster=local")
    _copies(world, kubectl, cloud, key, play)
    _outages(world, cloud, kubectl, key, play)
    play.finish()
    _rotation(world, cloud, apiserver, key)


def _pinning(world, apiserver, play):
    kubectl = world.kubectl(apiserver, PINNED)
    sample = ["create", "--dry-run=server", "-f", f"{SAMPLES}/to-be-pinned.yaml"]
    kubectl.until(sample, lambda output: output.code == 0)
    play.play("an image is pinned", kubectl)


def _copies(world, kubectl, cloud, key, play):
    """kubectl create and replace leave no copy of the key in the object; kubectl apply would."""
    play.play("the webhooks are replaced")
    live = json.loads(kubectl.must("get", CONFIGURATION, "-o", "json"))
    urls = {webhook["clientConfig"].pop("url") for webhook in live["webhooks"]}
    expected = {f"https://{cloud.authority}{key.route('/validate')}"}
    world.report.check("eks: the key is in the URLs", urls == expected, len(urls), "the one URL")
    world.report.check("eks: the key is nowhere else in the object", not key.is_in(json.dumps(live)))
    path = cloud.dir / "eks/validating-webhook.yaml"
    said = kubectl.must("apply", "--dry-run=server", "-f", path, "-o", "json")
    # After the warning that the annotation is missing.
    applied = json.loads(said[said.index("{") :])
    copy = applied["metadata"]["annotations"].get(ANNOTATION, "")
    world.report.check("eks: kubectl apply would keep a copy", key.is_in(copy), f"{len(copy)} characters", "the key")


def _outages(world, cloud, kubectl, key, play):
    """What the user sees: a URL only where no answer comes, and the function answers before the apiserver gives up."""
    cloud.stop()
    play.play("the endpoint is down")
    cloud.start("--fault", f"DescribeRepositories=hang:{HANGING_CALLS}")
    play.play("ECR hangs")
    play.play("ECR answers again")
    cloud.stop()
    cloud.start("--fault", "GetSecretValue=access-denied")
    play.play("the authorizer may not read the secret")
    cloud.stop()
    cloud.start()
    wrong = world.write("wrong-token-of-eks", Token.generate().reveal())
    _render(world, cloud, "wrong-key", wrong)
    kubectl.must("replace", "-f", world.folder / "wrong-key/validating-webhook.yaml")
    kubectl.until(DENIED, lambda output: "denied the request" not in output.text)
    play.play("a wrong key")
    kubectl.must("replace", "-f", cloud.dir / "eks/validating-webhook.yaml")
    kubectl.until(DENIED, lambda output: "denied the request" in output.text)
    world.report.check("eks: no log of the cloud has the key", not key.is_in(cloud.log()), "the key", "none")


def _render(world, cloud, name, token):
    command = [ROOT / "deploy" / "render-config", "--eks", "--url", f"https://{cloud.authority}", "--token-file", token]
    command += ["--ca-file", cloud.dir / "ca.pem", "--out", world.folder / name]
    rendered = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if rendered.returncode != 0:
        raise Problem(f"deploy/render-config failed: {rendered.stderr.strip()}")


def _rotation(world, cloud, apiserver, key):
    """The key is rotated during reviews: deploy/rotate-token, deploy/render-config, kubectl replace, --revoke."""
    outputs = {
        "Endpoint": f"https://{cloud.authority}",
        "TokenSecretArn": "ecr-admission/tokens",
        "IgnoredNamespacesInForce": "kube-system",
        "MetricsNamespaceInForce": "EcrAdmission",
        # What --revoke waits for, since this endpoint has no cache that AWS could reset.
        "AuthorizerCacheSecondsInForce": 1,
        "UrlKeysInForce": "true",
        "AllowedSourcesInForce": "",
        "RegistryIdsInForce": "123456789012",
        "RegistryRegionInForce": "us-east-1",
        "PolicySecretInForce": "",
        "TokenOverlapHoursInForce": 24,
    }
    stack, reviews = StackAnswers(outputs, cloud.forget_authorizer_answers), Reviews(apiserver)
    kubectl = world.kubectl(apiserver)
    try:
        reviews.start()
        _rotate(world, cloud, stack, kubectl, key)
        _doctor(world, cloud, stack, apiserver)
    finally:
        stack.stop()
        reviews.stop()
    reviews.report(world.report, "eks: rotation")


def _rotate(world, cloud, stack, kubectl, key):
    check = world.report.check
    # The metrics that show a review with the new key are CloudWatch's, which is not here.
    rotated = stack_tools.run("rotate-token", cloud, stack, "--eks", "--wait", "0")
    said = "no review with the current key of cluster local was seen within 0 minutes"
    ended = rotated.returncode == 1 and said in rotated.stderr
    check("eks: rotation: it ends only with a review", ended, rotated.stderr, said)
    says = "kubectl replace -f" in rotated.stdout
    check("eks: rotation: it says what to do", says, rotated.stdout, "kubectl replace")
    seen = len(cloud.log())
    _wait(lambda: _used(cloud, seen, "previous"), "the previous key still works", cloud)
    out = world.folder / "rotated"
    rendered = stack_tools.run("render-config", cloud, stack, "--eks", "--out", out)
    if rendered.returncode != 0:
        raise Problem(f"deploy/render-config failed: {rendered.stderr.strip()}")
    for name in ("validating-webhook.yaml", "mutating-webhook.yaml"):
        kubectl.must("replace", "-f", out / name)
    seen = len(cloud.log())
    _wait(lambda: _used(cloud, seen, "current"), "the apiserver calls with the new key", cloud)
    revoked = stack_tools.run("rotate-token", cloud, stack, "--eks", "--revoke", "--force")
    expected = "".join(f"the endpoint refuses the previous {what} of cluster local\n" for what in ("token", "key"))
    check("eks: rotation: --revoke succeeds", revoked.returncode == 0, revoked.stdout + revoked.stderr, "exit code 0")
    check("eks: rotation: token and key are refused", revoked.stdout == expected, revoked.stdout, expected)
    written = "".join(run.stdout + run.stderr for run in (rotated, rendered, revoked)) + cloud.log()
    check("eks: rotation: nobody prints the old key", not key.is_in(written), "the key", "none")


def _doctor(world, cloud, stack, apiserver):
    """deploy/doctor agrees, the cluster included."""
    kubeconfig = apiserver.kubeconfig(world.folder / "doctor.kubeconfig")
    folder = world.folder / "doctor"
    folder.mkdir()
    # The kubectl of the release that is tested.
    (folder / "kubectl").symlink_to(Path(world.binaries.kubectl).resolve())
    arguments = ["--eks", "--live", "--image", GOOD_IMAGE]
    found = stack_tools.run("doctor", cloud, stack, *arguments, tools=folder, KUBECONFIG=str(kubeconfig))
    check = world.report.check
    check("eks: deploy/doctor --eks --live passes", found.returncode == 0, found.stdout + found.stderr, "exit code 0")
    for name in ("right key", "wrong key", "other paths", "key and token", "live webhooks", "dry run"):
        check(f"eks: deploy/doctor checks: {name}", f"ok    {name}: " in found.stdout, found.stdout, name)


def _used(cloud, since, stage):
    """Whether the gateway has logged a review with this key, `current` or `previous`."""
    return re.search(rf"POST /validate/{{key}} 200 .* token={stage}$", cloud.log()[since:], re.MULTILINE)


def _wait(ready, what, cloud):
    if not until(ready, bool, WAIT_SECONDS):
        raise Problem(f"eks: rotation: {what}: not within {WAIT_SECONDS} seconds\n{cloud.log()[-3000:]}")
