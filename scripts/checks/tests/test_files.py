"""ecr_admission.files: how the tools write files."""

import os
import tempfile
import unittest
from pathlib import Path

from ecr_admission import files
from ecr_admission.problem import Problem


class Files(unittest.TestCase):
    def test_a_device_is_never_replaced(self):
        # The pipe stands for a device: a failed test must not replace /dev/null.
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(f"{folder}/pipe")
            with self.assertRaisesRegex(Problem, "not a plain file"):
                files.write(f"{folder}/pipe", "token", files.SECRET)

    def test_others_cannot_read_a_secret_even_if_they_could_read_the_old_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "token"
            path.write_text("old")
            path.chmod(0o644)
            files.write(path, "new", files.SECRET)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertEqual(list(Path(folder).iterdir()), [path])
