"""deploy/gitops.md and the objects beside it: what Argo CD and Flux keep, and how an emergency pauses them."""

import json
import re
import unittest

from . import ROOT
from .rendering import yaml_of

PAGE = (ROOT / "deploy" / "gitops.md").read_text(encoding="utf-8")
# The command of a row, and the merge patch in it.
PAUSE = re.compile(r"`kubectl -n (\S+) patch (\S+) (\S+) --type merge -p '([^']+)'`")


class GitOps(unittest.TestCase):
    def objects(self):
        return [yaml_of(ROOT / "deploy" / "gitops" / f"{name}.yaml") for name in ("argo-cd", "flux")]

    def test_a_commit_that_removes_a_file_does_not_switch_the_checks_off(self):
        argo, flux = self.objects()
        self.assertIs(argo["spec"]["syncPolicy"]["automated"]["prune"], False)
        self.assertIs(flux["spec"]["prune"], False)

    def test_both_take_the_folder_that_the_page_renders(self):
        argo, flux = self.objects()
        (folder,) = set(re.findall(r"render-config .* --kustomization --out (\S+)", PAGE))
        self.assertEqual(argo["spec"]["source"]["path"], folder)
        self.assertEqual(flux["spec"]["path"], f"./{folder}")

    def test_the_pauses_name_these_objects_and_change_what_they_say(self):
        pauses = PAUSE.findall(PAGE)
        self.assertEqual(len(pauses), 2)
        changed = [{"syncPolicy": {"automated": None}}, {"suspend": True}]
        for found, (namespace, kind, name, patch), change in zip(self.objects(), pauses, changed):
            self.assertEqual(found["metadata"], {"name": name, "namespace": namespace})
            self.assertEqual(found["kind"].lower(), kind)
            self.assertEqual(json.loads(patch), {"spec": change})
