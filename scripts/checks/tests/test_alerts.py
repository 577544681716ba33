"""The rules of deploy/alerts: PromQL that Prometheus reads, about webhooks that exist."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import tools

from . import ROOT

RULES = ROOT / "deploy" / "alerts" / "apiserver-rules.yaml"
READER = ROOT / "scripts" / "checks" / "tests" / "alert_rules.py"
TEMPLATES = ROOT / "deploy" / "templates"
WEBHOOK = re.compile(r"^  - name: (\S+\.ecr-admission\.internal)$", re.MULTILINE)


def read(path):
    command = [str(tools.bin_of("alerts") / "python"), "-B", str(READER), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        result = read(RULES)
        if result.returncode != 0:
            raise AssertionError(result.stderr)
        (cls.group,) = json.loads(result.stdout)
        cls.rules = cls.group["rules"]

    def test_each_says_who_is_notified_and_what_happened(self):
        self.assertEqual(
            {rule["alert"]: rule["labels"]["severity"] for rule in self.rules},
            {
                "EcrAdmissionFailsOpen": "page",
                "EcrAdmissionFailedOpen": "ticket",
                "EcrAdmissionCallsFail": "page",
                "EcrAdmissionCallFailed": "ticket",
                "EcrAdmissionSlow": "ticket",
            },
        )
        for rule in self.rules:
            with self.subTest(rule["alert"]):
                self.assertEqual(set(rule["annotations"]), {"summary", "description"})
                self.assertIn(rule["compares"], (">", ">="))
                # What Prometheus knows; it refuses a rule with any other field.
                self.assertLessEqual(set(rule["keys"]), {"alert", "expr", "for", "labels", "annotations"})

    def test_each_selects_webhooks_that_the_templates_have(self):
        webhooks = {
            name
            for template in ("validating-webhook.yaml", "mutating-webhook.yaml")
            for name in WEBHOOK.findall((TEMPLATES / template).read_text())
        }
        selected = set()
        for rule in self.rules:
            self.assertTrue(rule["selectors"], rule["alert"])
            for _metric, labels in rule["selectors"]:
                named = {name for name in webhooks if re.fullmatch(labels["name"], name)}
                self.assertTrue(named, f"{rule['alert']}: {labels}")
                selected |= named
        # Those that can keep a Pod from running, or let it run unchecked.
        self.assertEqual(selected, {"pods.ecr-admission.internal", "mutation.ecr-admission.internal"})
        self.assertEqual(webhooks - selected, {"controllers.ecr-admission.internal"})

    def test_every_part_of_a_rule_selects_the_same(self):
        for rule in self.rules:
            for selector in rule["selectors"]:
                self.assertEqual(selector, rule["selectors"][0], rule["alert"])

    def test_a_mistake_is_found(self):
        for right, wrong in (("[15m]", "[15 minutes]"), ("histogram_quantile(", "histogram_quantil("), ("sum by (", "sum by ((")):
            with self.subTest(wrong), tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "rules.yaml")
                path.write_text(RULES.read_text().replace(right, wrong, 1))
                self.assertNotEqual(read(path).returncode, 0)


if __name__ == "__main__":
    unittest.main()
