"""project.tarballs: the tarballs of the command-line tool."""

import os
import tarfile
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from project import tarballs

TARGET = "x86_64-unknown-linux-gnu"


class Tarballs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.executable = self.folder / "built"
        self.executable.write_bytes(b"\x7fELF" + bytes(range(256)) * 64)

    def test_the_same_executable_gives_the_same_tarball_at_any_time(self):
        one = tarballs.pack(self.folder / "one", TARGET, self.executable)
        later = time.time() + 3600
        os.utime(self.executable, (later, later))
        self.executable.chmod(0o600)
        with mock.patch("time.time", return_value=later):
            two = tarballs.pack(self.folder / "two", TARGET, self.executable)
        self.assertEqual(one.name, two.name)
        self.assertEqual(one.read_bytes(), two.read_bytes())

    def test_it_holds_the_executable_and_the_license_in_one_folder(self):
        path = tarballs.pack(self.folder, TARGET, self.executable)
        name = f"ecr-admission-{tarballs.version()}-{TARGET}-glibc2.17"
        self.assertEqual(path.name, f"{name}.tar.gz")
        with tarfile.open(path) as archive:
            entries = {entry.name: entry for entry in archive.getmembers()}
            self.assertEqual(archive.extractfile(f"{name}/ecr-admission").read(), self.executable.read_bytes())
        self.assertEqual(list(entries), [f"{name}/{file}" for file in ("LICENSE", "README", "ecr-admission")])
        modes = [entry.mode for entry in entries.values()]
        self.assertEqual(modes, [0o644, 0o644, 0o755])
        for entry in entries.values():
            self.assertEqual((entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime), (0, 0, "", "", 0))
