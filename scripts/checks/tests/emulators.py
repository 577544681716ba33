"""Local stand-ins for AWS, on free ports of the loopback interface, and the aws CLI that talks to them."""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from project import tools

ACCOUNT = "123456789012"
REGION = "us-east-1"
START_SECONDS = 60


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(url=None, *tool_names, **extra):
    """Credentials of the emulators' account, the aws CLI on PATH, and every endpoint at `url`."""
    base = tools.environment("awscli", *tool_names)
    kept = {name: value for name, value in base.items() if not name.startswith("AWS_")}
    kept.update(
        # ministack takes an access key of 12 digits for the account.
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
        # No profile or CLI settings of the machine's user.
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        **extra,
    )
    if url:
        kept["AWS_ENDPOINT_URL"] = url
    return kept


class Emulator:
    """A server process; ends with everything it started."""

    def __init__(self, name, command, ready_path, **variables):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._name = name
        self._folder = tempfile.TemporaryDirectory()
        self.log = Path(self._folder.name) / "log"
        variables = {key: str(value).format(port=self.port, url=self.url) for key, value in variables.items()}
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [part.format(port=self.port) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its temporary files go with it, and two emulators never share any.
                env={**environment(None, TMPDIR=self._folder.name), **variables},
                start_new_session=True,
            )
        self._wait(ready_path)

    def _wait(self, path):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            try:
                connection.request("GET", path)
                connection.getresponse().read()
                return
            except OSError:
                time.sleep(0.2)
            finally:
                connection.close()
        tail = self.log.read_text(errors="replace")[-2000:]
        self.stop()
        raise RuntimeError(f"{self._name} did not start within {START_SECONDS} s:\n{tail}")

    def stop(self):
        """Ends it, and the functions it runs: they are in its process group."""
        try:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(10)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._folder.cleanup()


def ministack(**variables):
    """The local AWS that deploys CloudFormation stacks and runs the functions."""
    launcher = Path(__file__).with_name("ministack_with_extensions.py")
    command = [str(tools.bin_of("ministack") / "python"), str(launcher)]
    return Emulator(
        "ministack",
        command,
        "/_ministack/health",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT="{port}",
        AWS_ENDPOINT_URL="{url}",
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        # Its MQTT listener does not keep to the loopback interface.
        IOT_MTLS_ENABLED="0",
        **variables,
    )


def moto():
    """A local S3 and ECR."""
    command = [str(tools.bin_of("moto") / "moto_server"), "-H", "127.0.0.1", "-p", "{port}"]
    return Emulator("moto", command, "/moto-api/data.json")


def aws(url, *arguments):
    """One call of the aws CLI against `url`, and its answer."""
    result = subprocess.run(
        ["aws", *arguments, "--output", "json"],
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"aws {' '.join(arguments[:2])}: {result.stderr.strip()}")
    return json.loads(result.stdout) if result.stdout.strip() else {}
