"""deploy/doctor --context and --json: many clusters in one run, and results for a program."""

import copy
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from ecr_admission import kubectl, live
from ecr_admission.doctor import arguments, calls, contexts
from ecr_admission.doctor.contexts import Context
from ecr_admission.doctor.report import FAIL, Report
from ecr_admission.doctor.world import World
from ecr_admission.problem import Problem
from ecr_admission.release import VERSION
from ecr_admission.stack import Stack
from ecr_admission.tokens import Tokens
from ecr_admission.url_key import UrlKey
from project.loopback import Server

from . import ROOT
from .aws_answers import AwsAnswers
from .kubectl_answers import kubectl_in
from .private_world import API, OTHER, VPCE, answers
from .rendering import yaml_of
from .test_doctor import TOKEN, healthy

PAGE = ROOT / "deploy" / "watch.md"
TOKENS = {"blue": TOKEN, "green": "g" * 64}
REACHED = {"get --raw /version": {"gitVersion": "v1.33.1"}}


def blocks(language):
    """The code blocks of deploy/watch.md in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def action(call):
    """The permission for `service operation` of the aws CLI."""
    service, operation = call.split()
    return f"{service}:{''.join(word.capitalize() for word in operation.split('-'))}"


class DoctorContexts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One healthy endpoint for all tests, and the webhooks of a cluster that calls it."""

        def respond(request):
            status, text = healthy(request.headers.get("Authorization"), json.loads(request.body))
            return status, {"ecr-admission-version": VERSION} if status == 200 else {}, text.encode()

        cls.server = Server(respond, secure=True)
        cls.addClassCleanup(cls.server.stop)
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, str(ROOT / "deploy" / "render-config"), "--out", folder, "--url", cls.server.url]
            command += ["--token-file", "/etc/t/token", "--ignored-namespaces", "kube-system"]
            subprocess.run(command, check=True, capture_output=True)
            cls.webhooks = yaml_of(Path(folder) / "validating-webhook.yaml")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        outputs = {"IgnoredNamespacesInForce": "kube-system", "VpcEndpointIdsInForce": "", "RegistryIdsInForce": None}
        self.aws = AwsAnswers(self.folder, sys.executable, answers(**outputs, Version=VERSION))
        secret = {"VersionId": "v1", "CreatedDate": 1795176000, "SecretString": json.dumps(TOKENS)}
        self.aws.answers["secretsmanager get-secret-value"] = secret
        other = copy.deepcopy(self.webhooks)
        for webhook in other["webhooks"]:
            webhook["clientConfig"]["url"] = "https://other.example.com/validate"
        read = "get validatingwebhookconfiguration ecr-admission"
        # Three clusters: one is as it should be, one calls another endpoint, and one does not answer.
        self.clusters = {"blue": {**REACHED, read: self.webhooks}, "eu/green": {**REACHED, read: other}, "red": {}}

    def doctor(self, *given, code):
        self.aws.write()
        kubectl_in(self.folder, sys.executable, self.clusters)
        command = [sys.executable, str(ROOT / "deploy" / "doctor"), "--stack", "s", "--url", self.server.url]
        command += ["--ca-file", str(self.server.ca_file), *given]
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for token in TOKENS.values():
            self.assertNotIn(token, result.stdout + result.stderr)
        return result.stdout

    def test_one_line_for_each_context_and_check_and_a_summary(self):
        lines = self.doctor("--context", "blue", "--context", "red=green,eu/green=green", code=1).splitlines()
        of_clusters = [line for line in lines if line[6:].startswith(("blue: ", "red: ", "eu/green: "))]
        expected = (
            "ok    blue: cluster: its apiserver answers",
            f"ok    blue: live webhooks: two webhooks call {self.server.url}/validate",
            # One that does not answer is one failure, and does not stop the others.
            "FAIL  red: cluster: kubectl gets no answer (unexpected: kubectl get --raw /version); check the name of the context",
            "ok    eu/green: cluster: its apiserver answers",
            "FAIL  eu/green: live webhooks: pods.ecr-admission.internal: expected the URL ",
        )
        self.assertEqual(len(of_clusters), len(expected), of_clusters)
        for line, start in zip(of_clusters, expected):
            self.assertTrue(line.startswith(start), line)
        self.assertEqual(
            lines[-4:],
            [
                "blue: all checks passed",
                "red: 1 check failed: cluster",
                "eu/green: 1 check failed: live webhooks",
                f"{self.server.url}: 2 checks failed",
            ],
        )

    def test_the_endpoint_is_checked_with_the_token_of_the_first_cluster_that_has_one(self):
        self.assertIn("ok    right token: 200", self.doctor("--context", "blue", code=0))
        # The secret has no cluster of the name of this context.
        self.clusters = {"arn:blue": self.clusters["blue"]}
        self.assertIn("ok    right token: 200", self.doctor("--context", "arn:blue=blue", code=0))
        said = self.doctor("--context", "arn:blue", "--cluster", "blue", code=1)
        expected = 'FAIL  arn:blue: live webhooks: the token secret has no cluster "arn:blue" (it has "blue", "green"); pass'
        self.assertIn(expected, said)

    def test_a_context_that_does_not_exist(self):
        said = self.doctor("--context", "blue,nowhere=green", code=1)
        self.assertIn('FAIL  nowhere: cluster: kubectl gets no answer (error: context "nowhere" does not exist)', said)
        self.assertIn("ok    blue: live webhooks", said)

    def test_one_object_for_a_program(self):
        found = json.loads(self.doctor("--json", "--context", "blue,eu/green=green", code=1))
        self.assertEqual(list(found), ["stack", "region", "endpoint", "version", "passed", "checks"])
        checks = found.pop("checks")
        expected = {"stack": "s", "region": "eu-west-1", "endpoint": self.server.url, "version": VERSION, "passed": False}
        self.assertEqual(found, expected)
        self.assertEqual({check["status"] for check in checks}, {"ok", "fail"})
        self.assertEqual(checks[0]["name"], "certificate")
        self.assertEqual(set(checks[0]), {"name", "status", "text"})
        (failed,) = [check for check in checks if check["status"] == "fail"]
        self.assertTrue(failed.pop("text").startswith("pods.ecr-admission.internal: expected the URL "))
        expected = {"name": "live webhooks", "status": "fail", "cluster": "green", "context": "eu/green"}
        self.assertEqual(failed, expected)

    def test_the_traffic_of_each_cluster(self):
        self.serve_traffic()
        found = json.loads(self.doctor("--json", "--cluster", "blue", "--traffic", "24", code=1))
        checks = [(check["status"], check["cluster"]) for check in found["checks"] if check["name"] == "traffic"]
        # The secret was changed long ago, and only one of its clusters talks.
        self.assertEqual(checks, [("ok", "blue"), ("fail", "green")])

    def test_the_page_names_the_permissions_that_a_run_needs(self):
        self.serve_traffic(RegistryIdsInForce="123456789012", RegistryRegionInForce="eu-west-1")
        scanning = {"scanningConfiguration": {"scanType": "ENHANCED", "rules": []}}
        self.aws.answers["ecr get-registry-scanning-configuration"] = scanning
        self.doctor("--cluster", "blue", "--traffic", "24", code=1)
        (policy,) = [json.loads(text) for text in blocks("json") if "Statement" in text]
        listed = []
        for statement in policy["Statement"]:
            actions = statement["Action"]
            listed += [actions] if isinstance(actions, str) else actions
        called = {action(call) for call in self.aws.calls()}
        self.assertEqual(len(listed), len(set(listed)))
        self.assertEqual(set(listed), called)

    def serve_traffic(self, **outputs):
        """A stack of which only the cluster blue has sent reviews."""
        kept = self.aws.answers
        pairs = {"IgnoredNamespacesInForce": "kube-system", "VpcEndpointIdsInForce": "", "RegistryIdsInForce": None, **outputs}
        row = [{"field": "cluster", "value": "blue"}, {"field": "reviews", "value": "7"}]
        self.aws.answers = {
            **answers(**pairs, Version=VERSION, AdmissionLog="admission", LogLevelInForce="INFO"),
            "secretsmanager get-secret-value": {**kept["secretsmanager get-secret-value"], "CreatedDate": 1700000000},
            "secretsmanager describe-secret": {"VersionIdsToStages": {"v1": ["AWSCURRENT"]}},
            "logs start-query": {"queryId": "q-1"},
            "logs get-query-results": {"status": "Complete", "results": [row]},
        }

    def test_one_object_also_when_nothing_failed_and_when_nothing_could_be_checked(self):
        found = json.loads(self.doctor("--json", "--cluster", "blue", code=0))
        self.assertIs(found["passed"], True)
        del self.aws.answers["cloudformation describe-stacks"]
        found = json.loads(self.doctor("--json", "--cluster", "blue", code=1))
        self.assertEqual((found["stack"], found["version"], found["passed"]), ("s", None, False))
        (check,) = found["checks"]
        self.assertEqual((check["name"], check["status"]), ("doctor", "fail"))
        self.assertTrue(check["text"].startswith("aws cloudformation describe-stacks failed: "), check["text"])


class Arguments(unittest.TestCase):
    def test_contexts(self):
        for texts, expected in (
            (["blue"], [Context("blue", "blue")]),
            (["blue, eu/green=green", "red"], [Context("blue", "blue"), Context("eu/green", "green"), Context("red", "red")]),
            (["arn:aws:eks:eu-west-1:123456789012:cluster/a=a"], [Context("arn:aws:eks:eu-west-1:123456789012:cluster/a", "a")]),
        ):
            self.assertEqual(contexts.parse(texts), expected)
        for texts, expected in (
            (["a,,b"], "expected --context NAME or NAME=CLUSTER, got ''"),
            (["a="], "got 'a='"),
            (["=a"], "got '=a'"),
            (["a,b", "a=c"], "--context names 'a' more than once"),
        ):
            with self.assertRaises(Problem) as raised:
                contexts.parse(texts)
            self.assertIn(expected, str(raised.exception))

    def test_what_is_refused_with_exit_code_2(self):
        url = ["--url", "https://a", "--token-file", "t"]
        for given, expected in (
            ([*url, "--context", "a"], "--context needs --stack"),
            ([*url, "--traffic", "24"], "--traffic needs --stack"),
            (["--stack", "s", "--token-file", "t", "--context", "a"], "--context reads the tokens of the clusters from the st"),
            (["--stack", "s", "--traffic", "0"], "expected a number of hours from 1 to 168, got '0'"),
            (["--stack", "s", "--traffic", "1d"], "got '1d'"),
            (["--stack", "s", "--expect-silent", "a"], "--expect-silent needs --traffic"),
            (["--stack", "s", "--vpc-endpoint", VPCE, "--in-cluster", "--json"], "--in-cluster prints YAML; omit --json"),
        ):
            with self.subTest(given), mock.patch("sys.stderr") as stderr, self.assertRaises(SystemExit) as left:
                arguments.parse("", given)
            self.assertEqual(left.exception.code, 2)
            self.assertIn(expected, "".join(call.args[0] for call in stderr.write.call_args_list))


class Kubectl(unittest.TestCase):
    def kubectl(self, script):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "kubectl"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return mock.patch.dict(os.environ, PATH=f"{folder.name}:{os.environ['PATH']}")

    def test_a_context_is_named_and_its_requests_are_bounded(self):
        with self.kubectl('echo "$@"'):
            self.assertEqual(kubectl.Cluster("a b").run("get", "x").out, "get x --context=a b --request-timeout=15s\n")
            self.assertEqual(kubectl.Cluster().run("get", "x").out, "get x\n")

    def test_a_sign_in_that_waits_for_a_person_is_given_up(self):
        with self.kubectl("exec sleep 30"), mock.patch.object(kubectl, "SECONDS", 0.2):
            answer = kubectl.Cluster("a").run("get", "x")
        self.assertEqual((answer.code, answer.why), (124, "no answer within 0.2 seconds"))


class Cluster:
    """A cluster whose webhooks have this URL."""

    def __init__(self, url):
        self._webhooks = {"webhooks": [{"name": "pods.ecr-admission.internal", "clientConfig": {"url": url}}]}

    def run(self, *_arguments):
        return kubectl.Output(0, json.dumps(self._webhooks), "")


class CallsOf(unittest.TestCase):
    """How each cluster should call, where a stack has several doors."""

    PUBLIC = "https://abcde12345.execute-api.eu-west-1.amazonaws.com"
    BLUE, GREEN = (f"https://{API}-{endpoint}.execute-api.eu-west-1.amazonaws.com/v1" for endpoint in (VPCE, OTHER))

    def calls(self, name, url, eks=False, **outputs):
        later = {"Endpoint": self.PUBLIC, "PrivateApiId": API, "VpcEndpointIdsInForce": f"{VPCE},{OTHER}", **outputs}
        world = World.__new__(World)
        world.given = SimpleNamespace(eks=eks, url=None, vpc_endpoint=None, token_file=None)
        world.stack = Stack("s", "eu-west-1", "123456789012", "arn", "", "", 60, later)
        world.version = SimpleNamespace(tokens=Tokens.parse(json.dumps(TOKENS)))
        return calls.calls_of(world, name, Cluster(url))

    def test_by_token_or_by_its_own_key(self):
        found = self.calls("green", f"{self.PUBLIC}/validate")
        self.assertEqual((found.endpoint.url(""), found.key, found.private), (self.PUBLIC, None, False))
        found = self.calls("green", "https://other.example.com/validate", eks=True)
        own = UrlKey.of(Tokens.parse(json.dumps(TOKENS)).of("green"))
        self.assertEqual((found.endpoint.url(""), found.key.reveal()), (self.PUBLIC, own.reveal()))

    def test_through_the_vpc_endpoint_that_it_calls(self):
        found = self.calls("green", f"{self.GREEN}/validate/KEY", eks=True)
        self.assertEqual((found.endpoint.url(""), found.private, found.keyless), (self.GREEN, True, False))
        self.assertIsNotNone(found.key)

    def test_through_the_vpc_endpoint_that_stands_for_it(self):
        names = {"VpcEndpointClustersInForce": "blue,violet"}
        found = self.calls("violet", f"{self.GREEN}/validate", **names)
        self.assertEqual((found.endpoint.url(""), found.key, found.keyless), (self.GREEN, None, True))
        # It may still call the public endpoint by key, or call nothing of this stack: then its own is expected.
        found = self.calls("violet", "https://other.example.com/validate", **names)
        self.assertEqual((found.endpoint.url(""), found.keyless), (self.GREEN, True))
        with self.assertRaises(Problem) as raised:
            self.calls("blue", f"{self.GREEN}/validate", **names)
        self.assertTrue(str(raised.exception).startswith(f'the webhooks call {OTHER}, which stands for the cluster "violet"'))

    def test_a_stack_without_a_public_endpoint(self):
        found = self.calls("green", "https://other.example.com", Endpoint="", PublicEndpointInForce="false")
        self.assertEqual((found.endpoint.url(""), found.private), (self.BLUE, True))

    def test_a_cluster_that_the_secret_does_not_have(self):
        with self.assertRaises(Problem) as raised:
            self.calls("red", f"{self.PUBLIC}/validate")
        self.assertTrue(str(raised.exception).startswith('the token secret has no cluster "red" (it has "blue", "green")'))


class Page(unittest.TestCase):
    """deploy/watch.md."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.objects = []
            for text in blocks("yaml"):
                path = Path(folder) / "block.yaml"
                path.write_text(text)
                cls.objects.append(yaml_of(path))

    def test_its_commands_are_what_doctor_takes(self):
        workflow, _ = self.objects
        (job,) = workflow["jobs"].values()
        scripts = [step["run"] for step in job["steps"] if "run" in step] + blocks("sh")
        commands = [line for script in scripts for line in script.splitlines() if "deploy/doctor" in line]
        self.assertEqual(len(commands), 2)
        for command in commands:
            given = arguments.parse("", shlex.split(command.partition(" > ")[0])[1:])
            self.assertEqual((given.traffic, [one.name for one in contexts.parse(given.context)]), (24, ["blue", "green"]))
        for script in scripts:
            subprocess.run(["bash", "-n", "-c", script], check=True)

    def test_its_workflow_has_the_rights_that_it_needs_and_no_others(self):
        workflow, _ = self.objects
        (job,) = workflow["jobs"].values()
        self.assertEqual((workflow["permissions"], job["permissions"]), ({}, {"contents": "read", "id-token": "write"}))
        (checkout,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        self.assertEqual((checkout["ref"], checkout["persist-credentials"]), (f"v{VERSION}", False))

    def test_its_role_reads_what_the_checks_read(self):
        _, role = self.objects
        read = {resource: rule["verbs"] for rule in role["rules"] for resource in rule["resources"]}
        self.assertEqual({verb for verbs in read.values() for verb in verbs}, {"get", "list"})
        source = "".join((ROOT / f"deploy/tools/ecr_admission/{name}.py").read_text() for name in ("live", "rendered"))
        listed = re.findall(r'cluster\.items\("[^"]+", "([a-z]+)', source)
        kinds = [*live.KINDS, "validatingadmissionpolicy", "validatingadmissionpolicybinding"]
        plural = {"validatingadmissionpolicy": "validatingadmissionpolicies"}
        expected = {**{plural.get(kind, f"{kind}s"): ["get"] for kind in kinds}, **{name: ["list"] for name in listed}}
        self.assertEqual(read, expected)

    def test_its_object_is_what_json_prints(self):
        (example,) = [json.loads(text) for text in blocks("json") if "Statement" not in text]
        report = Report(cluster="blue", context=example["checks"][0]["context"])
        report.add("live webhooks", FAIL, example["checks"][0]["text"])
        facts = {key: example[key] for key in ("stack", "region", "endpoint", "version")}
        self.assertEqual(list(json.loads(report.as_json(**facts)).items()), list(example.items()))
