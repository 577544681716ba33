"""The versions of the secret: which one is in force, which one was, and how a new one takes its place."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from . import aws
from .problem import Problem
from .tokens import Tokens

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
# The label of a version that is not in force yet. One name for all rotations, so that none is left over.
PENDING = "ECR_ADMISSION_PENDING"


@dataclass(frozen=True)
class Version:
    """One version of the secret."""

    id: str
    created: datetime
    # None where it holds no token object.
    tokens: Optional[Tokens]

    def __str__(self):
        return f"version {self.id}, created {self.created.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def current(stack):
    """The version in force. Raises Problem where it holds no token object."""
    answer = _call(stack, "get-secret-value", "--version-stage", CURRENT)
    return Version(answer["VersionId"], _time(answer["CreatedDate"]), Tokens.parse(_text(answer)))


def previous(stack):
    """The version that was in force before, or None when there is none."""
    for version, stages in _call(stack, "describe-secret").get("VersionIdsToStages", {}).items():
        if PREVIOUS in stages:
            answer = _call(stack, "get-secret-value", "--version-id", version)
            try:
                tokens = Tokens.parse(_text(answer))
            except Problem:
                tokens = None
            return Version(version, _time(answer["CreatedDate"]), tokens)
    return None


def replace(stack, replaced, tokens):
    """Puts `tokens` in force in the place of the version `replaced`, which becomes the previous one.

    Raises Problem, and puts nothing in force, when another version is in force by now: the label moves
    only from the version that was read.
    """
    version = str(uuid.uuid4())
    arguments = ["--secret-string", aws.STANDARD_INPUT, "--client-request-token", version]
    _call(stack, "put-secret-value", *arguments, "--version-stages", PENDING, secret=tokens)
    try:
        _move(stack, CURRENT, "--move-to-version-id", version, "--remove-from-version-id", replaced.id)
    except Problem as problem:
        _explain(stack, replaced, version, problem)
    finally:
        _withdraw(stack, version)


def drop(stack, version):
    """Takes the label of the previous version away, so that the authorizer does not find it."""
    _move(stack, PREVIOUS, "--remove-from-version-id", version.id)


def _explain(stack, replaced, version, problem):
    """Raises Problem with who won; returns when it was `version` after all."""
    try:
        winner = _call(stack, "get-secret-value", "--version-stage", CURRENT)
    except Problem:
        raise Problem(
            f"{problem}; whether the new version {version} is in force could not be found out: see"
            f" aws secretsmanager describe-secret --secret-id {stack.secret_arn}"
        ) from problem
    if winner["VersionId"] == version:
        # The label was moved, and only the answer was lost.
        return
    if winner["VersionId"] == replaced.id:
        raise Problem(f"{problem}; nothing has changed: {replaced} is still in force") from problem
    won = Version(winner["VersionId"], _time(winner["CreatedDate"]), None)
    raise Problem(
        f"another rotation was faster: {won}, is in force, and nothing of this rotation is; wait until the"
        " other one has ended, then run this again (CloudTrail says who called UpdateSecretVersionStage)"
    ) from problem


def _withdraw(stack, version):
    try:
        _move(stack, PENDING, "--remove-from-version-id", version)
    except Problem:
        # Another rotation has taken the label, or the next one will.
        pass


def _move(stack, label, *arguments):
    _call(stack, "update-secret-version-stage", "--version-stage", label, *arguments)


def _call(stack, operation, *arguments, secret=None):
    arguments = ["--secret-id", stack.secret_arn, *arguments]
    return aws.call("secretsmanager", operation, arguments, stack.region, secret)


def _text(answer):
    return answer.get("SecretString", "")


def _time(value):
    # Version 1 of the aws CLI says seconds, version 2 ISO 8601, unless configured otherwise.
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc)
    return datetime.fromisoformat(value.replace("Z", "+00:00"))
