"""Reads the current cluster through kubectl, with the user's own kubeconfig and permissions."""

import json
import shutil
import subprocess
from dataclasses import dataclass

from .problem import Problem


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


def run(*arguments, stdin=""):
    """Runs kubectl; raises Problem only where there is none."""
    if shutil.which("kubectl") is None:
        raise Problem("kubectl is not on PATH; install it, or omit --live")
    result = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False)
    return Output(result.returncode, result.stdout, result.stderr)


def items(what, *arguments):
    """The objects of a list. `what` is what cannot be read where that fails."""
    answer = run("get", *arguments, "-o", "json")
    if answer.code != 0:
        raise Problem(f"kubectl cannot read {what} ({answer.why}); check the kubeconfig's context and your permissions")
    return json.loads(answer.out).get("items", [])


def find(kind, name):
    """The object, or None where the cluster has none of this name."""
    answer = run("get", kind, name, "--ignore-not-found", "-o", "json")
    if answer.code != 0:
        raise Problem(f"kubectl cannot read the {kind} {name} ({answer.why}); check the kubeconfig's context")
    return json.loads(answer.out) if answer.out.strip() else None
