"""The local cloud, as scripts/run starts it: the shipped functions, and what they need from AWS."""

import http.client
import os
import signal
import ssl
import time
from pathlib import Path

from ecr_admission.endpoint import Endpoint
from ecr_admission.problem import Problem
from project.tools import ROOT

from .process import Process

# The first start compiles.
START_SECONDS = 1800
PROGRESS_SECONDS = 30


class Cloud:
    """One local cloud. When it is started again, it has the same port, token and authority."""

    def __init__(self, name, running, folder, say, packaged=False, options=()):
        self.name = name
        self.dir = Path(folder) / name
        self.port = 0
        self._running, self._folder, self._say, self._options = running, folder, say, list(options)
        self._process = None
        self._program = [ROOT / "scripts" / "run", *(["--packaged"] if packaged else [])]

    def start(self, *options):
        """Starts it, with these options in addition to those of `__init__`."""
        command = [*self._program, "--port", self.port, "--dir", self.dir, *self._options, *options]
        self._process = self._running.add(Process(self.name, command, self._folder))
        reported = time.monotonic()

        def ready():
            nonlocal reported
            if time.monotonic() - reported > PROGRESS_SECONDS:
                reported = time.monotonic()
                self._say(f"waiting for scripts/run:\n{self._process.tail(1)}")
            return "ready https://" in self._process.output.read_text()

        self._process.wait_until(ready, START_SECONDS)
        # The lines behind it are the doors of a REST API, which urls.json has too.
        line = self._process.output.read_text().splitlines()[0]
        self.port = Endpoint.parse(line.removeprefix("ready ")).port
        # scripts/run builds, then becomes local-cloud. The next start uses the same binaries.
        ran = Path(f"/proc/{self._process.pid}/cmdline").read_text().split("\0")
        self._program = ran[: ran.index("--port")]
        return self

    def stop(self):
        self._process.stop()

    @property
    def authority(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self._process.pid

    def log(self):
        """Its log so far."""
        return self._process.log.read_text(errors="replace")

    def calls(self):
        """The AWS calls since its start: (operation, key, status)."""
        lines = self._send("GET", "/_local/calls").splitlines()
        return [tuple(line.split()[1:4]) for line in lines]

    def forget_authorizer_answers(self):
        """Does what ResetAuthorizersCache of API Gateway does."""
        self._send("POST", "/_local/reset-authorizers-cache")

    def sandboxes(self, function):
        """The process ids of a function's sandboxes."""
        found = []
        for pid in self._process.children():
            if self._variables(pid).get("AWS_LAMBDA_FUNCTION_NAME") == function:
                found.append(pid)
        return found

    def kill(self, function):
        """Kills all sandboxes of a function, as a crash does; returns how many."""
        killed = self.sandboxes(function)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return len(killed)

    def aws_environment(self):
        """The AWS_ variables of a function of this cloud: endpoint, credentials, authority. Secret."""
        for pid in [*self.sandboxes("authorizer"), *self.sandboxes("key-authorizer")]:
            return {name: value for name, value in self._variables(pid).items() if name.startswith("AWS_")}
        raise Problem(f"{self.name} runs no authorizer whose AWS_ variables could be read:\n{self._process.tail()}")

    @staticmethod
    def _variables(pid):
        try:
            pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return {}
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def _send(self, method, path):
        trust = ssl.create_default_context(cafile=str(self.dir / "ca.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=trust)
        try:
            connection.request(method, path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()
