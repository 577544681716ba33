"""The checks and their results."""

import os
import sys
import threading


class Report:
    """Counts the checks, and prints each. Threads may share one."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self._lock = threading.Lock()

    def check(self, name, right, got=None, expected=None):
        """One check."""
        with self._lock:
            if right:
                self.passed += 1
                print(f"ok    {name}", flush=True)
                return
            self.failed += 1
            print(f"FAIL  {name}", flush=True)
            for title, text in (("expected", expected), ("got", got)):
                print("".join(f"      {title}: {line}\n" for line in str(text).splitlines()), end="", flush=True)

    def same(self, name, got, expected):
        """One check: that `got` equals `expected`."""
        self.check(name, got == expected, got, expected)

    def stopped(self, name, problem):
        """A test that could not finish."""
        self.check(f"{name} could not finish", False, problem, "to finish")

    def skip(self, name, why):
        """What cannot be checked on this machine; a failure when CI is set."""
        if os.environ.get("CI"):
            self.check(f"{name} (skipped, which CI does not allow)", False, why, "to run")
            return
        with self._lock:
            self.skipped += 1
            print(f"skip  {name}: {why}", flush=True)

    def say(self, text):
        """Progress, on stderr."""
        with self._lock:
            print(text, file=sys.stderr, flush=True)

    def close(self):
        """Prints the line that CI reads; returns the exit code."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        return 1 if self.failed else 0
