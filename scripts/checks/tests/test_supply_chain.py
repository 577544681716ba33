"""The bills of materials and the digests beside the packages."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ecr_admission.problem import Problem
from project import sbom, sums, tools

PACKAGES = ("ecr-admission", "ecr-admission-authorizer")
TARGETS = ("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu")
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(sys.stdin.read())
sys.exit(str(error) if error else 0)
"""


def invalid(text):
    """What the schema of CycloneDX says against `text`; empty when it is valid."""
    command = [str(tools.bin_of("sbom") / "python"), "-c", VALIDATE]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stderr


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.zip = cls.folder / "admission.zip"
        cls.zip.write_bytes(b"zip")

    def made(self, package=PACKAGES[0], target=TARGETS[0]):
        path = self.folder / "made.json"
        sbom.write(path, package, target, self.zip)
        return path.read_text(encoding="utf-8")

    def test_the_same_sources_give_the_same_bytes(self):
        for package in PACKAGES:
            for target in TARGETS:
                with self.subTest(package=package, target=target):
                    self.assertEqual(self.made(package, target), self.made(package, target))

    def test_the_schema_accepts_it_and_would_refuse(self):
        for package in PACKAGES:
            self.assertEqual(invalid(self.made(package)), "")
        self.assertIn("'lib' is not one of", invalid(self.made().replace('"library"', '"lib"', 1)))

    def test_it_belongs_to_the_zip(self):
        main = json.loads(self.made())["metadata"]["component"]
        self.assertEqual((main["name"], main["type"]), ("ecr-admission", "application"))
        self.assertEqual(main["hashes"], [{"alg": "SHA-256", "content": sums.digest(self.zip)}])

    def test_it_lists_what_is_linked_and_nothing_else(self):
        admission, authorizer = (
            {one["name"]: one for one in json.loads(self.made(package))["components"]} for package in PACKAGES
        )
        self.assertLess({"aws-sdk-ecr", "ecr-admission-policy", "ring", "rustls", "tokio"}, set(admission))
        self.assertNotIn("aws-sdk-ecr", authorizer)
        for absent in ("insta", "local-cloud", "pretty_assertions", "proptest", "serde_derive"):
            self.assertNotIn(absent, admission)
        ring = admission["ring"]
        self.assertEqual(ring["purl"], f"pkg:cargo/ring@{ring['version']}")
        self.assertRegex(ring["hashes"][0]["content"], r"\A[0-9a-f]{64}\Z")
        self.assertNotIn("purl", admission["ecr-admission-policy"])

    def test_every_dependency_is_a_component_and_every_component_a_dependency(self):
        bill = json.loads(self.made())
        components = {one["bom-ref"] for one in bill["components"]}
        needed = {ref for one in bill["dependencies"] for ref in one["dependsOn"]}
        self.assertEqual(needed, components)
        main = bill["metadata"]["component"]["bom-ref"]
        self.assertEqual({one["ref"] for one in bill["dependencies"]}, components | {main})

    def test_a_crate_without_a_license_is_a_problem(self):
        printed = subprocess.CompletedProcess([], 0, "0 ecr-admission v0.1.0 (/src)|Apache-2.0\n1 nothing v1.0.0|\n", "")
        with mock.patch.object(sbom.subprocess, "run", return_value=printed):
            with self.assertRaisesRegex(Problem, r"got \"1 nothing v1.0.0\|\""):
                self.made()


class Sums(unittest.TestCase):
    NAMES = ("b.zip", "a.cdx.json")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in self.NAMES:
            (self.folder / name).write_text(name)
        sums.write(self.folder, self.NAMES)

    def test_sha256sum_checks_them(self):
        command = ["sha256sum", "--check", "--strict", sums.NAME]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout, "a.cdx.json: OK\nb.zip: OK\n")
        sums.check(self.folder, self.NAMES)

    def test_a_file_that_changed_is_a_problem(self):
        (self.folder / "b.zip").write_text("another")
        with self.assertRaisesRegex(Problem, "b.zip has SHA-256 [0-9a-f]{64}; expected [0-9a-f]{64}, as in SHA256SUMS"):
            sums.check(self.folder, self.NAMES)

    def test_a_file_that_is_missing_is_a_problem(self):
        (self.folder / "b.zip").unlink()
        with self.assertRaisesRegex(Problem, "b.zip does not exist"):
            sums.check(self.folder, self.NAMES)

    def test_a_file_that_is_not_listed_is_a_problem(self):
        sums.write(self.folder, self.NAMES[:1])
        with self.assertRaisesRegex(Problem, "lists b.zip; expected a.cdx.json, b.zip"):
            sums.check(self.folder, self.NAMES)
