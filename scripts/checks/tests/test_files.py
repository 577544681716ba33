"""ecr_admission.files: how the tools write files."""

import os
import tempfile
import unittest
from pathlib import Path

from ecr_admission import files
from ecr_admission.problem import Problem


class Files(unittest.TestCase):
    def test_a_device_is_never_replaced(self):
        # A pipe stands for the devices: a failure must not cost the machine its /dev/null.
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(f"{folder}/pipe")
            with self.assertRaisesRegex(Problem, "not a plain file"):
                files.write(f"{folder}/pipe", "token", files.SECRET)

    def test_a_secret_is_narrow_even_where_the_file_was_wide(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "token"
            path.write_text("old")
            path.chmod(0o644)
            files.write(path, "new", files.SECRET)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertEqual(list(Path(folder).iterdir()), [path])
