"""The public endpoint: that the right credential opens it, that nothing else does, and what it decides."""

from .. import checks, chosen, eks_cluster, key_checks, private_checks, reviews, rotation, sources
from ..caller import KeyCaller
from ..problem import Problem
from ..url_key import UrlKey
from .report import WARN


def check(report, world):
    """Sends reviews of a Pod that does not exist."""
    _check_endpoint(report, world)
    if world.given.eks_cluster:
        cluster = eks_cluster.describe(world.given.eks_cluster, world.stack.region)
        report.check("egress", private_checks.trap, cluster)


def _check_endpoint(report, world):
    caller = world.caller
    if not report.check("certificate", checks.certificate, caller):
        # Each of the others would only fail for the same reason.
        return
    report.check("no token", checks.without_token, caller)
    report.check("wrong token", checks.wrong_token, caller)
    if world.token is None and not report.check("token file", world.read_token):
        return
    if world.given.eks:
        _check_key(report, world)
        return
    report.check("right token", right, world, caller, world.token)
    _check_verdicts(report, world, caller, world.token)


def _check_verdicts(report, world, caller, token):
    report.check("mutating webhook", checks.mutation, caller, token)
    report.check("denied sample", checks.sample_denied, caller, token, world.given.audit)
    if world.given.audit and not world.given.image:
        return
    report.check("admitted sample", checks.sample_admitted, caller, token, world.given.image, world.ignored)


def _check_key(report, world):
    key, token = world.key, world.token
    weak = chosen.why(token)
    if weak:
        report.add(
            "token",
            WARN,
            f"it looks as if a person chose it ({weak}); anyone who has the key can search for such a token offline:"
            " run deploy/rotate-token",
        )
    caller = KeyCaller(world.caller, key)
    if not report.check("right key", right, world, caller, None):
        # Where the right key is refused, nothing follows from the others being refused.
        return
    report.check("wrong key", key_checks.wrong_key, world.caller)
    report.check("other paths", key_checks.other_paths, world.caller, key)
    report.check("key and token", key_checks.crossed, world.caller, key, token)
    _check_previous_key(report, world)
    _check_verdicts(report, world, caller, None)


def right(world, caller, token):
    """The credential is accepted; where the address is what is refused, that is said."""
    try:
        return checks.right_token(caller, token)
    except Problem:
        allowed = world.stack.allowed_sources if world.stack else ""
        refused = allowed and caller.review(reviews.delete_pod(), token).status == 403
        why = sources.explain(allowed, sources.own_address()) if refused else None
        if why is None:
            raise
        raise Problem(f"expected 200, got 403: {why}") from None


def _check_previous_key(report, world):
    previous = world.previous_version if world.version else None
    if previous is None or previous.tokens is None:
        return
    try:
        token = previous.tokens.of(world.cluster)
    except Problem:
        return
    if token == world.token:
        return
    is_over = rotation.overlap_is_over(world.stack, world.version)
    when = rotation.overlap_end(world.stack, world.version)
    report.check("previous key", key_checks.previous_key, world.caller, UrlKey.of(token), is_over, when)
