"""infra/cloudformation.yaml: installed from a bucket and a template, and changed while a canary keeps versions."""

import io
import tempfile
import unittest
import zipfile
from pathlib import Path

from . import ROOT
from .deployment import create, resources, update
from .emulators import REGION, aws, ministack

TEMPLATE = ROOT / "infra" / "cloudformation.yaml"
RELEASES = "releases"
PRIVATE = {"VpcEndpointIds": "vpce-0123456789abcdef0", "UrlKeys": "true"}


def version():
    manifest = (ROOT / "Cargo.toml").read_text().split("[workspace.package]")[1]
    return manifest.split('version = "')[1].split('"')[0]


def executable():
    """A package that Lambda takes: nothing here is invoked."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("bootstrap", "#!/bin/sh\n")
    return file.getvalue()


class Plain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = ministack()
        cls.addClassCleanup(cls.cloud.stop)
        bucket = f"{RELEASES}-{REGION}"
        aws(cls.cloud.url, "s3api", "create-bucket", "--bucket", bucket)
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "package.zip")
            package.write_bytes(executable())
            for name in ("admission", "authorizer"):
                for architecture in ("arm64", "x86_64"):
                    key = f"approved/ecr-admission/{version()}/{name}-{architecture}.zip"
                    put = ("s3api", "put-object", "--bucket", bucket, "--key", key, "--body", str(package))
                    aws(cls.cloud.url, *put)
        cls.code = {"CodeBucket": RELEASES, "CodeBucketPerRegion": "true", "CodeKeyPrefix": "approved/"}

    def functions(self, stack):
        return resources(self.cloud.url, stack, "AWS::Lambda::Function")

    def variables(self, name, *qualifier):
        arguments = ("lambda", "get-function-configuration", "--function-name", name)
        return aws(self.cloud.url, *arguments, *qualifier)["Environment"]["Variables"]

    def live(self, stack):
        """The variables of the version that each alias refers to, and that version, by function."""
        found = {}
        for logical, name in self.functions(stack).items():
            get = ("lambda", "get-alias", "--function-name", name, "--name", "live")
            number = aws(self.cloud.url, *get)["FunctionVersion"]
            found[logical] = (int(number), self.variables(name, "--qualifier", number))
        return found

    def called(self, stack):
        """The functions that the public API calls: its integrations and authorizers."""
        (api,) = resources(self.cloud.url, stack, "AWS::ApiGatewayV2::Api").values()
        of = ("--api-id", api)
        integrations = aws(self.cloud.url, "apigatewayv2", "get-integrations", *of)["Items"]
        authorizers = aws(self.cloud.url, "apigatewayv2", "get-authorizers", *of)["Items"]
        return [one["IntegrationUri"] for one in integrations] + [one["AuthorizerUri"] for one in authorizers]

    def deployment(self, outputs):
        of = ("--rest-api-id", outputs["PrivateApiId"])
        (stage,) = aws(self.cloud.url, "apigateway", "get-stages", *of)["item"]
        return stage["deploymentId"]

    def test_without_a_canary_the_api_calls_the_functions(self):
        create(self.cloud.url, "plain", TEMPLATE, **self.code)
        self.assertEqual(len(self.functions("plain")), 2)
        for kind in ("Lambda::Alias", "Lambda::Version", "AppConfig::Application", "CodeDeploy::Application"):
            self.assertEqual(resources(self.cloud.url, "plain", f"AWS::{kind}"), {}, kind)
        for name in self.functions("plain").values():
            self.assertNotIn("SETTINGS_RECORD", self.variables(name))
        self.assertNotIn(":live", str(self.called("plain")))

    def test_a_changed_parameter_reaches_the_version_that_answers(self):
        given = {**self.code, "Canary": "canary-10-percent-5-minutes", "MetricsNamespace": "Canary"}
        create(self.cloud.url, "canary", TEMPLATE, **given)
        first = self.live("canary")
        self.assertEqual(len(first), 2)
        for number, variables in first.values():
            self.assertEqual(number, 1)
            self.assertEqual(str(variables["SETTINGS_RECORD"]), "1")
        for uri in self.called("canary"):
            self.assertRegex(uri, ":live(/invocations)?$")

        update(self.cloud.url, "canary", TEMPLATE, **given, SeverityLimit="HIGH")
        second = self.live("canary")
        for logical, (number, variables) in second.items():
            self.assertEqual(number, 2, logical)
            self.assertEqual(str(variables["SETTINGS_RECORD"]), "2")
        (severity,) = [one["SEVERITY_LIMIT"] for _, one in second.values() if "SEVERITY_LIMIT" in one]
        self.assertEqual(severity, "HIGH")

        # A setting that no function reads publishes nothing.
        update(self.cloud.url, "canary", TEMPLATE, **given, SeverityLimit="HIGH", QuietHours="3")
        self.assertEqual(self.live("canary"), second)

        # Off, and the API calls the functions again.
        update(self.cloud.url, "canary", TEMPLATE, **{**given, "Canary": "none"}, SeverityLimit="LOW")
        self.assertEqual(resources(self.cloud.url, "canary", "AWS::Lambda::Alias"), {})
        self.assertNotIn(":live", str(self.called("canary")))

    def test_the_private_api_is_deployed_again_when_it_calls_other_functions(self):
        given = {**self.code, "MetricsNamespace": "Private", **PRIVATE}
        off = self.deployment(create(self.cloud.url, "private-plain", TEMPLATE, **given))
        on = {**given, "Canary": "linear-10-percent-every-minute"}
        second = self.deployment(update(self.cloud.url, "private-plain", TEMPLATE, **on))
        self.assertNotEqual(second, off)
        same = self.deployment(update(self.cloud.url, "private-plain", TEMPLATE, **on, MaxImages="7"))
        self.assertEqual(same, second)
        clusters = self.deployment(
            update(self.cloud.url, "private-plain", TEMPLATE, **on, MaxImages="7", VpcEndpointClusters="blue")
        )
        self.assertNotEqual(clusters, second)
        self.assertEqual(len(self.live("private-plain")), 3)

    def test_the_logs_stay_if_the_stack_was_to_keep_them(self):
        for keep, left in (("false", 0), ("true", 3)):
            stack = f"keep-{keep}"
            create(self.cloud.url, stack, TEMPLATE, **self.code, KeepLogs=keep, MetricsNamespace=stack)
            logs = set(resources(self.cloud.url, stack, "AWS::Logs::LogGroup").values())
            self.assertEqual(len(logs), 3)
            aws(self.cloud.url, "cloudformation", "delete-stack", "--stack-name", stack)
            aws(self.cloud.url, "cloudformation", "wait", "stack-delete-complete", "--stack-name", stack)
            found = aws(self.cloud.url, "logs", "describe-log-groups")["logGroups"]
            self.assertEqual(len(logs & {one["logGroupName"] for one in found}), left)
