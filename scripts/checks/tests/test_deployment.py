"""The stack, deployed for real on a local AWS, with the executables that ship behind it."""

import json
import re
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
from ecr_admission.tokens import Token, Tokens

from . import ROOT, registry
from .deployment import ARCH, deploy_cdk, resources
from .emulators import aws, environment, ministack, moto
from .front import Front

STACK = "EcrAdmission"
# The operator's policy: as the parameters say, but for one namespace.
POLICY = """
apiVersion: ecr-admission/v1
namespaces:
  - names: [lenient]
    rules: { tag-immutability: warn }
"""
# Beyond the minute for which the authorizer keeps its copy of the secret, and takes the previous token
# for the current one.
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
        # The functions inherit it: ministack's own ECR has no scans.
        cls.cloud = ministack(AWS_ENDPOINT_URL_ECR=cls.registry.url)
        unittest.addModuleCleanup(cls.cloud.stop)
        secret = ("--name", "ecr-admission/policy", "--secret-string", POLICY)
        context = {
            "ignoredNamespaces": "kube-system,ci",
            "policySecret": aws(cls.cloud.url, "secretsmanager", "create-secret", *secret)["ARN"],
            # API Gateway's cache off, so that a test of a revoked token need not wait a minute for it.
            "authorizerCacheSeconds": 0,
        }
        cls.outputs = deploy_cdk(cls.cloud.url, STACK, **context)
        (api,) = resources(cls.cloud.url, STACK, "AWS::ApiGatewayV2::Api").values()
        cls.front = Front("127.0.0.1", cls.cloud.port, f"/_aws/execute-api/{api}/$default")
        unittest.addModuleCleanup(cls.front.stop)
        cls.caller = Caller(Endpoint.parse(cls.front.url), cls.front.ca_file.read_text())

    def tokens(self):
        arguments = ("secretsmanager", "get-secret-value", "--secret-id", self.outputs["TokenSecretArn"])
        return Tokens.parse(aws(self.cloud.url, *arguments)["SecretString"])

    def script(self, name, *arguments):
        """Runs one of our scripts against the local AWS."""
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
        """The sum of `metric` over the last hour, waited for until there is one."""
        now = datetime.now(timezone.utc)
        arguments = ["cloudwatch", "get-metric-statistics", "--namespace", self.outputs["MetricsIn"]]
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
            # A put happens with a review, when ten seconds have passed since the last one.
            self.verdict(registry.GOOD)
            time.sleep(2)
        return 0


class Deployment(Deployed):
    """Each test leaves the current token working."""

    def test_without_a_token_nothing_is_invoked(self):
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

    def test_an_image_from_elsewhere_is_denied(self):
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

    def test_the_outputs_lead_on(self):
        self.assertEqual(self.outputs["NamespacesIgnored"], "kube-system,ci")
        self.assertIn(f"deploy/render-config --stack {STACK} --region", self.outputs["NextCommand"])
        self.assertIn("#dashboards/dashboard/", self.outputs["Dashboard"])

    def test_the_generated_token_is_long_and_in_no_log(self):
        token = self.tokens().of("default").reveal()
        self.assertEqual(len(token), 64)
        self.verdict(registry.GOOD)
        self.assertNotIn(token, self.cloud.log.read_text(errors="replace"))
        groups = aws(self.cloud.url, "logs", "describe-log-groups")["logGroups"]
        written = []
        for group in groups:
            arguments = ("logs", "filter-log-events", "--log-group-name", group["logGroupName"])
            written += [event["message"] for event in aws(self.cloud.url, *arguments)["events"]]
        self.assertTrue(any('"review"' in line for line in written), "the admission log is not empty")
        self.assertFalse(any(token in line for line in written))

    def test_render_config_and_doctor_agree_with_the_stack(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # ministack's ApiEndpoint has no TLS, so that render-config is told the front's URL; --stack
            # itself is in test_render_config.
            token_file = folder / "token"
            token_file.write_text(self.tokens().of("default").reveal())
            token_file.chmod(0o600)
            subprocess.run(
                [str(ROOT / "deploy" / "render-config"), "--url", self.front.url, "--out", name]
                + ["--token-file", str(token_file), "--namespaces-ignored", "kube-system,ci"]
                + ["--ca-file", str(self.front.ca_file)],
                check=True,
                capture_output=True,
            )
            well = self.script("doctor", "--config", name, "--image", registry.GOOD)
            self.assertEqual(well.returncode, 0, well.stdout + well.stderr)
            self.assertEqual(well.stdout.count("\nok "), 8, well.stdout)
            ill = self.script("doctor", "--config", name, "--image", registry.MUTABLE)
            self.assertEqual(ill.returncode, 1)
            self.assertRegex(ill.stdout, r"FAIL  admitted sample: .*\[tag-immutability\]")


class Rotation(Deployed):
    """Runs last (classes run by name): it changes the tokens."""

    def test_rotation_with_reviews_going_on(self):
        old = self.tokens().of("default")
        answered = []
        stop = threading.Event()

        def control_plane():
            # An apiserver that has not read the new token file yet.
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
            # Every copy of the old secret is older than a minute now at the latest: the old token is
            # accepted as the previous one.
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
        # Until the metric has arrived; then a second rotation would lock the control plane out.
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


if __name__ == "__main__":
    unittest.main()
