"""kubectl, as a person at a terminal uses it: what it prints, in the order in which it prints it."""

import json
import os
import subprocess
import time
from dataclasses import dataclass

from ecr_admission.problem import Problem
from project.tools import ROOT

LIMIT_SECONDS = 60
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Said:
    """What a command printed (stdout and stderr), and its exit code."""

    text: str
    code: int


class Kubectl:
    """kubectl for one apiserver and one namespace, run in the checkout's root folder."""

    def __init__(self, binary, kubeconfig, home):
        self._binary = binary
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KUBE")},
            "KUBECONFIG": str(kubeconfig),
            # Its caches and the user's own settings.
            "HOME": str(home),
        }

    def __call__(self, *arguments, stdin=None):
        """Runs it; never fails."""
        command = [str(self._binary), *(str(argument) for argument in arguments)]
        try:
            result = subprocess.run(
                command,
                cwd=ROOT,
                env=self._environment,
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            return Said(f"{expired.stdout or ''}\nkubectl took longer than {LIMIT_SECONDS} s", 124)
        return Said(result.stdout, result.returncode)

    def must(self, *arguments, stdin=None):
        """Runs it; raises Problem when it fails. For what a test needs and does not test."""
        said = self(*arguments, stdin=stdin)
        if said.code != 0:
            raise Problem(f"kubectl {' '.join(str(word) for word in arguments)}: {said.text.strip()}")
        return said.text

    def apply(self, *objects):
        """Makes the objects what they are given as; raises Problem."""
        bundle = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.must("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(bundle))

    def until(self, arguments, wanted, seconds=30):
        """Runs it until `wanted(said)`, or `seconds` are over; returns the last answer."""
        deadline = time.monotonic() + seconds
        while True:
            said = self(*arguments)
            if wanted(said) or time.monotonic() > deadline:
                return said
            time.sleep(POLL_SECONDS)
