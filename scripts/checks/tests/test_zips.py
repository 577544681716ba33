"""project.zips: the zips that Lambda gets."""

import os
import tempfile
import time
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from project import zips


class Zips(unittest.TestCase):
    def test_the_same_executable_gives_the_same_zip_at_any_time(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            executable = folder / "admission"
            executable.write_bytes(b"\x7fELF" + bytes(range(256)) * 64)
            one, two = folder / "a" / "one.zip", folder / "b" / "two.zip"
            zips.write(one, executable)
            later = time.time() + 3600
            os.utime(executable, (later, later))
            executable.chmod(0o600)
            with mock.patch("time.time", return_value=later):
                zips.write(two, executable)
            self.assertEqual(one.read_bytes(), two.read_bytes())
            with zipfile.ZipFile(one) as archive:
                (entry,) = archive.infolist()
            self.assertEqual(entry.filename, "bootstrap")
            self.assertEqual(entry.external_attr >> 16, 0o100755)
