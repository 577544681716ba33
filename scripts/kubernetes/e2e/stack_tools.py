"""The tools of deploy/ that read a stack, run against a local cloud and the answers of StackAnswers."""

import os
import subprocess
import threading

from project.tools import ROOT, environment

# The aws CLI is installed once.
_INSTALLING = threading.Lock()


def run(tool, cloud, stack, *arguments, tools=None, **extra):
    """Runs `deploy/<tool>` for the cluster of the local cloud; never fails.

    The folder `tools` comes first on PATH, and `extra` is in its environment.
    """
    command = [ROOT / "deploy" / tool, "--stack", "local", "--cluster", "local", "--region", "us-east-1"]
    command += ["--ca-file", cloud.dir / "ca.pem", *arguments]
    aws = cloud.aws_environment()
    with _INSTALLING:
        inherited = environment("awscli")
    if tools:
        inherited["PATH"] = f"{tools}{os.pathsep}{inherited['PATH']}"
    variables = {
        **{name: value for name, value in inherited.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": aws["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": aws["AWS_SECRET_ACCESS_KEY"],
        "AWS_ENDPOINT_URL": stack.url,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": aws["AWS_ENDPOINT_URL"],
        "AWS_CA_BUNDLE": str(cloud.dir / "ca.pem"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **extra,
    }
    words = [str(word) for word in command]
    return subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
