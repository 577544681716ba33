"""What a rotation waits for: clusters that are behind, the authorizer's copies, API Gateway's cache."""

import time
from datetime import datetime, timedelta, timezone

from . import aws, reviews
from .problem import Problem

# A copy of the secret in which a token is that the secret no longer has serves for so long at most
# (DOUBTED in authorizer/src/kept.rs).
COPY_SECONDS = 70
# A token that the authorizer does not know has it read the secret again, but not more often than this.
READ_AGAIN_SECONDS = 10
POLL_SECONDS = 5
PROGRESS_SECONDS = 10
# Sooner after a rotation, nobody can know who still sends the previous token: copies, API Gateway's
# cache and CloudWatch have to catch up first.
SETTLED_SECONDS = 600
# How far beyond the longest time that caches can take we look before giving up.
PATIENCE_SECONDS = 60
# The one stage of the HTTP API (cdk/lib/endpoint.ts).
STAGE = "$default"


def behind(stack, clusters):
    """The clusters that sent their previous token within the last hour."""
    now = datetime.now(timezone.utc)
    return [name for name in clusters if _seen(stack, name, now - timedelta(hours=1), now)]


def _seen(stack, cluster, start, end):
    arguments = ["--namespace", stack.metrics_namespace, "--metric-name", "PreviousToken"]
    arguments += ["--dimensions", f"Name=Cluster,Value={cluster}", "--statistics", "Sum", "--period", "60"]
    arguments += ["--start-time", start.isoformat(), "--end-time", end.isoformat()]
    answer = aws.call("cloudwatch", "get-metric-statistics", arguments, stack.region)
    return any(point.get("Sum", 0) > 0 for point in answer.get("Datapoints", []))


def wait(seconds, what, say):
    """Lets `seconds` pass, and says every ten of them for `what`."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        say(f"waiting {left:.0f} s more until {what}")
        time.sleep(min(left, PROGRESS_SECONDS))


def forget_answers(stack, say):
    """Makes API Gateway forget the authorizer's answers, or waits until it has."""
    try:
        if stack.api_id is None:
            raise Problem(f"the stack's endpoint {stack.endpoint} is not one of API Gateway")
        arguments = ["--api-id", stack.api_id, "--stage-name", STAGE]
        aws.call("apigatewayv2", "reset-authorizers-cache", arguments, stack.region)
        say("API Gateway has forgotten the authorizer's answers")
    except Problem as problem:
        say(f"API Gateway's cache could not be reset: {problem}")
        wait(stack.authorizer_cache_seconds, "API Gateway reuses no older answer", say)


def wait_until(caller, token, status, seconds, say):
    """Sends a deletion with `token` until it is answered with `status`; raises Problem after `seconds`."""
    deadline = time.monotonic() + seconds + PATIENCE_SECONDS
    last = None
    while time.monotonic() < deadline:
        try:
            last = caller.review(reviews.delete_pod(), token).status
        except Problem as problem:
            last = str(problem)
        if last == status:
            return
        say(f"waiting: the endpoint answers {last}, not yet {status}")
        time.sleep(POLL_SECONDS)
    raise Problem(
        f"after {seconds + PATIENCE_SECONDS} s the endpoint still answers {last} instead of {status}; see the"
        " authorizer's log, and try the token with deploy/doctor before you install it anywhere"
    )
