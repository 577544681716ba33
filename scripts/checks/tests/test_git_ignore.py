"""What git ignores: tokens and rendered files, and nothing that is tracked."""

import subprocess
import unittest

from . import ROOT


class GitIgnore(unittest.TestCase):
    def test_tokens_and_rendered_folders_are_ignored(self):
        # Each as the documentation's commands write it, in the checkout or below it.
        written = ["token", "ecr-admission/token", "ecr-admission/validating-webhook.yaml", "deploy/token"]
        written += ["ecr-admission/webhook-kubeconfig.yaml", "clusters/blue/ecr-admission/token"]
        command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", *written]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout.splitlines(), written)

    def test_no_tracked_file_is_ignored(self):
        tracked = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
        ).stdout
        command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", "--stdin"]
        result = subprocess.run(command, input=tracked, capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout, "")
