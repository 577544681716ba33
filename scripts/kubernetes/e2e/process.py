"""Programs that run beside the test: started, waited for, ended by process id, and their last words."""

import os
import signal
import subprocess
import time
from pathlib import Path

from ecr_admission.problem import Problem

TAIL_LINES = 25
POLL_SECONDS = 0.1


class Process:
    """One program, with a log file of its own."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        self.output = Path(folder) / f"{name}.out"
        # Added to: a program that is started again goes on where it was.
        with open(self.log, "ab") as log, open(self.output, "wb") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env={**os.environ, **(environment or {})},
                # Ctrl-C at the terminal is for the test, which then ends everything in order.
                start_new_session=True,
            )

    @property
    def pid(self):
        return self._process.pid

    def wait_until(self, ready, seconds):
        """Returns when `ready()` is true; raises Problem when the program ends before, or time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Problem(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")
            if ready():
                return
            time.sleep(POLL_SECONDS)
        raise Problem(f"{self.name} was not ready within {seconds} s:\n{self.tail()}")

    def stop(self, seconds=10):
        """Asks it to end, and makes it after `seconds`."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def tail(self, lines=TAIL_LINES):
        """The end of its log."""
        kept = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join(f"  {self.name} | {line[:400]}" for line in kept)

    def children(self):
        """The process ids of what it has started, as /proc tells."""
        found = []
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found


class Running:
    """Everything that a test has started, to be ended in the reverse order."""

    def __init__(self):
        self._processes = []
        self._stopped = False

    def add(self, process):
        """Takes care of `process`; raises Problem when all is being ended."""
        self._processes.append(process)
        if self._stopped:
            process.stop()
            raise Problem(f"{process.name} was ended at once: the test is over")
        return process

    def stop(self):
        self._stopped = True
        for process in reversed(list(self._processes)):
            process.stop()

    def tails(self):
        """The ends of all logs, each once: a program that was started again goes on with its log."""
        by_log = {process.log: process for process in self._processes}
        return "\n".join(process.tail() for process in by_log.values())
