"""The tarballs of the command-line tool, unpacked and run. scripts/build --cli makes them."""

import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from project import sums, tarballs

from . import ROOT

FOLDER = ROOT / "dist" / "cli"
SAMPLES = ROOT / "deploy" / "samples"
X86_64, ARM64 = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"
NATIVE = ARM64 if platform.machine() in ("aarch64", "arm64") else X86_64
# Where Debian's package libc6-arm64-cross puts the C library of arm64.
ARM64_LIBRARIES = Path("/usr/aarch64-linux-gnu")
# Account and Region of the samples.
PARAMETERS = ["--region", "eu-west-1", "--registry-ids", "123456789012"]
PARAMETERS += ["--registry-region", "eu-west-1", "--own-account", "123456789012"]


def emulator():
    """The command that runs a program for arm64 on this machine; None where there is none."""
    program = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    return [program, "-L", str(ARM64_LIBRARIES)] if program and ARM64_LIBRARIES.is_dir() else None


def options(text):
    return set(re.findall(r"--[a-z-]+", text))


class Tarball:
    """What the tests of both architectures check."""

    target = None
    runner = ()

    @classmethod
    def setUpClass(cls):
        cls.path = FOLDER / f"{tarballs.name(cls.target)}.tar.gz"
        if not cls.path.exists():
            raise RuntimeError(f"{cls.path} does not exist; run scripts/build --cli")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.home = Path(folder.name)
        with tarfile.open(cls.path) as archive:
            archive.extractall(cls.home)
        cls.executable = cls.home / tarballs.name(cls.target) / "ecr-admission"

    def run_tool(self, *arguments):
        # Without credentials and settings of AWS.
        environment = {"HOME": str(self.home), "PATH": os.defpath, "AWS_EC2_METADATA_DISABLED": "true"}
        command = [*self.runner, str(self.executable), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)

    def test_it_says_its_version(self):
        answer = self.run_tool("--version")
        self.assertEqual((answer.stdout, answer.returncode), (f"ecr-admission {tarballs.version()}\n", 0))

    def test_it_explains_the_sample_policy(self):
        answer = self.run_tool("policy", "check", SAMPLES / "policy.yaml")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("scan-findings", answer.stdout)

    def test_it_checks_a_manifest_without_asking_aws(self):
        report = self.home / "report.sarif"
        manifest = SAMPLES / "pods" / "docker-hub.yaml"
        facts = ["--facts", SAMPLES / "registry.yaml"]
        answer = self.run_tool("check", manifest, *PARAMETERS, *facts, "-o", "text", "-o", f"sarif={report}")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn("[ecr-registry]", answer.stdout)
        (result, *_) = json.loads(report.read_text())["runs"][0]["results"]
        self.assertEqual(result["ruleId"], "ecr-registry")

    def test_it_needs_no_newer_c_library_than_its_name_says(self):
        content = self.executable.read_bytes()
        versions = {tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", content)}
        self.assertTrue(versions)
        self.assertLessEqual(max(versions), tuple(map(int, tarballs.GLIBC.split("."))))

    def test_it_names_no_path_of_the_machine_that_built_it(self):
        content = self.executable.read_bytes()
        for path in (str(ROOT), str(Path.home() / ".cargo")):
            self.assertNotIn(path.encode(), content)

    def test_its_bill_of_materials_and_its_digests_belong_to_it(self):
        bill = json.loads((FOLDER / f"{tarballs.name(self.target)}.cdx.json").read_text(encoding="utf-8"))
        digest = {"alg": "SHA-256", "content": sums.digest(self.path)}
        self.assertEqual(bill["metadata"]["component"]["hashes"], [digest])
        self.assertIn("aws-config", {component["name"] for component in bill["components"]})
        sums.check(FOLDER, [path.name for path in FOLDER.glob("ecr-admission-*")])

    def test_it_has_every_option_that_the_page_shows(self):
        page = (ROOT / "deploy" / "ci.md").read_text(encoding="utf-8").replace("\\\n", " ")
        used = options(" ".join(re.findall(r"ecr-admission check (.+)", page)))
        self.assertIn("--output", used)
        self.assertEqual(used - options(self.run_tool("check", "--help").stdout), set())


class Native(Tarball, unittest.TestCase):
    target = NATIVE


@unittest.skipIf(NATIVE == ARM64, "this machine is arm64, so the other tests cover it")
@unittest.skipUnless(list(FOLDER.glob(f"*-{ARM64}-*.tar.gz")), "run scripts/build --cli --arch arm64 --sbom first")
@unittest.skipUnless(emulator(), "install qemu-user and libc6-arm64-cross to run what is built for arm64")
class Emulated(Tarball, unittest.TestCase):
    target = ARM64
    runner = emulator() or ()
