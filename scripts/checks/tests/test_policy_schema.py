"""The JSON Schema of the policy document, as an editor uses it: a validator that is not ours.

What the schema cannot say (a name twice, a target outside ECR) only the function and deploy/policy check
refuse; the tests of functions/policy have those.
"""

import json
import subprocess
import unittest

from project import tools

from . import ROOT

DEPLOY = ROOT / "deploy"
# An editor reads `2026-12-31` as the text that it is; PyYAML alone would make a date of it.
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
    """What the schema has against each document."""
    command = [tools.bin_of("kubernetes") / "python", "-c", PROGRAM, DEPLOY / "policy.schema.json"]
    result = subprocess.run(
        command, input=json.dumps(documents), capture_output=True, text=True, check=True
    )
    return json.loads(result.stdout)


class PolicySchema(unittest.TestCase):
    def test_the_sample_and_the_least_document_pass(self):
        sample = (DEPLOY / "samples" / "policy.yaml").read_text()
        self.assertEqual(problems([sample, "apiVersion: ecr-admission/v1"]), [[], []])

    def test_what_an_editor_can_know_to_be_wrong_it_says(self):
        found = problems([f"apiVersion: ecr-admission/v1\n{rest}" for rest in REFUSED])
        self.assertEqual([rest for rest, problem in zip(REFUSED, found) if not problem], [])
        self.assertEqual(len(problems(["mode: deny"])[0]), 1)


if __name__ == "__main__":
    unittest.main()
