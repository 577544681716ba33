"""What a rotation waits for: clusters with the previous token, the authorizer's copies, API Gateway's cache."""

import time
from datetime import datetime, timedelta, timezone

from . import aws, reviews
from .problem import Problem

# How long the authorizer may still use a copy of the secret with a token that the secret no longer has
# (DOUBTED in authorizer/src/kept.rs).
COPY_SECONDS = 70
# How often the authorizer, at most, reads the secret again because of a token that it does not know.
READ_AGAIN_SECONDS = 10
POLL_SECONDS = 5
PROGRESS_SECONDS = 10
# How long after a rotation the metrics show which clusters still send their previous token: copies, API
# Gateway's cache and CloudWatch have to catch up first.
SETTLED_SECONDS = 600
# How long to wait for the endpoint beyond the time that its caches can take.
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
    """Waits, and says every ten seconds until what."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        say(f"waiting {left:.0f} more seconds until {what}")
        time.sleep(min(left, PROGRESS_SECONDS))


def forget_answers(stack, say):
    """Makes API Gateway forget the authorizer's answers; where that fails, waits until they have expired."""
    try:
        if stack.api_id is None:
            raise Problem(f"the stack's endpoint {stack.endpoint} is not an API Gateway endpoint")
        arguments = ["--api-id", stack.api_id, "--stage-name", STAGE]
        aws.call("apigatewayv2", "reset-authorizers-cache", arguments, stack.region)
        say("reset API Gateway's cache of the authorizer's answers")
    except Problem as problem:
        say(f"warning: cannot reset API Gateway's cache of the authorizer's answers, so they have to expire: {problem}")
        wait(stack.authorizer_cache_seconds, "the cached answers have expired", say)


def wait_until(caller, token, status, seconds, say, what_to_do):
    """Sends a deletion with `token` until the answer has `status`.

    After `seconds` raises Problem, which ends with `what_to_do`.
    """
    deadline = time.monotonic() + seconds + PATIENCE_SECONDS
    last = None
    while time.monotonic() < deadline:
        try:
            last = caller.review(reviews.delete_pod(), token).status
        except Problem as problem:
            last = f'"{problem}"'
        if last == status:
            return
        say(f"waiting until the endpoint answers {status}: got {last}")
        time.sleep(POLL_SECONDS)
    raise Problem(
        f"expected {status} from the endpoint within {seconds + PATIENCE_SECONDS} seconds, got {last}; {what_to_do}"
    )
