"""The stack, deployed to a local AWS with the executables that ship."""

import base64
import hmac
import json
import subprocess
import tempfile
import threading
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ecr_admission import reviews
from ecr_admission.caller import Caller
from ecr_admission.endpoint import Endpoint
from ecr_admission.token import Token
from ecr_admission.tokens import Tokens

from . import ROOT, registry
from .deployment import ARCH, deploy_cdk, resources
from .emulators import aws, environment, ministack, moto
from .front import front

STACK = "EcrAdmission"
# The policy document: like the parameters, except in one namespace.
POLICY = """
apiVersion: ecr-admission/v1
namespaces:
  - names: [lenient]
    rules: { tag-immutability: warn }
"""
# Longer than the minute in which the authorizer uses its copy of the secret, and sees the previous token as
# the current one.
METRIC_SECONDS = 120


class Deployed(unittest.TestCase):
    """One deployment for all tests of this file."""

    cloud = None

    @classmethod
    def setUpClass(cls):
        if Deployed.cloud is None:
            Deployed.deploy()

    @classmethod
    def deploy(cls):
        for name in ("admission", "authorizer"):
            zip_file = ROOT / "dist" / ARCH / f"{name}.zip"
            if not zip_file.exists():
                raise RuntimeError(f"{zip_file} does not exist; run scripts/build --arch {ARCH}")
        cls.registry = moto()
        unittest.addModuleCleanup(cls.registry.stop)
        registry.fill(cls.registry.url)
        # The functions inherit the variable: the ECR of ministack has no scans.
        cls.cloud = ministack(AWS_ENDPOINT_URL_ECR=cls.registry.url)
        unittest.addModuleCleanup(cls.cloud.stop)
        secret = ("--name", "ecr-admission/policy", "--secret-string", POLICY)
        context = {
            "ignoredNamespaces": "kube-system,ci",
            "policySecret": aws(cls.cloud.url, "secretsmanager", "create-secret", *secret)["ARN"],
            # Without the cache of API Gateway, so that the test of a revoked token does not wait for it.
            "authorizerCacheSeconds": 0,
            "urlKeys": "true",
            "clusterMetrics": "true",
            "allowedSources": "127.0.0.0/8,::1/128",
        }
        cls.outputs = deploy_cdk(cls.cloud.url, STACK, **context)
        (api,) = resources(cls.cloud.url, STACK, "AWS::ApiGatewayV2::Api").values()
        cls.front = front(cls.cloud.port, f"/_aws/execute-api/{api}/$default")
        unittest.addModuleCleanup(cls.front.stop)
        cls.caller = Caller(Endpoint.parse(cls.front.url), cls.front.ca_file.read_text())

    def tokens(self):
        arguments = ("secretsmanager", "get-secret-value", "--secret-id", self.outputs["TokenSecretArn"])
        return Tokens.parse(aws(self.cloud.url, *arguments)["SecretString"])

    def key(self):
        """The key of the cluster, derived here and not by the tools, which must derive the same."""
        token = self.tokens().of("default").reveal().encode()
        digest = hmac.digest(token, b"ecr-admission/url/v1", "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def logged(self):
        """Every line of every log group."""
        lines = []
        for group in aws(self.cloud.url, "logs", "describe-log-groups")["logGroups"]:
            arguments = ("logs", "filter-log-events", "--log-group-name", group["logGroupName"])
            lines += [event["message"] for event in aws(self.cloud.url, *arguments)["events"]]
        return lines

    def script(self, name, *arguments):
        """Runs a tool with the local AWS."""
        command = [str(ROOT / "deploy" / name), "--stack", STACK, "--url", self.front.url]
        command += ["--ca-file", str(self.front.ca_file), *arguments]
        return subprocess.run(
            command, env=environment(self.cloud.url), capture_output=True, text=True, check=False
        )

    def verdict(self, image, namespace="default"):
        answer = self.caller.review(reviews.create_pod(image, namespace), self.tokens().of("default"))
        self.assertEqual(answer.status, 200, answer.text)
        return answer.review["response"]

    def total(self, metric, **dimensions):
        """The sum of `metric` over the last hour; waits until it has arrived."""
        now = datetime.now(timezone.utc)
        arguments = ["cloudwatch", "get-metric-statistics", "--namespace", self.outputs["MetricsNamespaceInForce"]]
        arguments += ["--metric-name", metric, "--statistics", "Sum", "--period", "3600"]
        arguments += ["--start-time", (now - timedelta(hours=1)).isoformat()]
        arguments += ["--end-time", (now + timedelta(hours=1)).isoformat()]
        for name, value in dimensions.items():
            arguments += ["--dimensions", f"Name={name},Value={value}"]
        deadline = time.monotonic() + METRIC_SECONDS
        while time.monotonic() < deadline:
            points = aws(self.cloud.url, *arguments)["Datapoints"]
            if points:
                return sum(point["Sum"] for point in points)
            # The function sends metrics with a review, at most every ten seconds.
            self.verdict(registry.GOOD)
            time.sleep(2)
        return 0


class Deployment(Deployed):
    """Each test leaves the current token valid."""

    def test_a_request_without_a_token_is_refused(self):
        answer = self.caller.review(reviews.create_pod(registry.GOOD))
        self.assertEqual(answer.status, 401)

    def test_a_wrong_token_is_refused(self):
        answer = self.caller.review(reviews.create_pod(registry.GOOD), Token.generate())
        self.assertEqual(answer.status, 403)

    def test_an_image_that_passes_every_rule_is_admitted(self):
        response = self.verdict(registry.GOOD)
        self.assertIs(response["allowed"], True, response)

    def test_a_tag_that_can_be_overwritten_is_denied(self):
        response = self.verdict(registry.MUTABLE)
        self.assertIs(response["allowed"], False)
        self.assertIn("[tag-immutability]", response["status"]["message"])

    def test_an_image_from_another_registry_is_denied(self):
        message = self.verdict("docker.io/library/nginx:1.29")["status"]["message"]
        self.assertIn("[ecr-registry]", message)

    def test_the_ignored_namespaces_are_those_of_the_stack(self):
        self.assertIs(self.verdict("docker.io/library/nginx:1.29", "ci")["allowed"], True)
        self.assertIs(self.verdict("docker.io/library/nginx:1.29", "cid")["allowed"], False)

    def test_the_policy_secret_says_what_the_parameters_do_not(self):
        response = self.verdict(registry.MUTABLE, "lenient")
        self.assertIs(response["allowed"], True, response)
        self.assertIn("[tag-immutability]", " ".join(response["warnings"]))

    def test_mutate_admits_without_a_patch(self):
        body = reviews.create_pod(registry.GOOD)
        answer = self.caller.review(body, self.tokens().of("default"), "/mutate")
        response = answer.review["response"]
        self.assertIs(response["allowed"], True)
        self.assertNotIn("patch", response)

    def test_the_metrics_arrive(self):
        self.verdict(registry.GOOD)
        self.verdict("docker.io/library/nginx:1.29")
        self.assertGreaterEqual(self.total("Admitted"), 1)
        self.assertGreaterEqual(self.total("Admitted", Cluster="default"), 1)
        self.assertGreaterEqual(self.total("Denied"), 1)
        self.assertGreaterEqual(self.total("Denied", Rule="ecr-registry"), 1)

    def test_the_outputs_say_what_comes_next(self):
        self.assertEqual(self.outputs["IgnoredNamespacesInForce"], "kube-system,ci")
        self.assertEqual(self.outputs["UrlKeysInForce"], "true")
        self.assertEqual(self.outputs["AllowedSourcesInForce"], "127.0.0.0/8,::1/128")
        self.assertRegex(self.outputs["PolicySecretInForce"], ":secret:ecr-admission/policy-")
        self.assertIn(f"deploy/render-config --stack {STACK} --region", self.outputs["NextCommand"])
        self.assertIn("#dashboards/dashboard/", self.outputs["Dashboard"])

    def test_the_generated_token_is_long_and_in_no_log(self):
        token = self.tokens().of("default").reveal()
        self.assertEqual(len(token), 64)
        self.verdict(registry.GOOD)
        self.assertNotIn(token, self.cloud.log.read_text(errors="replace"))
        written = self.logged()
        self.assertTrue(any('"event":"review"' in line for line in written), "the admission log is not empty")
        self.assertFalse(any(token in line for line in written))

    def test_a_key_in_the_url_gets_a_decision(self):
        good, bad = reviews.create_pod(registry.GOOD), reviews.create_pod(registry.MUTABLE)
        for path in ("/validate", "/mutate"):
            answer = self.caller.review(good, route=f"{path}/{self.key()}")
            self.assertEqual(answer.status, 200, answer.text)
            self.assertIs(answer.review["response"]["allowed"], True)
        denied = self.caller.review(bad, route=f"/validate/{self.key()}").review["response"]
        self.assertIs(denied["allowed"], False)
        self.assertIn("[tag-immutability]", denied["status"]["message"])

    def test_another_key_is_refused(self):
        key, token, review = self.key(), self.tokens().of("default"), reviews.create_pod(registry.GOOD)
        other = ("A" if key[0] != "A" else "B") + key[1:]
        for refused in (other, key[:-1], f"{key}A", f"{key}=", token.reveal()):
            for given in (None, token):
                answer = self.caller.review(review, given, f"/validate/{refused}")
                # The stack makes a token of any printable characters. One with a slash is in no route.
                expected = 404 if "/" in refused else 403
                self.assertEqual(answer.status, expected, "a token in the header is nothing to a route with a key")
                self.assertIsNone(answer.review)
        # The other way round: a key is not a token.
        self.assertEqual(self.caller.review(review, Token(key)).status, 403)

    def test_only_the_two_routes_take_a_key(self):
        key = self.key()
        # Not `//validate/KEY`: this local AWS joins the slashes, which API Gateway does not. The tests of the local cloud
        # have it.
        for route in ("/validate/", f"/Validate/{key}", f"/validate/{key}/", f"/other/{key}"):
            answer = self.caller.review(reviews.create_pod(registry.GOOD), route=route)
            self.assertTrue(400 <= answer.status < 500, f"{route.replace(key, 'KEY')}: {answer.status}")
            self.assertIsNone(answer.review)

    def test_a_key_is_in_no_log(self):
        key = self.key()
        for path in (key, f"{key}A", f"{key}/"):
            self.caller.review(reviews.create_pod(registry.GOOD), route=f"/validate/{path}")
        written = "\n".join(self.logged())
        self.assertIn('"event":"review"', written)
        pieces = {key[start : start + 12] for start in range(len(key) - 11)}
        self.assertEqual([piece for piece in pieces if piece in written], [])

    def test_render_config_and_doctor_agree_with_the_stack(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # ministack's ApiEndpoint has no TLS, so render-config gets the URL of the front; test_render_config
            # tests --stack.
            token_file = folder / "token"
            token_file.write_text(self.tokens().of("default").reveal())
            token_file.chmod(0o600)
            subprocess.run(
                [str(ROOT / "deploy" / "render-config"), "--url", self.front.url, "--out", name]
                + ["--token-file", str(token_file), "--ignored-namespaces", "kube-system,ci"]
                + ["--ca-file", str(self.front.ca_file)],
                check=True,
                capture_output=True,
            )
            healthy = self.script("doctor", "--config", name, "--image", registry.GOOD)
            self.assertEqual(healthy.returncode, 0, healthy.stdout + healthy.stderr)
            self.assertEqual(healthy.stdout.count("\nok "), 9, healthy.stdout)
            self.assertRegex(healthy.stdout, r"\nok    version: \d+\.\d+\.\d+ runs, and is the version of this doctor\n")
            denied = self.script("doctor", "--config", name, "--image", registry.MUTABLE)
            self.assertEqual(denied.returncode, 1)
            self.assertRegex(denied.stdout, r"FAIL  admitted sample: .*\[tag-immutability\]")


class OtherSources(Deployed):
    """Changes the allowed sources, and restores them."""

    def test_a_caller_from_another_address_is_refused(self):
        functions = resources(self.cloud.url, STACK, "AWS::Lambda::Function")
        authorizers = [name for logical, name in functions.items() if "Authorizer" in logical]
        self.assertEqual(len(authorizers), 2)
        try:
            for name in authorizers:
                self.allow(name, "203.0.113.7/32")
            self.assertEqual(self.statuses(), [403, 403])
        finally:
            for name in authorizers:
                self.allow(name, "127.0.0.0/8,::1/128")
        self.assertEqual(self.statuses(), [200, 200])

    def allow(self, name, sources):
        of_function = ("--function-name", name)
        configuration = aws(self.cloud.url, "lambda", "get-function-configuration", *of_function)
        variables = {**configuration["Environment"]["Variables"], "ALLOWED_SOURCES": sources}
        environment = ("--environment", json.dumps({"Variables": variables}))
        aws(self.cloud.url, "lambda", "update-function-configuration", *of_function, *environment)

    def statuses(self):
        """Of a review with the token, and of one with the key."""
        review = reviews.create_pod(registry.GOOD)
        token = self.caller.review(review, self.tokens().of("default"))
        return [token.status, self.caller.review(review, route=f"/validate/{self.key()}").status]


class Rotation(Deployed):
    """Changes the tokens, so it runs last: classes run in the order of their names."""

    def test_rotation_during_reviews(self):
        old = self.tokens().of("default")
        answered = []
        stop = threading.Event()

        def control_plane():
            # An apiserver that has not yet read the new token file.
            while not stop.is_set():
                answered.append(self.caller.review(reviews.create_pod(registry.GOOD), old).status)
                time.sleep(0.1)

        thread = threading.Thread(target=control_plane)
        thread.start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "token"
                rotated = self.script("rotate-token", "--cluster", "default", "--out", str(file))
                self.assertEqual(rotated.returncode, 0, rotated.stdout + rotated.stderr)
                self.assertEqual(file.stat().st_mode & 0o777, 0o600)
                new = Token.read(file)
            during = len(answered)
            # By now every copy of the old secret is older than a minute, so the old token is accepted as the
            # previous one.
            time.sleep(3)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(during, 3)
        self.assertEqual(set(answered), {200})
        self.assertNotEqual(new.reveal(), old.reveal())
        self.assertEqual(self.tokens().of("default").reveal(), new.reveal())
        for text in (rotated.stdout, rotated.stderr):
            self.assertNotIn(new.reveal(), text)
            self.assertNotIn(old.reveal(), text)
        self.refused_while_the_old_one_is_in_use(old)
        self.revoked(old, new)

    def refused_while_the_old_one_is_in_use(self, old):
        with tempfile.TemporaryDirectory() as folder:
            soon = self.script("rotate-token", "--cluster", "default", "--out", f"{folder}/token")
        self.assertEqual(soon.returncode, 1, soon.stdout)
        self.assertRegex(soon.stderr, "still sent|the last rotation was")
        # Until the metric has arrived, which shows that a second rotation would lock out the control plane.
        deadline = time.monotonic() + METRIC_SECONDS
        while time.monotonic() < deadline and not self.total("PreviousToken", Cluster="default"):
            self.caller.review(reviews.create_pod(registry.GOOD), old)
        with tempfile.TemporaryDirectory() as folder:
            again = self.script("rotate-token", "--cluster", "default", "--out", f"{folder}/token")
        self.assertEqual(again.returncode, 1, again.stdout)
        self.assertIn("still sent their previous token: default", again.stderr)

    def revoked(self, old, new):
        revoked = self.script("rotate-token", "--cluster", "default", "--revoke", "--force")
        self.assertEqual(revoked.returncode, 0, revoked.stdout + revoked.stderr)
        self.assertIn("refuses the previous token", revoked.stdout)
        self.assertEqual(self.caller.review(reviews.delete_pod(), old).status, 403)
        self.assertEqual(self.caller.review(reviews.delete_pod(), new).status, 200)
        nothing = self.script("rotate-token", "--cluster", "default", "--revoke", "--force")
        self.assertIn("there is no previous token", nothing.stderr)
