"""A release, installed on a local AWS from its folder alone: INSTALL.md, by the commands that it shows."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ecr_admission import reviews
from ecr_admission.caller import Caller
from ecr_admission.endpoint import Endpoint
from ecr_admission.tokens import Tokens
from project import tools

from . import ROOT, registry, terraform
from .deployment import ARCH, resources
from .emulators import REGION, aws, environment, ministack, moto
from .front import front

BUCKET = "my-packages"
STACK = "EcrAdmission"
# What the tools of the release may run. Nothing else is on PATH: neither cargo nor git.
PROGRAMS = "basename bash cat dirname env find gzip mktemp mv rm sha256sum tar uname".split()


class World:
    """The release, elsewhere, and the local AWS."""

    @classmethod
    def make(cls):
        folder = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(folder.cleanup)
        base = Path(folder.name)
        command = [str(ROOT / "scripts" / "release"), "--packages", str(ROOT / "dist")]
        made = subprocess.run(
            [*command, "--arch", ARCH, "--out", str(base / "made")], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        # From the tarball, as it is downloaded.
        (tarball,) = (base / "made").glob("*.tar.gz")
        shutil.unpack_archive(tarball, base / "elsewhere")
        (cls.folder,) = (base / "elsewhere").iterdir()
        cls.home, cls.programs = base / "home", base / "programs"
        for made_folder in (cls.home, cls.programs):
            made_folder.mkdir()
        for name in PROGRAMS:
            (cls.programs / name).symlink_to(shutil.which(name))
        (cls.programs / "python3").symlink_to(sys.executable)
        cls.registry = moto()
        unittest.addModuleCleanup(cls.registry.stop)
        registry.fill(cls.registry.url)
        cls.cloud = ministack(AWS_ENDPOINT_URL_ECR=cls.registry.url)
        unittest.addModuleCleanup(cls.cloud.stop)

    @classmethod
    def environment(cls):
        """Credentials and endpoints of the local AWS, and neither the checkout nor cargo."""
        kept = environment(cls.cloud.url, AWS_ENDPOINT_URL_ECR=cls.registry.url, HOME=str(cls.home))
        kept["PATH"] = os.pathsep.join([str(cls.programs), str(tools.bin_of("awscli"))])
        for name in ("PYTHONPATH", "CARGO_HOME", "CARGO_TARGET_DIR"):
            kept.pop(name, None)
        return kept

    @classmethod
    def run(cls, *command):
        """Runs a command in the folder of the release."""
        return subprocess.run(
            [*map(str, command)], cwd=cls.folder, env=cls.environment(), capture_output=True, text=True, check=False
        )

    @classmethod
    def page(cls, heading):
        """The commands that INSTALL.md shows under a heading, for this Region and architecture."""
        page = (cls.folder / "INSTALL.md").read_text(encoding="utf-8")
        block = re.search(rf"^## {re.escape(heading)}\n.*?^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
        return block.replace("eu-west-1", REGION)


def setUpModule():
    World.make()


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for heading in ("1. Check the files", "2. Upload", "3. Deploy"):
            commands = World.page(heading)
            if heading == "3. Deploy":
                given = f" Architecture={ARCH} IgnoredNamespaces=kube-system,ci"
                commands = commands.rstrip("\n") + given
            result = World.run("bash", "-euo", "pipefail", "-c", commands)
            if result.returncode != 0:
                raise RuntimeError(f"{heading}: {result.stdout}{result.stderr}")
        described = aws(World.cloud.url, "cloudformation", "describe-stacks", "--stack-name", STACK)
        (stack,) = described["Stacks"]
        cls.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        (api,) = resources(World.cloud.url, STACK, "AWS::ApiGatewayV2::Api").values()
        cls.front = front(World.cloud.port, f"/_aws/execute-api/{api}/$default")
        cls.addClassCleanup(cls.front.stop)
        cls.caller = Caller(Endpoint.parse(cls.front.url), cls.front.ca_file.read_text())

    def token(self):
        arguments = ("secretsmanager", "get-secret-value", "--secret-id", self.outputs["TokenSecretArn"])
        return Tokens.parse(aws(World.cloud.url, *arguments)["SecretString"]).of("default")

    def verdict(self, image, namespace="default"):
        answer = self.caller.review(reviews.create_pod(image, namespace), self.token())
        self.assertEqual(answer.status, 200, answer.text)
        return answer.review["response"]

    def test_the_functions_of_the_release_answer_reviews(self):
        self.assertIs(self.verdict(registry.GOOD)["allowed"], True)
        denied = self.verdict(registry.MUTABLE)
        self.assertIs(denied["allowed"], False)
        self.assertIn("[tag-immutability]", denied["status"]["message"])

    def test_the_parameters_are_in_force(self):
        self.assertEqual(self.outputs["IgnoredNamespacesInForce"], "kube-system,ci")
        self.assertIs(self.verdict("docker.io/library/nginx:1.29", "ci")["allowed"], True)
        names = resources(World.cloud.url, STACK, "AWS::Lambda::Function")
        (function,) = [name for logical, name in names.items() if "Authorizer" not in logical]
        of_function = ("lambda", "get-function-configuration", "--function-name", function)
        self.assertEqual(aws(World.cloud.url, *of_function)["Architectures"], [ARCH])

    def test_render_config_and_doctor_connect_the_control_plane(self):
        with tempfile.TemporaryDirectory() as name:
            token_file = Path(name) / "token"
            token_file.write_text(self.token().reveal())
            token_file.chmod(0o600)
            policy = Path(name) / "policy.yaml"
            policy.write_text("apiVersion: ecr-admission/v1\n")
            # ministack's own endpoint has no TLS, so the tools get the URL of the front.
            rendered = World.run(
                *("deploy/render-config", "--url", self.front.url, "--out", name, "--token-file", token_file),
                *("--ignored-namespaces", "kube-system,ci", "--ca-file", self.front.ca_file),
                # It reads the policy document with the program of the release.
                *("--admission-policy", "deny", "--policy", policy),
                *("--registry-ids", "123456789012", "--registry-region", REGION),
            )
            self.assertEqual(rendered.returncode, 0, rendered.stderr)
            self.assertTrue((Path(name) / "admission-policy.yaml").exists())
            checked = World.run(
                *("deploy/doctor", "--stack", STACK, "--url", self.front.url, "--ca-file", self.front.ca_file),
                *("--config", name, "--image", registry.GOOD),
            )
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_check_asks_the_registry_with_the_parameters_of_the_stack(self):
        pod = "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, image: {}}}]}}\n"
        for image, code, word in ((registry.GOOD, 0, "1 admitted"), (registry.MUTABLE, 1, "[tag-immutability]")):
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(pod.format(image))
                file.flush()
                checked = World.run("deploy/check", file.name, "--stack", STACK, "--region", REGION)
            self.assertEqual(checked.returncode, code, checked.stdout + checked.stderr)
            self.assertIn(word, checked.stdout)

    def test_policy_explains_the_samples(self):
        checked = World.run("deploy/policy", "check", "deploy/samples/policy.yaml")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("scan-findings", checked.stdout)
        tested = World.run("deploy/policy", "test", "deploy/samples/policy.yaml", "deploy/samples/policy-cases.yaml")
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        refused = World.run("deploy/policy", "check", "deploy/samples/policy-cases.yaml")
        self.assertEqual(refused.returncode, 1, refused.stdout)
        # Unpacked once, and nothing is left of the unpacking.
        unpacked = [path.name for path in (World.folder / "cli").iterdir() if path.is_dir()]
        self.assertEqual(len(unpacked), 1, unpacked)
        self.assertIn(".tar.gz", "".join(path.name for path in (World.folder / "cli").iterdir()))

    def test_another_machine_gets_a_reason(self):
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "uname").write_text("#!/bin/sh\necho Darwin arm64\n")
            (Path(name) / "uname").chmod(0o755)
            kept = World.environment()
            kept["PATH"] = f"{name}{os.pathsep}{kept['PATH']}"
            command = [str(World.folder / "deploy" / "policy"), "check", "x"]
            result = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("for Linux on x86_64 and arm64, and this is Darwin arm64; run it in a container", result.stderr)


ROOT_MODULE = """
provider "aws" {{
  region                      = "{region}"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}}

resource "aws_s3_bucket" "packages" {{
  bucket        = "terraform-packages"
  force_destroy = true
}}

module "ecr_admission" {{
  source          = "{source}"
  name            = "ByTerraform"
  architecture    = "{architecture}"
  code_bucket     = aws_s3_bucket.packages.id
  code_key_prefix = "releases/"
  severity_limit  = "{limit}"
  registry_ids    = ["123456789012", "210987654321"]
}}

output "outputs" {{
  value = module.ecr_admission
}}
"""


@terraform.needs_provider
class InstalledByTerraform(unittest.TestCase):
    def apply(self, folder, limit):
        source = "./release/infra/terraform"
        text = ROOT_MODULE.format(region=REGION, source=source, architecture=ARCH, limit=limit)
        (folder / "main.tf").write_text(text)
        terraform.init(folder)
        terraform.must(folder, "apply", "-input=false", "-auto-approve", env=World.environment())
        described = aws(World.cloud.url, "cloudformation", "describe-stacks", "--stack-name", "ByTerraform")
        (stack,) = described["Stacks"]
        return stack, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def test_applied_changed_and_destroyed(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "release").symlink_to(World.folder)
            stack, outputs = self.apply(folder, "CRITICAL")
            self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
            self.assertEqual(outputs["RegistryIdsInForce"], "123456789012,210987654321")
            listed = aws(World.cloud.url, "s3api", "list-objects-v2", "--bucket", "terraform-packages")["Contents"]
            keys = sorted(Path(one["Key"]).name for one in listed)
            self.assertEqual(keys, [f"admission-{ARCH}.zip", f"authorizer-{ARCH}.zip", "cloudformation.yaml"])
            again = terraform.call(folder, "plan", "-input=false", "-detailed-exitcode", env=World.environment())
            self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
            stack, outputs = self.apply(folder, "HIGH")
            self.assertEqual(stack["StackStatus"], "UPDATE_COMPLETE")
            self.assertEqual(outputs["SeverityLimitInForce"], "HIGH")
            shown = terraform.must(folder, "output", "-json", env=World.environment())
            self.assertIn("deploy/render-config --stack ByTerraform", shown)
            terraform.must(folder, "destroy", "-input=false", "-auto-approve", env=World.environment())
        with self.assertRaisesRegex(RuntimeError, "ByTerraform"):
            aws(World.cloud.url, "cloudformation", "describe-stacks", "--stack-name", "ByTerraform")

    def test_a_release_without_the_architecture_is_refused(self):
        # The release of this test has packages for this machine only.
        (other,) = {"arm64", "x86_64"} - {ARCH}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # As from an archive: Terraform copies what is before the two slashes.
            source = f"{World.folder}//infra/terraform"
            text = ROOT_MODULE.format(region=REGION, source=source, architecture=other, limit="HIGH")
            (folder / "main.tf").write_text(text)
            terraform.init(folder)
            planned = terraform.call(folder, "plan", "-input=false", "-json", env=World.environment())
        details = " ".join(error["detail"] for error in terraform.errors(planned.stdout))
        self.assertIn(f"two zips for {other}, got 1 of these files", details)
