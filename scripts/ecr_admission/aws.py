"""Calls AWS through the `aws` CLI, which knows the user's profiles, sign-in and endpoints."""

import json
import os
import shutil
import subprocess

from .problem import Problem


# As an argument's value: it is read from `standard_input`, since every user of the machine can list a
# process's arguments.
STANDARD_INPUT = "file:///dev/stdin"


def call(service, operation, arguments, region=None, standard_input=None):
    """Runs one operation and returns its answer as an object."""
    if shutil.which("aws") is None:
        raise Problem(
            "the aws CLI is not installed, or not on PATH; install it, or pass --url and --token-file"
        )
    command = ["aws", service, operation, *arguments, "--output", "json"]
    if region:
        command += ["--region", region]
    result = subprocess.run(
        command,
        input=standard_input or "",
        capture_output=True,
        text=True,
        check=False,
        # Version 2 of the CLI would start a pager; version 1 has no flag against it.
        env={**os.environ, "AWS_PAGER": ""},
    )
    if result.returncode != 0:
        raise Problem(f"aws {service} {operation} failed: {_why(result.stderr)}")
    return json.loads(result.stdout) if result.stdout.strip() else {}


def _why(stderr):
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing on stderr"
