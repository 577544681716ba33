"""The folder of a release, made of packages that only look like those of scripts/build."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import release, sums, tarballs

from . import ROOT

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
COMMAND = re.compile(r"(?<![\w/.-])((?:deploy|infra|s3|cli|sbom)/[\w./-]*[\w/])")


def packages(folder, version=None):
    """What scripts/build leaves in dist/, with other bytes in the packages."""
    bill = {"metadata": {"component": {"version": version or tarballs.version()}}}
    for architecture in release.TARGETS:
        for path in release.packages_of(architecture):
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(bill) if path.endswith(".json") else f"the bytes of {path}")
    for name in (*release.TARGETS, "cli"):
        sums.write(folder / name, [path.name for path in (folder / name).iterdir() if path.name != sums.NAME])
    return folder


def make(folder, *arguments):
    """Runs scripts/release."""
    command = [str(ROOT / "scripts" / "release"), "--packages", str(folder / "packages")]
    command += ["--out", str(folder / "out"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tree(folder):
    """Every file: path -> (content, mode)."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
        if path.is_file()
    }


class Files(unittest.TestCase):
    """A release for both architectures."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.base = Path(folder.name)
        packages(cls.base / "packages")
        result = make(cls.base)
        if result.returncode != 0:
            raise RuntimeError(result.stderr)
        cls.said = result.stderr
        cls.version = tarballs.version()
        cls.folder = cls.base / "out" / f"ecr-admission-{cls.version}"
        cls.files = tree(cls.folder)

    def text(self, path):
        return self.files[path][0].decode()

    def test_it_says_what_it_does(self):
        for words in ("checking the packages", "collecting the files", "packing ecr-admission-"):
            self.assertIn(words, self.said)

    def test_the_same_packages_give_the_same_bytes(self):
        tarball = self.base / "out" / f"{self.folder.name}.tar.gz"
        before = tarball.read_bytes()
        # What is already there is replaced, and nothing of it stays.
        (self.folder / "more").write_text("more")
        old = os.umask(0o077)
        try:
            result = make(self.base)
        finally:
            os.umask(old)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(tree(self.folder), self.files)
        self.assertEqual(tarball.read_bytes(), before)
        self.assertEqual(sorted(path.name for path in (self.base / "out").iterdir()), [self.folder.name, tarball.name])

    def test_sha256sum_finds_every_file_as_it_is_listed(self):
        command = ["sha256sum", "--check", "--quiet", "--strict", sums.NAME]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        listed = {line.split("  ", 1)[1] for line in self.text(sums.NAME).splitlines()}
        self.assertEqual(listed, set(self.files) - {sums.NAME})

    def test_the_bucket_gets_what_the_template_asks_for(self):
        uploads = f"s3/ecr-admission/{self.version}/"
        names = {path[len(uploads) :] for path in self.files if path.startswith("s3/")}
        template = self.text(f"{uploads}cloudformation.yaml")
        keys = set(re.findall(r"\$\{CodeKeyPrefix\}(\S+)", template))
        prefix = f"ecr-admission/{self.version}/"
        self.assertEqual(len(keys), 2)
        asked = {
            key.replace(prefix, "").replace("${Architecture}", architecture)
            for key in keys
            for architecture in release.TARGETS
        }
        self.assertEqual(names, asked | {"cloudformation.yaml"})
        self.assertEqual(template, self.text("infra/cloudformation.yaml"))

    def test_the_application_of_the_sar_names_packages_of_the_release(self):
        named = re.findall(r"CodeUri: (\S+)", self.text("infra/template.yaml"))
        self.assertEqual(len(named), 3)
        for path in named:
            place = (self.folder / "infra" / path).resolve().relative_to(self.folder.resolve()).as_posix()
            self.assertEqual(self.text(place), f"the bytes of arm64/{Path(place).name.replace('-arm64', '')}")
        for name in re.findall(r"(?:License|Readme)Url: (\S+)", self.text("infra/template.yaml")):
            self.assertIn(f"infra/{name}", self.files)

    def test_each_package_has_its_bill_of_materials(self):
        bills = {Path(path).name[: -len(".cdx.json")] for path in self.files if path.startswith("sbom/")}
        zips = {Path(path).stem for path in self.files if path.endswith(".zip")}
        tools = {Path(path).name[: -len(".tar.gz")] for path in self.files if path.endswith(".tar.gz")}
        self.assertEqual((len(zips), len(tools)), (4, 2))
        self.assertEqual(bills, zips | tools)

    def test_what_runs_can_run_and_nothing_else(self):
        runs = {path for path, (_, mode) in self.files.items() if mode == 0o755}
        self.assertLessEqual({"deploy/check", "deploy/doctor", "deploy/policy", "deploy/render-config"}, runs)
        for path in runs:
            self.assertRegex(path, r"^deploy/[a-z-]+$")
            self.assertTrue(self.text(path).startswith("#!/usr/bin/env "))
        self.assertEqual({mode for path, (_, mode) in self.files.items() if path not in runs}, {0o644})

    def test_no_file_needs_the_checkout(self):
        self.assertFalse([path for path in self.files if path.endswith((".rs", ".ts", "Cargo.toml"))])
        for path, (content, _) in self.files.items():
            self.assertNotIn(str(ROOT).encode(), content, path)

    def test_every_link_of_a_page_has_a_target(self):
        pages = [path for path in self.files if path.endswith(".md")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            for target in LINK.findall(self.text(page)):
                if not re.match("[a-z]+:", target):
                    self.assertTrue((self.folder / page).parent.joinpath(target).exists(), f"{page}: {target}")
        # A link whose target is not in the release keeps its words, and one whose target is there stays a link.
        self.assertIn("[infra](../infra/README.md) or cdk)", self.text("deploy/README.md"))

    def test_the_pages_name_this_version(self):
        found = [
            (path, version)
            for path in self.files
            if path.endswith(".md")
            for version in re.findall(r"ecr-admission[-/](\d+\.\d+\.\d+)", self.text(path))
        ]
        self.assertGreater(len(found), 8)
        self.assertEqual({version for _, version in found}, {self.version}, found)

    def test_the_page_names_what_is_there(self):
        page = self.text("INSTALL.md")
        self.assertIn(f"ecr-admission/{self.version}/cloudformation.yaml", page)
        self.assertNotIn("VERSION", page)
        self.assertNotIn("Not for publication", page)
        named = {path.rstrip("/") for path in COMMAND.findall(page)}
        self.assertGreater(len(named), 10)
        for path in named:
            self.assertTrue((self.folder / path).exists(), path)

    def test_the_notes_are_the_section_of_this_version(self):
        notes = self.text("RELEASE_NOTES.md")
        self.assertTrue(notes.startswith(f"# ecr-admission {self.version}"), notes[:80])
        self.assertNotRegex(notes, "(?m)^## ")
        changelog = "# Changelog\n\n## 0.2.0\n\nNew.\n\n### More\n\n- a\n\n## 0.1.0\n\nOld.\n"
        self.assertEqual(
            release.release_notes(changelog, "0.2.0"), "# ecr-admission 0.2.0\n\nNew.\n\n### More\n\n- a\n"
        )
        self.assertEqual(release.release_notes(changelog, "0.1.0"), "# ecr-admission 0.1.0\n\nOld.\n")
        with self.assertRaisesRegex(release.Problem, "CHANGELOG.md has no section about 0.2; add one"):
            release.release_notes(changelog, "0.2")


class Partial(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def test_a_release_for_one_architecture_says_so(self):
        packages(self.base / "packages")
        for architecture in release.TARGETS:
            result = make(self.base, "--arch", architecture)
            self.assertEqual(result.returncode, 0, result.stderr)
            folder = self.base / "out" / f"ecr-admission-{tarballs.version()}-{architecture}-only"
            self.assertRegex((folder / "INSTALL.md").read_text(), rf"^# .+\n\n> \*\*Not for publication\.\*\*.+ {architecture} only")
            zips = {path.stem.split("-", 1)[1] for path in folder.rglob("*.zip")}
            self.assertEqual(zips, {architecture})
            self.assertEqual((folder / "infra" / "template.yaml").exists(), architecture == "arm64")

    def refused(self, reason):
        result = make(self.base)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, reason)
        self.assertFalse((self.base / "out").exists())

    def test_a_package_that_is_not_the_one_of_its_digest_is_refused(self):
        for path in ("arm64/admission.zip", f"cli/{tarballs.name(release.TARGETS['x86_64'])}.tar.gz"):
            packages(self.base / "packages")
            (self.base / "packages" / path).write_text("other")
            self.refused(f"{path} has SHA-256 .*; run scripts/build --arch")

    def test_a_package_that_is_missing_is_refused(self):
        packages(self.base / "packages")
        name = f"{tarballs.name(release.TARGETS['x86_64'])}.tar.gz"
        cli = self.base / "packages" / "cli"
        (cli / name).unlink()
        sums.write(cli, [path.name for path in cli.glob("ecr-admission-*")])
        self.refused(f"{name} does not exist; run scripts/build --arch x86_64 --sbom and")

    def test_packages_of_another_version_are_refused(self):
        packages(self.base / "packages", "0.0.9")
        self.refused("admission.cdx.json is of version 0.0.9; expected ")
