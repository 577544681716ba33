"""The results of the checks: a line each for a person, or one JSON object for a program."""

import json
from dataclasses import dataclass
from typing import Optional

from ..problem import Problem

OK, WARN, FAIL = "ok", "warn", "fail"
# How a line of text begins.
LEADS = {OK: "ok    ", WARN: "warn  ", FAIL: "FAIL  "}


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    status: str
    text: str
    # Which cluster it is about, and by which context of the kubeconfig it was read.
    cluster: Optional[str] = None
    context: Optional[str] = None

    def line(self):
        """For a person."""
        where = f"{self.context}: " if self.context else ""
        return f"{LEADS[self.status]}{where}{self.name}: {self.text}"

    def as_object(self):
        """For a program."""
        found = {"name": self.name, "status": self.status, "text": self.text}
        places = {"cluster": self.cluster, "context": self.context}
        return {**found, **{key: value for key, value in places.items() if value is not None}}


class Report:
    """All checks so far. `say` takes the line of each as soon as it is known."""

    def __init__(self, say=None, cluster=None, context=None):
        self.checks = []
        self._say = say
        self._places = {"cluster": cluster, "context": context}

    @property
    def failed(self):
        """How many checks failed."""
        return sum(check.status == FAIL for check in self.checks)

    def check(self, name, check, *arguments):
        """Runs one check; whether it passed."""
        return self._run(FAIL, name, check, *arguments)

    def advise(self, name, check, *arguments):
        """Runs one check of which the failure is a warning: nothing is denied or admitted because of it."""
        return self._run(WARN, name, check, *arguments)

    def add(self, name, status, text, **places):
        """Adds the result of a check that ran elsewhere."""
        self._append(Check(name, status, str(text), **{**self._places, **places}))

    def join(self, other):
        """Adds the checks of another report."""
        for check in other.checks:
            self._append(check)

    def summary(self):
        """How many checks failed, in words."""
        if not self.failed:
            return "all checks passed"
        return "1 check failed" if self.failed == 1 else f"{self.failed} checks failed"

    def failures(self):
        """The summary, with the names of what failed."""
        names = ", ".join(check.name for check in self.checks if check.status == FAIL)
        return f"{self.summary()}: {names}" if names else self.summary()

    def as_json(self, **facts):
        """One JSON object: the facts, and every check."""
        found = {**facts, "passed": not self.failed, "checks": [check.as_object() for check in self.checks]}
        return json.dumps(found, indent=2)

    def _run(self, otherwise, name, check, *arguments):
        try:
            self.add(name, OK, check(*arguments))
            return True
        except Problem as found:
            self.add(name, otherwise, found)
            return False

    def _append(self, check):
        self.checks.append(check)
        if self._say:
            self._say(check.line())
