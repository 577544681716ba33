"""What the tests of deploy/render-config share."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import tools

from . import ROOT

HOST = "abcde12345.execute-api.eu-west-1.amazonaws.com"
STACK = {
    "Endpoint": f"https://{HOST}",
    "TokenSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tokens",
    "IgnoredNamespacesInForce": "kube-system,ci",
    "MetricsNamespaceInForce": "EcrAdmission",
    "AuthorizerCacheSecondsInForce": "60",
}
# Answers like the aws CLI, from the files beside it, and writes down each call.
FAKE_AWS = """#!/bin/sh
echo "$*" >> "$0.calls"
case "$1" in
  cloudformation) cat "$0.stack" ;;
  secretsmanager)
    case "$*" in
      *"secret:policy"*) cat "$0.policy" ;;
      *) cat "$0.secret" ;;
    esac ;;
  *) echo "An error occurred (AccessDenied)" >&2; exit 254 ;;
esac
"""


def yaml_of(path):
    """The file as an object, through a Python with a YAML reader."""
    python = tools.bin_of("kubernetes") / "python"
    program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    output = subprocess.run([python, "-c", program, path], capture_output=True, text=True, check=True).stdout
    return json.loads(output)


class Rendering(unittest.TestCase):
    """Runs deploy/render-config into a folder, `self.out`."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.out = self.folder / "out"

    def render(self, *arguments, code=0, **environment):
        result = subprocess.run(
            [str(ROOT / "deploy" / "render-config"), "--out", str(self.out), *arguments],
            env={**os.environ, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def fake_aws(self, secret, policy="", **outputs):
        """An aws CLI for a stack with these outputs too, a token secret and a policy secret."""
        aws = self.folder / "bin" / "aws"
        aws.parent.mkdir(exist_ok=True)
        aws.write_text(FAKE_AWS)
        aws.chmod(0o755)
        pairs = [{"OutputKey": key, "OutputValue": value} for key, value in {**STACK, **outputs}.items()]
        stack_id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/EcrAdmission/1"
        stacks = {"Stacks": [{"StackId": stack_id, "StackStatus": "CREATE_COMPLETE", "Outputs": pairs}]}
        Path(f"{aws}.stack").write_text(json.dumps(stacks))
        for name, text in (("secret", secret), ("policy", policy)):
            version = {"VersionId": "v1", "CreatedDate": 1795176000, "SecretString": text}
            Path(f"{aws}.{name}").write_text(json.dumps(version))
        return {"PATH": f"{aws.parent}:{os.environ['PATH']}"}

    def from_url(self, *arguments, url=f"https://{HOST}", code=0):
        return self.render("--url", url, "--token-file", "/etc/t/token", *arguments, code=code)
