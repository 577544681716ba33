"""project.links: the table of one-click links."""

import json
import re
import tempfile
import unittest
import urllib.parse
from pathlib import Path

from ecr_admission.problem import Problem
from project import links


class Links(unittest.TestCase):
    # The Regions that have a Serverless Application Repository, as its documentation lists them.
    REGIONS = """us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-central-1 eu-west-1
        eu-west-2 eu-west-3 eu-north-1 ap-east-1 ap-south-1 ap-northeast-1 ap-northeast-2 ap-southeast-1
        ap-southeast-2 me-south-1 cn-north-1 cn-northwest-1 us-gov-east-1 us-gov-west-1""".split()

    def test_every_region_has_a_row_or_a_sentence(self):
        table = links.table()
        for region in self.REGIONS:
            self.assertIn(f"`{region}`", table)
        found = re.findall(r"\[Deploy\]\((.+?)\)", table)
        self.assertEqual(len(found), 18)
        for url in found:
            parts = urllib.parse.urlsplit(url)
            region = parts.hostname.split(".")[0]
            self.assertIn(region, self.REGIONS)
            self.assertEqual(parts.path, "/lambda/home")
            arn = parts.fragment.partition("applicationId=")[2]
            self.assertRegex(arn, r"^arn:aws:serverlessrepo:us-east-1:\d{12}:applications/ecr-admission$")
        self.assertEqual(table.count("| not published |"), 4)
        self.assertEqual(table.count("scripts/publish"), 1)

    def test_the_readmes_are_current(self):
        self.assertEqual(links.outdated(), {}, "run scripts/checks/links")

    def test_a_table_without_its_markers_is_refused(self):
        for text in ("", links.BEGIN, f"{links.END}{links.BEGIN}", f"{links.BEGIN}{links.BEGIN}{links.END}"):
            with self.assertRaisesRegex(Problem, "README.md needs one line"):
                links.rewrite(text, "README.md")

    def test_a_publication_in_china_links_to_the_console_there(self):
        arn = "arn:aws-cn:serverlessrepo:cn-north-1:111122223333:applications/ecr-admission"
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "regions.json"
            copy.write_text(links.REGIONS.read_text(encoding="utf-8"), encoding="utf-8")
            original, links.REGIONS = links.REGIONS, copy
            try:
                links.set_application(arn)
                table = links.table()
                changed = json.loads(copy.read_text(encoding="utf-8"))
            finally:
                links.REGIONS = original
        self.assertIn("https://cn-northwest-1.console.amazonaws.cn/lambda/home#/create/app?applicationId=arn:aws-cn:", table)
        self.assertEqual([one["application"] == arn for one in changed["partitions"]], [False, True, False])
