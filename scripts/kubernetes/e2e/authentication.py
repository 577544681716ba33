"""Control planes that were set up wrongly, each in one way: what a person sees, and that nothing gets in."""

import json
import subprocess

from ecr_admission.problem import Problem
from ecr_admission.tokens import Token
from project.tools import ROOT

from .transcript import Transcript
from .world import CONFIGURATION, SAMPLES, install

PREFIX = "/authentication"


def run(world, cloud):
    """`cloud` is one that stays up meanwhile."""
    play = Transcript("authentication", world.report, None, {"ENDPOINT": cloud.authority, "DIR": str(world.folder)})
    wrong = world.write("wrong-token", Token.generate().reveal())
    nodes = {
        "a wrong token": _render(world, cloud, "wrong", token_file=wrong),
        "no AdmissionConfiguration": None,
        "a kubeconfig for another host": _render(world, cloud, "host", url="https://127.0.0.1:443"),
        "a missing tokenFile": _render(world, cloud, "missing", token_file=world.folder / "no-such-token"),
    }
    kubectls = {}
    for number, (part, admission) in enumerate(nodes.items(), 1):
        apiserver = world.apiserver(f"apiserver-{part.replace(' ', '-')}", PREFIX, admission)
        kubectls[part] = world.kubectl(apiserver, f"plane-{number}")
        if number == 1:
            install(kubectls[part], cloud)
        play.play(part, kubectls[part])
        _nothing_admitted(world, part, kubectls[part])
    _ignore(play, kubectls)
    _untrusted(play, next(iter(kubectls.values())))
    play.finish()


def _nothing_admitted(world, part, kubectl):
    said = kubectl("get", "pods")
    world.report.check(
        f"authentication: {part}: nothing is admitted", said.text.startswith("No resources found"), said.text, "no Pods"
    )


def _ignore(play, kubectls):
    """The other failurePolicy, which the rendered configuration has not for Pods."""
    first = next(iter(kubectls.values()))
    _patch(first, {"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"})
    for part, kubectl in kubectls.items():
        kubectl.until(["create", "--dry-run=server", "-f", f"{SAMPLES}/docker-hub.yaml"], lambda said: said.code == 0)
        play.play(f"{part}, with failurePolicy Ignore", kubectl)


def _untrusted(play, kubectl):
    """A configuration that trusts the roots of the control-plane node alone, of which the endpoint has none."""
    _patch(kubectl, {"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"})
    _patch(kubectl, {"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"})
    kubectl.until(["create", "--dry-run=server", "-f", f"{SAMPLES}/index.yaml"], lambda said: "x509" in said.text)
    play.play("a caBundle that is missing", kubectl)


def _patch(kubectl, operation):
    kubectl.must("patch", CONFIGURATION, "--type=json", f"--patch={json.dumps([operation])}")


def _render(world, cloud, name, url=None, token_file=None):
    """Another AdmissionConfiguration for `cloud`, made by deploy/render-config; its path."""
    out = world.folder / name
    command = [ROOT / "deploy" / "render-config", "--url", url or f"https://{cloud.authority}", "--out", out]
    command += ["--token-file", token_file or cloud.dir / "token", "--ca-file", cloud.dir / "ca.pem"]
    rendered = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if rendered.returncode != 0:
        raise Problem(f"deploy/render-config failed: {rendered.stderr.strip()}")
    return out / "admission-configuration.yaml"
