"""A token is rotated during reviews: deploy/rotate-token, then the token file is replaced."""

import re

from ecr_admission import files
from ecr_admission.problem import Problem

from . import stack_tools
from .reviews import Reviews
from .stack_answers import ENDPOINT, StackAnswers
from .waiting import until
from .world import install

PREFIX = "/rotation"
# How long the gateway reuses the authorizer's answers: less than the default, to save time.
CACHE_SECONDS = 10
# The apiserver reads a token file again after about a minute.
REREAD_SECONDS = 100


def run(world):
    """Takes some minutes, and waits most of the time."""
    cloud = world.cloud("cloud-of-rotation", "--authorizer-cache-seconds", str(CACHE_SECONDS))
    apiserver = world.apiserver("apiserver-of-rotation", PREFIX, cloud.dir / "admission-configuration.yaml")
    install(world.kubectl(apiserver), cloud)
    reviews = Reviews(apiserver)
    outputs = {
        "Endpoint": ENDPOINT,
        "TokenSecretArn": "ecr-admission/tokens",
        "IgnoredNamespacesInForce": "kube-system",
        "MetricsNamespaceInForce": "EcrAdmission",
        "AuthorizerCacheSecondsInForce": CACHE_SECONDS,
    }
    stack = StackAnswers(outputs, cloud.forget_authorizer_answers)
    try:
        reviews.start()
        _rotate(world, cloud, stack, reviews)
    finally:
        stack.stop()
        reviews.stop()
    reviews.report(world.report, "rotation")


def _rotate(world, cloud, stack, reviews):
    check = world.report.check
    new = world.folder / "new-token"
    old = (cloud.dir / "token").read_text()
    rotated = _rotate_token(cloud, stack, "--out", new)
    if rotated.returncode != 0:
        raise Problem(f"deploy/rotate-token failed: {rotated.stderr.strip()}")
    check("rotation: the new token is in a file of mode 0600", files.SECRET == new.stat().st_mode & 0o777)
    check("rotation: it is not the old token", new.read_text().strip() != old.strip())
    seen = len(cloud.log())
    _wait(lambda: _used(cloud, seen, "previous"), "the gateway logs the apiserver's token as the previous one", cloud)
    check("rotation: the previous token still works", True)

    # As deploy/rotate-token prints: a new file, then a rename.
    seen = len(cloud.log())
    files.write(cloud.dir / "token", new.read_text(), files.SECRET)
    _wait(lambda: _used(cloud, seen, "current"), "the apiserver sends the new token", cloud)
    check("rotation: the apiserver reads the token file again, without a restart", True)

    before = reviews.done
    revoked = _rotate_token(cloud, stack, "--revoke", "--force")
    check("rotation: --revoke succeeds", revoked.returncode == 0, revoked.stdout + revoked.stderr, "exit code 0")
    check(
        "rotation: the previous token is refused",
        revoked.stdout == "the endpoint refuses the previous token of cluster local\n",
        revoked.stdout,
        "the endpoint refuses the previous token of cluster local",
    )
    check(
        "rotation: --revoke waits for every copy, then resets API Gateway's cache",
        re.search(r"until no copy of the secret.*reset API Gateway's cache", revoked.stderr, re.DOTALL) is not None,
        revoked.stderr,
        "the wait, then the reset",
    )
    _wait(lambda: reviews.done > before + 10, "reviews after the revocation", cloud)


def _rotate_token(cloud, stack, *arguments):
    return stack_tools.run("rotate-token", cloud, stack, "--url", f"https://{cloud.authority}", *arguments)


def _used(cloud, since, stage):
    """Whether the gateway has logged a review with this token, `current` or `previous`."""
    return re.search(rf"POST /validate 200 .* token={stage}$", cloud.log()[since:], re.MULTILINE)


def _wait(ready, what, cloud):
    if not until(ready, bool, REREAD_SECONDS):
        raise Problem(f"rotation: {what}: not within {REREAD_SECONDS} seconds\n{cloud.log()[-3000:]}")
