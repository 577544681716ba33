"""Calls AWS through the `aws` CLI, which knows the user's profiles, sign-in and endpoints."""

import json
import os
import shutil
import subprocess
from datetime import datetime, timezone

from .problem import Problem

# The value of an argument that is read from standard input, since every user of the machine can list the
# arguments of a process.
STANDARD_INPUT = "file:///dev/stdin"


def call(service, operation, arguments, region=None, secret=None):
    """Runs one operation and returns its answer as an object.

    `secret` goes to standard input: `secret.reveal()` is its text, and `secret.redact(text)` removes it from
    the messages of the CLI.
    """
    if shutil.which("aws") is None:
        raise Problem(
            "the aws CLI is not on PATH; install it (render-config and doctor can do without: pass --url and"
            " --token-file)"
        )
    command = ["aws", service, operation, *arguments, "--output", "json"]
    if region:
        command += ["--region", region]
    result = subprocess.run(
        command,
        input=secret.reveal() if secret is not None else "",
        capture_output=True,
        text=True,
        check=False,
        # Version 2 of the CLI would start a pager; version 1 has no flag against it.
        env={**os.environ, "AWS_PAGER": ""},
    )
    if result.returncode != 0:
        why = _why(result.stderr)
        message = secret.redact(why) if secret is not None else why
        raise Problem(f"aws {service} {operation} failed: {message}")
    try:
        return json.loads(result.stdout) if result.stdout.strip() else {}
    except ValueError:
        # Its text may be a secret.
        raise Problem(f"aws {service} {operation} did not answer with JSON; check what aws is on PATH") from None


def time(value):
    """A time in an answer."""
    # Version 1 of the aws CLI writes seconds, version 2 ISO 8601, unless configured otherwise.
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc)
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


def _why(stderr):
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
