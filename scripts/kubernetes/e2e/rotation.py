"""A token is rotated while reviews go on: deploy/rotate-token, then the token file is replaced."""

import http.client
import os
import re
import subprocess
import threading
import time

from ecr_admission import files
from ecr_admission.problem import Problem
from project import tools
from project.tools import ROOT

from .stack_answers import ENDPOINT, StackAnswers
from .world import FOREIGN_IMAGE, GOOD_IMAGE, install, pod

PREFIX = "/rotation"
PODS = "/api/v1/namespaces/default/pods?dryRun=All"
# API Gateway's memory of the authorizer's answers: shorter than the default, to save time.
CACHE_SECONDS = 10
# The apiserver reads a token file again after a minute.
REREAD_SECONDS = 100
PAUSE_SECONDS = 0.25


def run(world):
    """Takes some minutes, nearly all of them waiting."""
    cloud = world.cloud("cloud-of-rotation", "--authorizer-cache-seconds", str(CACHE_SECONDS))
    apiserver = world.apiserver("apiserver-of-rotation", PREFIX, cloud.dir / "admission-configuration.yaml")
    install(world.kubectl(apiserver), cloud)
    reviews = Reviews(apiserver)
    outputs = {
        "Endpoint": ENDPOINT,
        "TokenSecretArn": "ecr-admission/tokens",
        "NamespacesIgnored": "kube-system",
        "MetricsIn": "EcrAdmission",
        "AuthorizerCachedSeconds": CACHE_SECONDS,
    }
    stack = StackAnswers(outputs, cloud.forget_authorizer_answers)
    try:
        reviews.start()
        _rotate(world, cloud, stack, reviews)
    finally:
        stack.stop()
        reviews.stop()
    check = world.report.check
    check("rotation: no review failed meanwhile", not reviews.wrong, reviews.wrong[:3], "201 and 403 by turns")
    check("rotation: reviews went on all the time", reviews.done > 100, f"{reviews.done} reviews", "more than 100")


def _rotate(world, cloud, stack, reviews):
    check = world.report.check
    new = world.folder / "new-token"
    old = (cloud.dir / "token").read_text()
    rotated = _rotate_token(cloud, stack, "--out", new)
    if rotated.returncode != 0:
        raise Problem(f"deploy/rotate-token failed: {rotated.stderr.strip()}")
    check("rotation: the new token is in a file of mode 0600", files.SECRET == new.stat().st_mode & 0o777)
    check("rotation: another token", new.read_text().strip() != old.strip())
    seen = len(cloud.log())
    _wait(lambda: _used(cloud, seen, "previous"), "the apiserver's token counts as the previous one", cloud)
    check("rotation: the previous token works on", True)

    # As deploy/rotate-token says: under another name, then renamed.
    seen = len(cloud.log())
    files.write(cloud.dir / "token", new.read_text(), files.SECRET)
    _wait(lambda: _used(cloud, seen, "current"), "the apiserver sends the new token", cloud)
    check("rotation: the apiserver reads the token file again, without a restart", True)

    before = reviews.done
    revoked = _rotate_token(cloud, stack, "--revoke", "--force")
    check("rotation: --revoke ends well", revoked.returncode == 0, revoked.stdout + revoked.stderr, "exit code 0")
    check(
        "rotation: the previous token is refused from then on",
        revoked.stdout == "the endpoint refuses the previous token of cluster local\n",
        revoked.stdout,
        "the endpoint refuses the previous token of cluster local",
    )
    check(
        "rotation: --revoke waits for every copy, then resets API Gateway's cache",
        re.search(r"until no copy of the secret.*API Gateway has forgotten", revoked.stderr, re.DOTALL) is not None,
        revoked.stderr,
        "the wait, then the reset",
    )
    _wait(lambda: reviews.done > before + 10, "reviews after the revocation", cloud)


def _rotate_token(cloud, stack, *arguments):
    command = [ROOT / "deploy" / "rotate-token", "--stack", "local", "--cluster", "local", *arguments]
    command += ["--region", "us-east-1", "--ca-file", cloud.dir / "ca.pem"]
    command += ["--url", f"https://{cloud.authority}"]
    aws = cloud.aws_environment()
    environment = {
        **{name: value for name, value in tools.environment("awscli").items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": aws["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": aws["AWS_SECRET_ACCESS_KEY"],
        "AWS_ENDPOINT_URL": stack.url,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": aws["AWS_ENDPOINT_URL"],
        "AWS_CA_BUNDLE": str(cloud.dir / "ca.pem"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return subprocess.run(
        [str(word) for word in command], env=environment, capture_output=True, text=True, check=False
    )


def _used(cloud, since, token):
    """Whether a review was let in with the current or the previous token, as the gateway logs it."""
    return re.search(rf"POST /validate 200 .* token={token}$", cloud.log()[since:], re.MULTILINE)


def _wait(ready, what, cloud):
    deadline = time.monotonic() + REREAD_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise Problem(f"rotation: within {REREAD_SECONDS} s not: {what}\n{cloud.log()[-3000:]}")
        time.sleep(1)


class Reviews:
    """One Pod after the other, by turns to be admitted and to be denied; dry runs."""

    def __init__(self, apiserver):
        self.done, self.wrong = 0, []
        self._apiserver = apiserver
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self):
        while not self._stop.wait(PAUSE_SECONDS):
            for image, expected in ((GOOD_IMAGE, 201), (FOREIGN_IMAGE, 403)):
                try:
                    status, _warnings, body = self._apiserver.send("POST", PODS, pod("rotation", image))
                except (OSError, http.client.HTTPException) as error:
                    status, body = 0, {"message": str(error)}
                self.done += 1
                message = body.get("message", "")
                if status != expected or (expected == 403 and "[ecr-registry]" not in message):
                    self.wrong.append(f"{status} instead of {expected}: {message}")
