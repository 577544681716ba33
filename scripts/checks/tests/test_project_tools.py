"""project.tools: what is installed into .tools/, and that nothing else can be."""

import contextlib
import hashlib
import re
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from ecr_admission.problem import Problem
from project import tools


class ProjectTools(unittest.TestCase):
    def test_every_package_of_the_tools_is_pinned_by_hash(self):
        lists = sorted(tools.REQUIREMENTS.glob("*.txt"))
        self.assertGreaterEqual(len(lists), 8)
        for file in lists:
            text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE)
            one = r"[A-Za-z0-9._-]+==[^\s;]+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
            self.assertRegex(text, rf"\A(?:{one})+\Z", file.name)

    def test_only_files_with_a_known_hash_are_installed(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            wheel = folder / "harmless-1.0-py3-none-any.whl"
            with zipfile.ZipFile(wheel, "w") as archive:
                archive.writestr("harmless.py", "")
                archive.writestr("harmless-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n")
                archive.writestr("harmless-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                archive.writestr("harmless-1.0.dist-info/RECORD", "")
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            with mock.patch.multiple(tools, REQUIREMENTS=folder, TOOLS=folder / "tools", ROOT=folder):
                for line, refusal in (
                    (f"{wheel}", "Hashes are required"),
                    (f"{wheel} --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES"),
                ):
                    (folder / "mine.txt").write_text(f"{line}\n")
                    with open(folder / "log", "w+", encoding="utf-8") as log:
                        with contextlib.redirect_stderr(log):
                            with self.assertRaisesRegex(Problem, "pip could not install mine.txt"):
                                tools.bin_of("mine")
                        log.seek(0)
                        self.assertIn(refusal, log.read())
                (folder / "mine.txt").write_text(f"{wheel} --hash=sha256:{digest}\n")
                with open(folder / "log", "w", encoding="utf-8") as log, contextlib.redirect_stderr(log):
                    installed = tools.bin_of("mine").parent
                self.assertEqual(len(list(installed.glob("lib/python*/site-packages/harmless.py"))), 1)
