"""Which version runs, as deploy/doctor says it, and whose registries the stack allows."""

import re
import unittest
from types import SimpleNamespace
from unittest import mock

from ecr_admission.doctor import registry, version
from ecr_admission.doctor.report import Report
from ecr_admission.problem import Problem
from ecr_admission.registries import Registries
from ecr_admission.release import VERSION, order

from . import ROOT


class Versions(unittest.TestCase):
    def said(self, answered, template, status="CREATE_COMPLETE", own="0.2.0"):
        """The version for a program, the text, and whether that is a warning."""
        stack = SimpleNamespace(later={"Version": template} if template else {}, status=status)
        world = SimpleNamespace(stack=stack, caller=SimpleNamespace(versions=set(answered)))
        with mock.patch.object(version, "VERSION", own):
            try:
                return version.running(world), version.check(world), False
            except Problem as found:
                return version.running(world), str(found), True

    def test_what_follows(self):
        for answered, template, running, warned, expected in (
            (["0.2.0"], "0.2.0", "0.2.0", False, "0.2.0 runs, and is the version of this doctor"),
            # A private door cannot be called from here.
            ([], "0.2.0", "0.2.0", False, "0.2.0 runs, as its template says, and is the version of this doctor"),
            # Without --stack.
            (["0.2.0"], None, "0.2.0", False, "0.2.0 runs, and is"),
            (["0.1.9"], "0.1.9", "0.1.9", True, "0.1.9 runs, which is older than this doctor (0.2.0): checks of what is new"),
            (["0.10.0"], "0.10.0", "0.10.0", True, "0.10.0 runs, which is newer than this doctor (0.2.0), and has what"),
            (["0.2.0", "0.1.0"], "0.2.0", "0.1.0, 0.2.0", True, "answers come from 0.1.0 and 0.2.0: a deployment or a rollback"),
            (["0.1.0"], "0.2.0", "0.1.0", True, "the template of the stack is of version 0.2.0, and the code that answers of 0.1.0"),
            ([], None, None, True, "nothing says which version runs, so it is older than the output Version of the stack; update"),
            (["main"], None, "main", True, "expected a version such as 0.2.0, got 'main'"),
        ):
            with self.subTest(answered=answered, template=template):
                found = self.said(answered, template)
                self.assertEqual((found[0], found[2]), (running, warned))
                self.assertTrue(found[1].startswith(expected), found[1])

    def test_a_deployment_that_has_not_ended_and_one_that_was_rolled_back(self):
        for status, warned, expected in (
            ("UPDATE_COMPLETE", False, "0.2.0 runs, and is the version of this doctor"),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False, "0.2.0 runs, and is the version of this doctor"),
            ("UPDATE_IN_PROGRESS", True, "the status of the stack is UPDATE_IN_PROGRESS: a deployment or a rollback is under way"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", True, "the status of the stack is UPDATE_ROLLBACK_IN_PROGRESS: a deployment or a ro"),
            ("UPDATE_ROLLBACK_COMPLETE", True, "the status of the stack is UPDATE_ROLLBACK_COMPLETE: its last deployment was rolled"),
        ):
            with self.subTest(status):
                _, text, got = self.said(["0.2.0"], "0.2.0", status)
                self.assertEqual(got, warned)
                self.assertTrue(text.startswith(expected), text)

    def test_order(self):
        sorted_versions = ["0.1.9", "0.2.0-rc.1", "0.2.0", "0.10.0", "1.0.0"]
        self.assertEqual(sorted(reversed(sorted_versions), key=order), sorted_versions)
        self.assertEqual(order("1.0.0+build"), order("1.0.0"))
        for text in ("1.0", "v1.0.0", "", "1.0.0 "):
            self.assertIsNone(order(text))

    def test_the_tools_have_the_version_of_the_workspace(self):
        manifest = (ROOT / "Cargo.toml").read_text().partition("[workspace.package]")[2]
        self.assertEqual(re.search(r'^version = "(.+)"$', manifest, re.MULTILINE).group(1), VERSION)

    def test_the_function_says_its_version_in_the_header_that_is_read(self):
        source = (ROOT / "functions/admission/src/gateway.rs").read_text()
        self.assertIn('ecr_admission_version: env!("CARGO_PKG_VERSION")', source)


class RegistryAccounts(unittest.TestCase):
    """The findings of enhanced scanning are shown to the account that owns the registry only."""

    def lines(self, accounts, account="123456789012"):
        registries = Registries.parse(accounts, "eu-west-1")
        stack = SimpleNamespace(account=account)
        world = SimpleNamespace(stack=stack, given=SimpleNamespace(eks=False), registries=lambda: registries)
        report = Report()
        with mock.patch.object(registry.scanning, "check", lambda *_: "scanned"):
            registry.check(report, world)
        return [(check.status, check.name, check.text) for check in report.checks]

    def test_the_registry_of_the_stack(self):
        self.assertEqual(self.lines("123456789012"), [("ok", "scanning in eu-west-1", "scanned")])

    def test_the_registry_of_another_account(self):
        ((status, name, text),) = self.lines("210987654321")
        self.assertEqual((status, name), ("warn", "registry account"))
        self.assertEqual(
            text,
            "the registry 210987654321 belongs to another account than this stack (123456789012), so how it is scanned cannot"
            " be read from here. With enhanced scanning (Amazon Inspector), Amazon ECR shows the findings only to the account"
            " that owns the registry, and scan-findings denies each of its images; with basic scanning, there is nothing to do. Deploy in"
            " the account that owns the registry, one stack a Region and stage; clusters of any account call it",
        )

    def test_both(self):
        names = [name for _, name, _ in self.lines("210987654321,123456789012,345678901234")]
        self.assertEqual(names, ["registry account", "registry account", "scanning in eu-west-1"])
