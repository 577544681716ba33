"""The application for the Serverless Application Repository: checked, packaged and published locally."""

import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from project import links, tools

from . import ROOT
from .deployment import ARCH, create, resources, synthesise
from .emulators import ACCOUNT, REGION, aws, environment, ministack, moto

TEMPLATE = ROOT / "infra" / "template.yaml"
APPLICATION = f"arn:aws:serverlessrepo:{REGION}:{ACCOUNT[::-1]}:applications/ecr-admission"
BUCKET = "packages"
# Of another account: a policy may be shared.
POLICY_SECRET = f"arn:aws:secretsmanager:{REGION}:210987654321:secret:ecr-admission/policy-AbCdEf"
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
    """A copy of what publishing touches, with the zips of this machine's architecture where arm64's go."""
    ignored = shutil.ignore_patterns("__pycache__", "local-cloud", "end-to-end", "cli")
    for name in ("infra", "scripts", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in (".tools", "cdk"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "Cargo.toml", folder / "Cargo.toml")
    (folder / "README.md").write_text(f"{links.BEGIN}\n{links.END}\n")
    for name in ("admission", "authorizer"):
        source = ROOT / "dist" / ARCH / f"{name}.zip"
        if not source.exists():
            raise RuntimeError(f"{source} does not exist; run scripts/build --arch {ARCH}")
        target = folder / "dist" / "arm64" / f"{name}.zip"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return folder


class Checked(unittest.TestCase):
    def test_cfn_lint_has_nothing_to_say(self):
        with tempfile.TemporaryDirectory() as folder:
            # Rendered for any account and Region, so that cfn-lint checks the CDK stack too.
            if (ROOT / "dist" / ARCH / "admission.zip").exists():
                synthesise(Path(folder))
            templates = [str(TEMPLATE), *map(str, Path(folder).glob("*.template.json"))]
            self.assertEqual(len(templates), 2, f"run scripts/build --arch {ARCH} first")
            command = [str(tools.bin_of("lint") / "cfn-lint"), "--non-zero-exit-code", "informational"]
            # W3005: the CDK adds a DependsOn to each function that its references imply already.
            command += ["--ignore-checks", "W3005", "--", *templates]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_cfn_lint_would_have(self):
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
        self.assertEqual(plain["NamespacesIgnored"], "kube-system")
        self.assertEqual(self.variables("one")["REGISTRY_IDS"], ACCOUNT)
        self.assertEqual(self.variables("one")["REGISTRY_REGION"], REGION)
        self.assertEqual(self.variables("one")["POLICY_SECRET"], "")
        role = self.role("one")
        self.assertEqual(list(role), ["calls"])
        self.assertNotIn("secretsmanager", str(role))
        self.assertNotIn("GetDownloadUrlForLayer", str(role))
        self.assertIn("inspector2:ListFindings", str(role))
        self.assertEqual(self.variables("one")["MAX_IMAGES"], "100")
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
        )
        self.assertEqual(other.get("NamespacesIgnored", ""), "")
        self.assertEqual(self.variables("two")["REGISTRY_IDS"], "111122223333,444455556666")
        self.assertEqual(self.variables("two")["IGNORED_NAMESPACES"], "")
        self.assertEqual(self.variables("two")["POLICY_SECRET"], POLICY_SECRET)
        role = self.role("two")
        self.assertEqual(sorted(role), ["calls", "policySecret"])
        secret, configs = role["policySecret"]
        self.assertEqual(
            secret, {"Action": "secretsmanager:GetSecretValue", "Effect": "Allow", "Resource": POLICY_SECRET}
        )
        self.assertEqual(configs["Action"], "ecr:GetDownloadUrlForLayer")
        (ecr,) = [one for one in role["calls"] if "ecr:" in str(one["Action"])]
        accounts = ("111122223333", "444455556666")
        for statement in (ecr, configs):
            arns = [f"arn:aws:ecr:*:{account}:repository/*" for account in accounts]
            self.assertEqual(statement["Resource"], arns)
            regions = statement["Condition"]["StringEquals"]["aws:RequestedRegion"]
            self.assertEqual(regions, ["eu-west-1", "us-east-1"])
        self.assertEqual(self.variables("two")["MAX_IMAGES"], "500")
        self.assertNotEqual(plain["Endpoint"], other["Endpoint"])


class Published(unittest.TestCase):
    """scripts/publish against a local S3, and a stand-in for the repository: nothing emulates that."""

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
    """Answers CreateApplication and PutApplicationPolicy as the repository does, and keeps the requests."""

    def __init__(self):
        self.requests = []
        requests = self.requests

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                requests.append((f"{self.command} {self.path}", body))
                text = json.dumps({"applicationId": APPLICATION, "statements": []}).encode()
                self.send_response(201 if self.command == "POST" else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_PUT = do_PATCH = do_GET = answer

            def log_message(self, format, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    unittest.main()
