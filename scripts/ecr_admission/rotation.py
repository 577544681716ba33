"""The secret's versions: putting a new token, dropping the previous one, and proving either."""

import time
from datetime import datetime, timedelta, timezone

from . import aws, reviews
from .problem import Problem
from .tokens import Tokens

# The authorizer reads its copy of the secret again after this time.
COPY_SECONDS = 60
POLL_SECONDS = 5
# Sooner after a rotation, nobody can know who still sends the previous token: copies, API Gateway's
# cache and CloudWatch have to catch up first.
SETTLED_SECONDS = 600
# How far beyond the longest time that caches can take we look before giving up.
PATIENCE_SECONDS = 60


def put(stack, tokens):
    """Makes `tokens` the current version; the current one becomes the previous one."""
    arguments = ["--secret-id", stack.secret_arn, "--secret-string", aws.STANDARD_INPUT]
    aws.call("secretsmanager", "put-secret-value", arguments, stack.region, tokens.reveal())


def previous(stack):
    """(version id, tokens) of the previous version, or None when there is none."""
    arguments = ["--secret-id", stack.secret_arn]
    described = aws.call("secretsmanager", "describe-secret", arguments, stack.region)
    for version, stages in described.get("VersionIdsToStages", {}).items():
        if "AWSPREVIOUS" in stages:
            arguments += ["--version-id", version]
            answer = aws.call("secretsmanager", "get-secret-value", arguments, stack.region)
            return version, Tokens.parse(answer.get("SecretString", ""))
    return None


def drop(stack, version):
    """Takes the label of the previous version away, so that the authorizer does not find it."""
    arguments = ["--secret-id", stack.secret_arn, "--version-stage", "AWSPREVIOUS"]
    arguments += ["--remove-from-version-id", version]
    aws.call("secretsmanager", "update-secret-version-stage", arguments, stack.region)


def seconds_since(stack):
    """How long ago the last rotation was; None when there is no previous version."""
    arguments = ["--secret-id", stack.secret_arn]
    described = aws.call("secretsmanager", "describe-secret", arguments, stack.region)
    if not any("AWSPREVIOUS" in stages for stages in described.get("VersionIdsToStages", {}).values()):
        return None
    current = aws.call("secretsmanager", "get-secret-value", arguments, stack.region)
    return (datetime.now(timezone.utc) - _time(current["CreatedDate"])).total_seconds()


def behind(stack, clusters):
    """The clusters that sent their previous token within the last hour."""
    now = datetime.now(timezone.utc)
    return [name for name in clusters if _seen(stack, name, now - timedelta(hours=1), now)]


def _time(value):
    # Version 1 of the aws CLI says seconds, version 2 ISO 8601, unless configured otherwise.
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc)
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


def _seen(stack, cluster, start, end):
    arguments = ["--namespace", stack.metrics_namespace, "--metric-name", "PreviousToken"]
    arguments += ["--dimensions", f"Name=Cluster,Value={cluster}", "--statistics", "Sum", "--period", "60"]
    arguments += ["--start-time", start.isoformat(), "--end-time", end.isoformat()]
    answer = aws.call("cloudwatch", "get-metric-statistics", arguments, stack.region)
    return any(point.get("Sum", 0) > 0 for point in answer.get("Datapoints", []))


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
        " authorizer's log, and try the token with scripts/doctor before you install it anywhere"
    )
