"""What a rotation waits for: clusters with the previous token, the authorizer's copies, API Gateway's cache."""

import time
from datetime import datetime, timedelta, timezone

from . import aws, private_door, reviews
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
# How long metrics take to come in: a put every ten seconds at most, and what CloudWatch takes.
METRICS_SECONDS = 120
METRICS_POLL_SECONDS = 30
# How long to wait for the endpoint beyond the time that its caches can take.
PATIENCE_SECONDS = 60
# The one stage of the HTTP API (cdk/lib/endpoint.ts).
STAGE = "$default"


def behind(stack, clusters):
    """The clusters that sent their previous token within the last hour."""
    now = datetime.now(timezone.utc)
    hour = (now - timedelta(hours=1), now)
    return [name for name in clusters if _seen(stack, "PreviousToken", name, *hour)]


def _seen(stack, name, cluster, start, end):
    """Whether the metric counted a review of the cluster."""
    arguments = ["--namespace", stack.metrics_namespace, "--metric-name", name]
    arguments += ["--dimensions", f"Name=Cluster,Value={cluster}", "--statistics", "Sum", "--period", "60"]
    arguments += ["--start-time", start.isoformat(), "--end-time", end.isoformat()]
    answer = aws.call("cloudwatch", "get-metric-statistics", arguments, stack.region)
    return any(point.get("Sum", 0) > 0 for point in answer.get("Datapoints", []))


def wait_for_review(stack, cluster, current, seconds, say):
    """Whether the cluster sends a review with its token of the version `current`, within `seconds` from now.

    Only whole minutes from now on count, since this tool sends reviews too; only those in which no authorizer takes an
    older token for the current one; and only those whose metrics have had the time to come in.
    """
    begin = -(-max(time.time(), current.created.timestamp() + COPY_SECONDS) // 60) * 60
    deadline = time.monotonic() + seconds
    while True:
        end = (time.time() - METRICS_SECONDS) // 60 * 60
        if end > begin and _current(stack, cluster, begin, end):
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        say(f"waiting up to {left / 60:.0f} more minutes for a review of cluster {cluster} with the new key")
        time.sleep(min(left, METRICS_POLL_SECONDS))


def _current(stack, cluster, begin, end):
    """Whether the cluster sent a review with its current key."""
    return _seen(stack, "CurrentUrlKey", cluster, *(datetime.fromtimestamp(at, timezone.utc) for at in (begin, end)))


def overlap_end(stack, current):
    """Until when the tokens before the version `current` work, for a person."""
    end = _overlap_end(stack, current)
    after = "" if end else "TokenOverlapHours after "
    return f"{after}{end or current.created.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def overlap_is_over(stack, current):
    """Whether no copy of the secret may have the tokens before the version `current` any more."""
    end = _overlap_end(stack, current)
    return end is not None and datetime.now(timezone.utc) > end + timedelta(seconds=COPY_SECONDS)


def _overlap_end(stack, current):
    """When the overlap ends, or None where the stack does not say how long it is."""
    hours = stack.later.get("TokenOverlapHoursInForce")
    return None if hours is None else current.created.astimezone(timezone.utc) + timedelta(hours=int(hours))


def wait(seconds, what, say):
    """Waits, and says every ten seconds until what."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        say(f"waiting {left:.0f} more seconds until {what}")
        time.sleep(min(left, PROGRESS_SECONDS))


def forget_answers(stack, say):
    """Makes API Gateway forget the authorizer's answers; where that fails, waits until they have expired."""
    try:
        if stack.api_id is None and stack.rest_api_id is None:
            raise Problem(f"the stack's endpoint {stack.endpoint} is not an API Gateway endpoint")
        if stack.api_id is not None:
            arguments = ["--api-id", stack.api_id, "--stage-name", STAGE]
            aws.call("apigatewayv2", "reset-authorizers-cache", arguments, stack.region)
        if stack.rest_api_id is not None:
            arguments = ["--rest-api-id", stack.rest_api_id, "--stage-name", private_door.STAGE]
            aws.call("apigateway", "flush-stage-authorizers-cache", arguments, stack.region)
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
