"""The application for the Serverless Application Repository: checked, packaged and published locally."""

import json
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from project import links, tools
from project.loopback import Server

from . import ROOT
from .deployment import ARCH, create, resources, synthesize, update
from .emulators import ACCOUNT, REGION, aws, environment, ministack, moto

TEMPLATE = ROOT / "infra" / "template.yaml"
PLAIN = ROOT / "infra" / "cloudformation.yaml"
APPLICATION = f"arn:aws:serverlessrepo:{REGION}:{ACCOUNT[::-1]}:applications/ecr-admission"
BUCKET = "packages"
SOURCES = "203.0.113.7/32,2001:db8::/56"
# Of another account: a policy may be shared.
POLICY_SECRET = f"arn:aws:secretsmanager:{REGION}:210987654321:secret:ecr-admission/policy-AbCdEf"
TICKETS = f"arn:aws:sns:{REGION}:{ACCOUNT}:tickets"
ENDPOINTS = "vpce-0123456789abcdef0,vpce-0fedcba9876543210"
WEB_ACL = (
    f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/webhooks/01234567-89ab-cdef-0123-456789abcdef"
)
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "serverlessrepo.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
    ],
}


def tree(folder):
    """A copy of what publishing changes, with the packages for this machine in the place of those for arm64."""
    ignored = shutil.ignore_patterns("__pycache__", "local-cloud", "end-to-end", "cli")
    for name in ("infra", "scripts", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in (".tools", "cdk"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "Cargo.toml", folder / "Cargo.toml")
    (folder / "README.md").write_text(f"{links.BEGIN}\n{links.END}\n")
    source = ROOT / "dist" / ARCH
    if not (source / "admission.cdx.json").exists():
        raise RuntimeError(f"{source} has no bill of materials; run scripts/build --arch {ARCH} --sbom")
    shutil.copytree(source, folder / "dist" / "arm64")
    return folder


class Checked(unittest.TestCase):
    def test_cfn_lint_finds_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            # Rendered for any account and Region, so that cfn-lint checks the CDK stack too.
            if (ROOT / "dist" / ARCH / "admission.zip").exists():
                synthesize(Path(folder, "plain"))
                synthesize(Path(folder, "keys"), urlKeys="true", allowedSources="203.0.113.7/32,::/0")
                private = {"vpcEndpointIds": ENDPOINTS, "urlKeys": "true"}
                synthesize(Path(folder, "both"), restAccessLog="true", **private)
                synthesize(Path(folder, "private"), publicEndpoint="false", **private)
                keyless = {"vpcEndpointClusters": "blue,green", "publicEndpoint": "false"}
                synthesize(Path(folder, "keyless"), vpcEndpointIds=ENDPOINTS, **keyless)
                synthesize(Path(folder, "regional"), webAclArn=WEB_ACL, publicEndpoint="false")
            templates = [str(TEMPLATE), str(PLAIN), *map(str, Path(folder).glob("*/*.template.json"))]
            self.assertEqual(len(templates), 8, f"run scripts/build --arch {ARCH} first")
            command = [str(tools.bin_of("lint") / "cfn-lint"), "--non-zero-exit-code", "informational"]
            # W3005: the CDK adds a DependsOn to each function, which its references already imply.
            command += ["--ignore-checks", "W3005", "--", *templates]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_cfn_lint_would_find_a_mistake(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(TEMPLATE.read_text().replace("Ref: MetricsNamespace", "Ref: NoSuchParameter"))
            file.flush()
            command = [str(tools.bin_of("lint") / "cfn-lint"), "--", file.name]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertIn("NoSuchParameter", result.stdout)

    def test_sam_validates_it(self):
        result = subprocess.run(
            ["sam", "validate", "--lint", "--template-file", str(TEMPLATE)],
            env=environment(None, "sam", SAM_CLI_TELEMETRY="0"),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Deployed(unittest.TestCase):
    """What a person deploys from the console: the packaged template, with parameters."""

    @classmethod
    def setUpClass(cls):
        cls.cloud = ministack()
        cls.addClassCleanup(cls.cloud.stop)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        root = tree(Path(folder.name))
        aws(cls.cloud.url, "s3api", "create-bucket", "--bucket", BUCKET)
        cls.packaged = root / "packaged.yaml"
        result = subprocess.run(
            ["sam", "package", "--template-file", str(root / "infra" / "template.yaml")]
            + ["--s3-bucket", BUCKET, "--output-template-file", str(cls.packaged)],
            env=environment(cls.cloud.url, "sam", SAM_CLI_TELEMETRY="0"),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise RuntimeError(f"sam package failed:\n{result.stdout}{result.stderr}")

    def api(self, stack, operation):
        (api,) = resources(self.cloud.url, stack, "AWS::ApiGatewayV2::Api").values()
        return aws(self.cloud.url, "apigatewayv2", operation, "--api-id", api)["Items"]

    def role(self, stack):
        """The statements of the admission function's role, by the policy that holds them."""
        names = resources(self.cloud.url, stack, "AWS::IAM::Role")
        (role,) = [name for logical, name in names.items() if "Authorizer" not in logical]
        of_role = ("--role-name", role)
        policies = aws(self.cloud.url, "iam", "list-role-policies", *of_role)["PolicyNames"]
        return {
            name: aws(self.cloud.url, "iam", "get-role-policy", *of_role, "--policy-name", name)[
                "PolicyDocument"
            ]["Statement"]
            for name in policies
        }

    def variables(self, stack):
        names = resources(self.cloud.url, stack, "AWS::Lambda::Function")
        (function,) = [name for logical, name in names.items() if "Authorizer" not in logical]
        arguments = ("lambda", "get-function-configuration", "--function-name", function)
        return aws(self.cloud.url, *arguments)["Environment"]["Variables"]

    def test_side_by_side_with_and_without_parameters(self):
        plain = create(self.cloud.url, "one", self.packaged)
        self.assertEqual(plain["IgnoredNamespacesInForce"], "kube-system")
        self.assertEqual(self.variables("one")["REGISTRY_IDS"], ACCOUNT)
        self.assertEqual(self.variables("one")["REGISTRY_REGION"], REGION)
        self.assertEqual(self.variables("one")["POLICY_SECRET"], "")
        role = self.role("one")
        self.assertEqual(list(role), ["calls"])
        self.assertNotIn("secretsmanager", str(role))
        self.assertNotIn("GetDownloadUrlForLayer", str(role))
        self.assertNotIn("DescribeImageSigningStatus", str(role))
        self.assertIn("inspector2:ListFindings", str(role))
        self.assertEqual(self.variables("one")["MAX_IMAGES"], "100")
        self.assertEqual(plain["UrlKeysInForce"], "false")
        self.assertEqual(plain["RegistryIdsInForce"], ACCOUNT)
        self.assertEqual(plain["RegistryRegionInForce"], REGION)
        self.assertEqual(plain.get("AllowedSourcesInForce", ""), "")
        self.assertEqual(plain.get("PolicySecretInForce", ""), "")
        self.assertEqual(len(resources(self.cloud.url, "one", "AWS::Lambda::Function")), 2)
        self.assertEqual(len(resources(self.cloud.url, "one", "AWS::Logs::LogGroup")), 3)
        routes = sorted(route["RouteKey"] for route in self.api("one", "get-routes"))
        self.assertEqual(routes, ["POST /mutate", "POST /validate"])
        (bearer,) = self.api("one", "get-authorizers")
        self.assertEqual(bearer["IdentitySource"], ["$request.header.Authorization"])
        (stage,) = self.api("one", "get-stages")
        self.assertEqual(stage.get("RouteSettings", {}), {})
        (ecr,) = [one for one in role["calls"] if "ecr:" in str(one["Action"])]
        self.assertEqual(ecr["Resource"], [f"arn:aws:ecr:*:{ACCOUNT}:repository/*"])

        other = create(
            self.cloud.url,
            "two",
            self.packaged,
            RegistryIds="111122223333,444455556666",
            RegistryRegion="eu-west-1,us-east-1",
            IgnoredNamespaces="",
            PolicySecret=POLICY_SECRET,
            MetricsNamespace="Two",
            AuthorizerReservedConcurrency="0",
            AdmissionReservedConcurrency="7",
            MaxImages="500",
            StageThrottleRate="50",
            StageThrottleBurst="20",
            UrlKeys="true",
            AllowedSources=SOURCES,
            UrlKeyThrottleRate="70",
            UrlKeyThrottleBurst="30",
            UrlKeyAuthorizerReservedConcurrency="0",
        )
        self.assertEqual(other.get("IgnoredNamespacesInForce", ""), "")
        self.assertEqual(self.variables("two")["REGISTRY_IDS"], "111122223333,444455556666")
        self.assertEqual(self.variables("two")["IGNORED_NAMESPACES"], "")
        self.assertEqual(self.variables("two")["POLICY_SECRET"], POLICY_SECRET)
        role = self.role("two")
        self.assertEqual(sorted(role), ["calls", "policySecret"])
        (secret,) = role["policySecret"]
        self.assertEqual(
            secret, {"Action": "secretsmanager:GetSecretValue", "Effect": "Allow", "Resource": POLICY_SECRET}
        )
        (ecr,) = [one for one in role["calls"] if "ecr:" in str(one["Action"])]
        self.assertIn("ecr:GetDownloadUrlForLayer", ecr["Action"])
        self.assertIn("ecr:DescribeImageSigningStatus", ecr["Action"])
        accounts = ("111122223333", "444455556666")
        self.assertEqual(ecr["Resource"], [f"arn:aws:ecr:*:{account}:repository/*" for account in accounts])
        regions = ecr["Condition"]["StringEquals"]["aws:RequestedRegion"]
        self.assertEqual(regions, ["eu-west-1", "us-east-1"])
        self.assertEqual(self.variables("two")["MAX_IMAGES"], "500")
        self.assertNotEqual(plain["Endpoint"], other["Endpoint"])
        self.with_keys(other)

    def with_keys(self, outputs):
        self.assertEqual(outputs["UrlKeysInForce"], "true")
        self.assertEqual(outputs["AllowedSourcesInForce"], SOURCES)
        self.assertEqual(outputs["RegistryIdsInForce"], "111122223333,444455556666")
        self.assertEqual(outputs["RegistryRegionInForce"], "eu-west-1,us-east-1")
        self.assertEqual(outputs["PolicySecretInForce"], POLICY_SECRET)
        authorizers = {one["Name"]: one for one in self.api("two", "get-authorizers")}
        self.assertEqual(
            authorizers["bearer"]["IdentitySource"],
            ["$request.header.Authorization", "$context.identity.sourceIp"],
        )
        self.assertEqual(authorizers["url"]["IdentitySource"], [])
        self.assertEqual(authorizers["url"]["AuthorizerResultTtlInSeconds"], 0)
        routes = {route["RouteKey"]: route["AuthorizerId"] for route in self.api("two", "get-routes")}
        for path, name in (
            ("/validate", "bearer"),
            ("/mutate", "bearer"),
            ("/validate/{key}", "url"),
            ("/mutate/{key}", "url"),
        ):
            self.assertEqual(routes[f"POST {path}"], authorizers[name]["AuthorizerId"], path)
        (stage,) = self.api("two", "get-stages")
        self.assertEqual(sorted(stage["RouteSettings"]), ["POST /mutate/{key}", "POST /validate/{key}"])
        names = resources(self.cloud.url, "two", "AWS::Lambda::Function")
        (function,) = [name for logical, name in names.items() if "UrlKeysAuthorizer" in logical]
        arguments = ("lambda", "get-function-configuration", "--function-name", function)
        variables = aws(self.cloud.url, *arguments)["Environment"]["Variables"]
        self.assertEqual(variables["CALLER_KEY"], "url")
        self.assertEqual(variables["ALLOWED_SOURCES"], SOURCES)
        # What the dashboard names exists: its alarms, those about keys included.
        (dashboard,) = resources(self.cloud.url, "two", "AWS::CloudWatch::Dashboard").values()
        body = aws(self.cloud.url, "cloudwatch", "get-dashboard", "--dashboard-name", dashboard)["DashboardBody"]
        alarms = json.loads(body)["widgets"][0]["properties"]["alarms"]
        self.assertEqual(len(alarms), 17)
        self.assertTrue(all(alarm.startswith("arn:aws:cloudwatch:") for alarm in alarms), alarms)

    def rest(self, operation, api, *arguments):
        return aws(self.cloud.url, "apigateway", operation, "--rest-api-id", api, *arguments)

    def test_a_private_api_alone(self):
        given = {"PublicEndpoint": "false", "UrlKeys": "true", "MetricsNamespace": "Private"}
        outputs = create(self.cloud.url, "private", self.packaged, VpcEndpointIds=ENDPOINTS, **given)
        self.assertNotIn("Endpoint", outputs)
        self.assertEqual(outputs["VpcEndpointIdsInForce"], ENDPOINTS)
        self.assertEqual(outputs["PublicEndpointInForce"], "false")
        self.assertEqual(resources(self.cloud.url, "private", "AWS::ApiGatewayV2::Api"), {})
        api = outputs["PrivateApiId"]
        found = self.rest("get-resources", api, "--embed", "methods")["items"]
        routes = {one["path"]: one["resourceMethods"] for one in found if one.get("resourceMethods")}
        self.assertEqual(sorted(routes), ["/mutate", "/mutate/{key}", "/validate", "/validate/{key}"])
        authorizers = {one["id"]: one for one in self.rest("get-authorizers", api)["items"]}
        for path, methods in routes.items():
            self.assertEqual(list(methods), ["POST"])
            authorizer = authorizers[methods["POST"]["authorizerId"]]
            self.assertEqual(authorizer["name"], "url" if "{" in path else "bearer")
        (stage,) = self.rest("get-stages", api)["item"]
        self.assertEqual(stage["stageName"], "v1")
        # As the API writes the paths of the template.
        limits = ["*/*", "/~1mutate~1{key}/POST", "/~1validate~1{key}/POST"]
        self.assertEqual(sorted(stage["methodSettings"]), limits)
        # Deployed again, with another list: the stage serves another copy of the API.
        time.sleep(1)
        one = ENDPOINTS.split(",")[0]
        again = update(self.cloud.url, "private", self.packaged, VpcEndpointIds=one, **given)
        self.assertEqual(again["VpcEndpointIdsInForce"], one)
        (served,) = self.rest("get-stages", again["PrivateApiId"])["item"]
        self.assertNotEqual(served["deploymentId"], stage["deploymentId"])

    def test_parameters_that_contradict_each_other_are_refused(self):
        private = {"VpcEndpointIds": ENDPOINTS, "PublicEndpoint": "false"}
        for parameters, reason in (
            ({"PublicEndpoint": "false"}, "PublicEndpoint: expected true without VpcEndpointIds"),
            ({"VpcEndpointClusters": "blue"}, "VpcEndpointClusters: expected nothing without VpcEndpointIds"),
            ({**private, "AllowedSources": SOURCES}, "AllowedSources: expected nothing with a private API alone"),
            ({"TicketTopicArn": TICKETS}, "TicketTopicArn: expected nothing without AlarmTopicArn"),
        ):
            with self.assertRaisesRegex(RuntimeError, reason):
                create(self.cloud.url, "refused", self.packaged, **parameters)

    def transformed(self):
        command = [str(tools.bin_of("sam") / "python"), str(Path(__file__).with_name("sam_transform.py"))]
        result = subprocess.run(
            [*command, str(self.packaged)], env=environment(), capture_output=True, text=True, check=False
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)["Resources"]

    def test_each_deployment_of_the_application_deploys_the_private_api_again(self):
        names = []
        for _ in range(2):
            found = self.transformed()
            (name,) = [one for one, resource in found.items() if resource["Type"] == "AWS::ApiGateway::Deployment"]
            # Only the stage of the template, which has the limits.
            self.assertEqual(list(found[name]["Properties"]), ["Description", "RestApiId"])
            (stage,) = [one for one in found.values() if one["Type"] == "AWS::ApiGateway::Stage"]
            self.assertEqual(stage["Properties"]["DeploymentId"], {"Ref": name})
            for resource in (found[name], stage):
                self.assertEqual(resource["Condition"], "HasVpcEndpointIds")
            names.append(name)
            time.sleep(1.1)
        self.assertNotEqual(*names)


class Published(unittest.TestCase):
    """scripts/publish with a local S3, and a stand-in for the repository, which no emulator has."""

    @classmethod
    def setUpClass(cls):
        cls.s3 = moto()
        cls.addClassCleanup(cls.s3.stop)
        aws(cls.s3.url, "s3api", "create-bucket", "--bucket", BUCKET)
        cls.repository = Repository()
        cls.addClassCleanup(cls.repository.stop)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = tree(Path(folder.name))

    def publish(self, *arguments):
        variables = {
            "AWS_ENDPOINT_URL_S3": self.s3.url,
            "AWS_ENDPOINT_URL_SERVERLESSAPPLICATIONREPOSITORY": self.repository.url,
        }
        return subprocess.run(
            [str(self.root / "scripts" / "publish"), *arguments],
            env=environment(None, "sam", **variables),
            capture_output=True,
            text=True,
            check=False,
        )

    def test_a_dry_run_sends_nothing(self):
        result = self.publish("--dry-run")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("would run: sam publish", result.stdout)
        self.assertEqual(self.repository.requests, [])

    def test_a_zip_that_is_not_the_one_of_its_digest_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            root = tree(Path(folder))
            with open(root / "dist" / "arm64" / "admission.zip", "ab") as package:
                package.write(b"more")
            command = [str(root / "scripts" / "publish"), "--dry-run"]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, "admission.zip has SHA-256 .*; run scripts/build --arch arm64 --sbom")

    def test_published_and_shared(self):
        refused = self.publish("--bucket", BUCKET)
        self.assertEqual(refused.returncode, 1)
        policy = ("--bucket", BUCKET, "--policy", json.dumps(POLICY))
        aws(self.s3.url, "s3api", "put-bucket-policy", *policy)

        result = self.publish("--bucket", BUCKET)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        (made,) = [body for path, body in self.repository.requests if path == "POST /applications"]
        self.assertEqual(made["name"], "ecr-admission")
        self.assertEqual(made["spdxLicenseId"], "Apache-2.0")
        self.assertIn(f'version = "{made["semanticVersion"]}"', (ROOT / "Cargo.toml").read_text())
        self.assertNotIn("dist/arm64", made["templateBody"])
        self.assertIn(f"s3://{BUCKET}/", made["templateBody"])
        shared = [body for path, body in self.repository.requests if path.endswith("/policy")]
        self.assertEqual(shared[0]["statements"], [{"principals": ["*"], "actions": ["Deploy"]}])
        self.assertIn(APPLICATION, (self.root / "infra" / "regions.json").read_text())
        readme = (self.root / "infra" / "README.md").read_text()
        self.assertEqual(readme.count(f"applicationId={APPLICATION}"), 18)
        self.assertNotIn(links.EXAMPLE_ACCOUNT, readme.split(links.BEGIN)[1].split(links.END)[0])


class Repository:
    """Answers CreateApplication and PutApplicationPolicy as the repository does; has the requests."""

    def __init__(self):
        self.requests = []
        self._server = Server(self._answer)
        self.url, self.stop = self._server.url, self._server.stop

    def _answer(self, request):
        self.requests.append((f"{request.method} {request.path}", json.loads(request.body or b"{}")))
        text = json.dumps({"applicationId": APPLICATION, "statements": []}).encode()
        return (201 if request.method == "POST" else 200), {"Content-Type": "application/json"}, text
