"""Reads a cluster through kubectl, with the user's own kubeconfig and permissions."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Optional

from .problem import Problem

# For one call, its sign-in included: a credential plugin may wait for a person.
SECONDS = 60
# For one request, where a context is named: one cluster of many that does not answer must not hold the others.
REQUEST_SECONDS = 15


@dataclass(frozen=True)
class Output:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def why(self):
        """The last line of its error."""
        return (self.err.strip() or "no message").splitlines()[-1]


@dataclass(frozen=True)
class Cluster:
    """The cluster of a context of the kubeconfig; of the current one without a name."""

    context: Optional[str] = None

    def run(self, *arguments, stdin=""):
        """Runs kubectl; raises Problem only where there is none."""
        if shutil.which("kubectl") is None:
            raise Problem("kubectl is not on PATH; install it, or omit --live and --context")
        command = ["kubectl", *arguments]
        if self.context is not None:
            command += [f"--context={self.context}", f"--request-timeout={REQUEST_SECONDS}s"]
        try:
            result = subprocess.run(
                command, input=stdin, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return Output(124, "", f"no answer within {SECONDS} seconds")
        return Output(result.returncode, result.stdout, result.stderr)

    def items(self, what, *arguments):
        """The objects of a list. `what` is what cannot be read where that fails."""
        answer = self.run("get", *arguments, "-o", "json")
        if answer.code != 0:
            raise Problem(f"kubectl cannot read {what} ({answer.why}); check the kubeconfig's context and your permissions")
        return json.loads(answer.out).get("items", [])

    def find(self, kind, name):
        """The object, or None where the cluster has none of this name."""
        answer = self.run("get", kind, name, "--ignore-not-found", "-o", "json")
        if answer.code != 0:
            raise Problem(f"kubectl cannot read the {kind} {name} ({answer.why}); check the kubeconfig's context")
        return json.loads(answer.out) if answer.out.strip() else None
