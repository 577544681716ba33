"""deploy/runbook.md has a place for every alarm, and its commands are commands."""

import re
import subprocess
import unittest

from project.tools import ROOT

PAGE = (ROOT / "deploy/runbook.md").read_text(encoding="utf-8")
TEMPLATE = (ROOT / "infra/template.yaml").read_text(encoding="utf-8")
# A logical id: the path of the alarm's construct, and a hash.
ALARM = re.compile(
    r"^  EcrAdmission(?:Alarms|Endpoint|Rest|UrlKeys)(\w+)[0-9A-F]{8}:\n    Type: AWS::CloudWatch::Alarm$", re.MULTILINE
)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands():
    """The commands of the page for a shell, without comments."""
    lines = [line for block in BLOCK.findall(PAGE) for line in block.splitlines()]
    return [line for line in lines if not line.startswith("#")]


class Runbook(unittest.TestCase):
    def test_every_alarm_has_an_anchor(self):
        alarms = ALARM.findall(TEMPLATE)
        self.assertEqual(len(alarms), TEMPLATE.count("Type: AWS::CloudWatch::Alarm\n"), "an alarm of another construct")
        anchors = re.findall(r'<a id="(\w+)"></a>`(\w+)`', PAGE)
        self.assertGreater(len(alarms), 15)
        self.assertEqual(set(alarms), {name for _, name in anchors})
        for anchor, name in anchors:
            self.assertEqual(anchor, name.lower())

    def test_every_command_can_be_pasted(self):
        found = commands()
        self.assertGreater(len(found), 15)
        for line in found:
            with self.subTest(line=line):
                checked = subprocess.run(["bash", "-n", "-c", line], capture_output=True, text=True, check=False)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))
                first = line.split()[0]
                self.assertTrue(first in ("kubectl", "aws") or (ROOT / first).is_file(), first)

    def test_options_of_the_tools_exist(self):
        """Those of deploy/policy and deploy/check are tested by running them (scripts/end-to-end/tests/runbook)."""
        for line in commands():
            tool = line.split()[0]
            if tool not in ("deploy/rotate-token", "deploy/doctor"):
                continue
            with self.subTest(line=line):
                usage = subprocess.run([ROOT / tool, "--help"], capture_output=True, text=True, check=True).stdout
                for option in re.findall(r"(?<= )--[a-z-]+", line):
                    self.assertIn(option, usage)
