"""The JSON Schema of the policy document, with an independent validator, as an editor has.

What the schema cannot say (a name twice, a target outside ECR) only the function and deploy/policy check
refuse; the tests of functions/policy have those.
"""

import json
import re
import subprocess
import unittest

from project import tools

from . import ROOT

DEPLOY = ROOT / "deploy"
# An editor reads `2026-12-31` as a string; PyYAML would make it a date.
PROGRAM = """
import json, sys, yaml
from jsonschema import Draft202012Validator

class Loader(yaml.SafeLoader):
    pass

Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in all if tag != "tag:yaml.org,2002:timestamp"]
    for first, all in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
documents = json.load(sys.stdin)
print(json.dumps([[e.message for e in validator.iter_errors(yaml.load(d, Loader))] for d in documents]))
"""

REFUSED = [
    "mode: enforce",
    "modes: deny",
    "rules: {scan-finding: {mode: warn}}",
    "rules: {scan-findings: {graceDays: 366}}",
    "rules: {scan-findings: {maxFeedAgeDays: 0}}",
    "rules: {scan-findings: {severityLimit: critical}}",
    "rules: {scan-findings: {statuses: {ACTIVE: warn}}}",
    "rules: {scan-findings: {accepted: [{cve: CVE-2026-1, reason: r, owner: o}]}}",
    "rules: {image-config: {forbiddenPorts: [0]}}",
    "rules: {signed: {mode: deny}}",
    "rules: {signed: {profiles: []}}",
    "rules: {signed: {profiles: [release]}}",
    "rules: {signed: {profiles: ['arn:aws:signer:us-east-1:123456789012:/signing-profiles/release/0a1B2c3D4e']}}",
    "registries: []",
    "registries: [{}]",
    "registries: [{accounts: []}]",
    "registries: [{accounts: ['12345']}]",
    "namespaces: [{names: [a]}]",
    "namespaces: [{names: ['a*b'], mode: warn}]",
    "exemptions: [{rules: [], users: [a], reason: r, owner: o, expires: 2027-01-01}]",
    "exemptions: [{rules: [pinned], reason: r, owner: o, expires: 2027-01-01}]",
    "exemptions: [{rules: [pinned], users: [a], reason: r, owner: o, expires: soon}]",
    "exemptions: [{rules: [pinned], accounts: [], reason: r, owner: o, expires: 2027-01-01}]",
    "rules: {scan-findings: {accepted: [{cve: CVE-2026-1, regions: [], reason: r, owner: o, expires: 2027-01-01}]}}",
    "pullThroughCachePrefixes: [docker-hub/]",
    "pullThroughCachePrefixes: [{accounts: ['123456789012']}]",
    "pullThroughCachePrefixes: [{prefix: quay, repositories: [a]}]",
    "foreignLayerHosts: ['https://mcr.microsoft.com']",
    "denials: none",
    "breakGlass: {groups: ['system:authenticated']}",
    "pin: {}",
    "rewrites: [{from: docker.io/}]",
]


def problems(documents):
    """The errors of the schema for each document."""
    command = [tools.bin_of("kubernetes") / "python", "-c", PROGRAM, DEPLOY / "policy.schema.json"]
    result = subprocess.run(
        command, input=json.dumps(documents), capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


class PolicySchema(unittest.TestCase):
    def test_the_sample_and_the_smallest_document_pass(self):
        sample = (DEPLOY / "samples" / "policy.yaml").read_text()
        self.assertEqual(problems([sample, "apiVersion: ecr-admission/v1"]), [[], []])

    def test_every_part_of_a_document_on_its_page_passes(self):
        blocks = re.findall(r"^```yaml\n(.*?)^```", (DEPLOY / "policy.md").read_text(), re.MULTILINE | re.DOTALL)
        parts = [block for block in blocks if not block.startswith("metadata:")]
        self.assertGreater(len(parts), 2)
        documents = [part if "apiVersion:" in part else f"apiVersion: ecr-admission/v1\n{part}" for part in parts]
        self.assertEqual(problems(documents), [[] for _ in documents])

    def test_an_editor_shows_each_mistake_that_a_schema_can_express(self):
        found = problems([f"apiVersion: ecr-admission/v1\n{rest}" for rest in REFUSED])
        self.assertEqual([rest for rest, problem in zip(REFUSED, found) if not problem], [])
        self.assertEqual(len(problems(["mode: deny"])[0]), 1)
