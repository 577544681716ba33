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

    def from_url(self, *arguments, url=f"https://{HOST}", code=0):
        return self.render("--url", url, "--token-file", "/etc/t/token", *arguments, code=code)
