"""Programs that run beside the test: started, waited for, and stopped by process id."""

import os
import signal
import subprocess
import time
from pathlib import Path

from ecr_admission.problem import Problem

TAIL_LINES = 25
POLL_SECONDS = 0.1


class Process:
    """One program, with its own log file."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        self.output = Path(folder) / f"{name}.out"
        # A program that is started again appends to its log.
        with open(self.log, "ab") as log, open(self.output, "wb") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env={**os.environ, **(environment or {})},
                # Ctrl-C reaches only the test, which then stops everything in order.
                start_new_session=True,
            )

    @property
    def pid(self):
        return self._process.pid

    def wait_until(self, ready, seconds):
        """Returns when `ready()` is true; raises Problem when the program exits first, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Problem(f"{self.name} exited with {self._process.returncode}:\n{self.tail()}")
            if ready():
                return
            time.sleep(POLL_SECONDS)
        raise Problem(f"{self.name} was not ready within {seconds} seconds:\n{self.tail()}")

    def stop(self, seconds=10):
        """Sends SIGTERM, and after `seconds` SIGKILL."""
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
        """The process ids of its children, from /proc."""
        found = []
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found


class Running:
    """Everything that a test has started; stopped in the reverse order."""

    def __init__(self):
        self._processes = []
        self._stopped = False

    def add(self, process):
        """Adds `process`; raises Problem once everything is being stopped."""
        self._processes.append(process)
        if self._stopped:
            process.stop()
            raise Problem(f"{process.name} was stopped: the test is over")
        return process

    def stop(self):
        self._stopped = True
        for process in reversed(list(self._processes)):
            process.stop()

    def tails(self):
        """The end of each log. A program that was started again has only one."""
        by_log = {process.log: process for process in self._processes}
        return "\n".join(process.tail() for process in by_log.values())
