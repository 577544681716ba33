"""Calls AWS through the `aws` CLI, which knows the user's profiles, sign-in and endpoints."""

import json
import os
import re
import shutil
import subprocess

from .problem import Problem


# As an argument's value: it is read from `standard_input`, since every user of the machine can list a
# process's arguments.
STANDARD_INPUT = "file:///dev/stdin"


class Refused(Problem):
    """AWS, or the aws CLI, did not carry out an operation."""

    def __init__(self, message, code=None):
        super().__init__(message)
        # As AWS names it, such as InvalidParameterException; None where the CLI itself failed.
        self.code = code


def call(service, operation, arguments, region=None, secret=None):
    """Runs one operation and returns its answer as an object.

    `secret` goes to the standard input: `secret.reveal()` is its text, and `secret.redact(text)` takes it
    out of what the CLI says.
    """
    if shutil.which("aws") is None:
        raise Problem(
            "the aws CLI is not installed, or not on PATH; install it, or pass --url and --token-file"
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
        code = re.search(r"\((\w+)\) when calling", why)
        said = secret.redact(why) if secret is not None else why
        raise Refused(f"aws {service} {operation} failed: {said}", code and code.group(1))
    try:
        return json.loads(result.stdout) if result.stdout.strip() else {}
    except ValueError:
        # Its text may be a secret.
        raise Problem(f"aws {service} {operation} answered with something other than JSON") from None


def _why(stderr):
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing on stderr"
