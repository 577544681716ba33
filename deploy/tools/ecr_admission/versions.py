"""The versions of the token secret: the current one, the previous one, and how a new one becomes current."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from . import aws
from .problem import Problem
from .tokens import Tokens

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
# The staging label of a version that is not current yet. One name for all rotations, so that none is left over.
PENDING = "ECR_ADMISSION_PENDING"


@dataclass(frozen=True)
class Version:
    """One version of the secret."""

    id: str
    created: datetime
    # None where it is not an object of tokens.
    tokens: Optional[Tokens]

    def __str__(self):
        return f"version {self.id}, created {self.created.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def current(stack):
    """The current version. Raises Problem where it is not an object of tokens."""
    answer = _call(stack, "get-secret-value", "--version-stage", CURRENT)
    return Version(answer["VersionId"], aws.time(answer["CreatedDate"]), Tokens.parse(_text(answer)))


def previous(stack):
    """The version that was current before, or None."""
    for version, stages in _call(stack, "describe-secret").get("VersionIdsToStages", {}).items():
        if PREVIOUS in stages:
            answer = _call(stack, "get-secret-value", "--version-id", version)
            try:
                tokens = Tokens.parse(_text(answer))
            except Problem:
                tokens = None
            return Version(version, aws.time(answer["CreatedDate"]), tokens)
    return None


def replace(stack, replaced, tokens):
    """Makes `tokens` current in the place of the version `replaced`, which becomes the previous one.

    Raises Problem, and changes nothing, when another version is current by now: the label moves only from
    the version that was read.
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
    """Removes the label of the previous version, so that the authorizer does not find it."""
    _move(stack, PREVIOUS, "--remove-from-version-id", version.id)


def _explain(stack, replaced, version, problem):
    """Raises Problem with the version that is current; returns when it is `version` after all."""
    try:
        winner = _call(stack, "get-secret-value", "--version-stage", CURRENT)
    except Problem:
        raise Problem(
            f"{problem}; to see whether the new version {version} is current, run: aws secretsmanager"
            f" describe-secret --secret-id {stack.secret_arn}"
        ) from problem
    if winner["VersionId"] == version:
        # The label was moved, and only the answer was lost.
        return
    if winner["VersionId"] == replaced.id:
        raise Problem(f"{problem}; nothing has changed: {replaced}, is still current") from problem
    won = Version(winner["VersionId"], aws.time(winner["CreatedDate"]), None)
    raise Problem(
        f"another rotation was faster: {won}, is current, and this rotation changed nothing; wait until the other"
        " one has finished, then run this again (CloudTrail shows who called UpdateSecretVersionStage)"
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
