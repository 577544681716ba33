"""What deploy/doctor says of how the registry is scanned."""

import unittest
from unittest import mock

from ecr_admission import aws, scanning
from ecr_admission.problem import Problem

CONTINUOUS = {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}
ON_PUSH = {**CONTINUOUS, "scanFrequency": "SCAN_ON_PUSH"}
COMMAND = (
    "aws inspector2 update-configuration --region eu-west-1 --ecr-configuration"
    " rescanDuration=LIFETIME,pullDateRescanDuration=DAYS_180,pullDateRescanMode=LAST_PULL_DATE"
)


class Scanning(unittest.TestCase):
    def said(self, kind, rules, state=None, eks=False):
        """What is said of a registry, and whether it is a warning."""
        answers = {
            "get-registry-scanning-configuration": {
                "registryId": "123456789012",
                "scanningConfiguration": {"scanType": kind, "rules": rules},
            },
            "get-configuration": {"ecrConfiguration": {"rescanDurationState": state}},
        }

        def call(_service, operation, _arguments, region=None):
            self.assertEqual(region, "eu-west-1")
            return answers[operation]

        with mock.patch.object(aws, "call", call):
            try:
                return scanning.check("eu-west-1", eks), False
            except Problem as found:
                return str(found), True

    def test_basic_scanning_looks_once(self):
        for rules in ([], [ON_PUSH]):
            text, warned = self.said("BASIC", rules)
            self.assertFalse(warned)
            self.assertTrue(text.startswith("basic scanning looks at an image once, when it is pushed: "), text)

    def test_enhanced_scanning_on_push_looks_once(self):
        text, warned = self.said("ENHANCED", [ON_PUSH])
        self.assertFalse(warned)
        self.assertTrue(text.startswith("enhanced scanning looks at an image when it is pushed, and never again"), text)

    def test_durations(self):
        default = {"rescanDuration": "DAYS_14", "pullDateRescanDuration": "DAYS_14", "pullDateRescanMode": "LAST_IN_USE_AT"}
        for state, eks, expected in (
            # The default of new accounts: an image of a control plane of one's own expires after a fortnight.
            (default, False, "until 14 days after its push and 14 days after it was last in use; it sees no Pod of"),
            (default, True, None),
            ({**default, "rescanDuration": "LIFETIME"}, False, None),
            ({**default, "pullDateRescanMode": "LAST_PULL_DATE"}, False, "14 days after it was last pulled; then an image"),
            # Pulls do not follow restarts, on EKS neither.
            ({**default, "pullDateRescanMode": "LAST_PULL_DATE"}, True, "14 days after it was last pulled; then an image"),
            ({**default, "pullDateRescanMode": "LAST_PULL_DATE", "pullDateRescanDuration": "DAYS_90"}, False, None),
            ({**default, "pullDateRescanMode": "LAST_PULL_DATE", "pullDateRescanDuration": "DAYS_60"}, False, "60 days after"),
            # Accounts that never changed the setting, before there were pull dates.
            ({"rescanDuration": "DAYS_30"}, False, 'until 30 days after its push and the duration "unknown" after it was'),
            ({}, False, 'until the duration "unknown" after its push'),
        ):
            with self.subTest(state=state, eks=eks):
                text, warned = self.said("ENHANCED", [ON_PUSH, CONTINUOUS], state, eks)
                self.assertEqual(warned, expected is not None, text)
                if warned:
                    self.assertIn(expected, text)
                    self.assertIn(COMMAND, text)
                    self.assertIn("SCAN_ELIGIBILITY_EXPIRED", text)

    def test_an_unknown_type(self):
        text, warned = self.said("SUPERB", [])
        self.assertTrue(warned)
        self.assertTrue(text.startswith('expected scanType BASIC or ENHANCED, got "SUPERB"'), text)
