"""Deploys the CDK app's own template to ministack, with the executables that ship behind it."""

import json
import platform
import subprocess
import tempfile
from pathlib import Path

from project import tools

from .emulators import ACCOUNT, REGION, aws, environment

ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
CDK = tools.ROOT / "cdk"
# The bucket for templates.
TEMPLATES = "templates"


def synthesize(folder, **context):
    """Runs `cdk synth` into `folder`, for this machine's architecture."""
    command = ["npx", "cdk", "synth", "--quiet", "--output", str(folder)]
    for name, value in {"architecture": ARCH, **context}.items():
        command += ["--context", f"{name}={value}"]
    quiet = environment(None, CDK_DISABLE_VERSION_CHECK="1")
    result = subprocess.run(command, cwd=CDK, env=quiet, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"cdk synth failed:\n{result.stderr}")


def deploy_cdk(url, stack, **context):
    """Does what `cdk deploy` does: uploads the assets, and gives the template to CloudFormation."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        synthesize(folder, stackName=stack, **context)
        assets = json.loads((folder / f"{stack}.assets.json").read_text())["files"]
        for asset in assets.values():
            (destination,) = asset["destinations"].values()
            bucket = _substituted(destination["bucketName"])
            _make_bucket(url, bucket)
            body = str(folder / asset["source"]["path"])
            key = _substituted(destination["objectKey"])
            aws(url, "s3api", "put-object", "--bucket", bucket, "--key", key, "--body", body)
        # `cdk bootstrap` creates it, and the template reads it.
        version = ("--name", "/cdk-bootstrap/hnb659fds/version", "--value", "28", "--type", "String")
        aws(url, "ssm", "put-parameter", *version, "--overwrite")
        return create(url, stack, folder / f"{stack}.template.json")


def create(url, stack, template, **parameters):
    """Creates the stack and returns its outputs; raises with CloudFormation's reasons.

    Through S3, as the CDK and the Serverless Application Repository do: in the request itself, a template can
    have at most 51,200 bytes.
    """
    _make_bucket(url, TEMPLATES)
    key = f"{stack}.template"
    aws(url, "s3api", "put-object", "--bucket", TEMPLATES, "--key", key, "--body", str(template))
    arguments = ["--stack-name", stack, "--template-url", f"{url}/{TEMPLATES}/{key}"]
    arguments += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    if parameters:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        arguments += ["--parameters", json.dumps(given)]
    aws(url, "cloudformation", "create-stack", *arguments)
    subprocess.run(
        ["aws", "cloudformation", "wait", "stack-create-complete", "--stack-name", stack],
        env=environment(url),
        capture_output=True,
        check=False,
    )
    (described,) = aws(url, "cloudformation", "describe-stacks", "--stack-name", stack)["Stacks"]
    if described["StackStatus"] != "CREATE_COMPLETE":
        events = aws(url, "cloudformation", "describe-stack-events", "--stack-name", stack)["StackEvents"]
        reasons = [event.get("ResourceStatusReason", "") for event in events]
        raise RuntimeError(f"{stack}: {described['StackStatus']}: {'; '.join(filter(None, reasons))}")
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def update(url, stack, template, **parameters):
    """Deploys the template again, as the Serverless Application Repository does; returns the outputs."""
    key = f"{stack}.template"
    aws(url, "s3api", "put-object", "--bucket", TEMPLATES, "--key", key, "--body", str(template))
    arguments = ["--stack-name", stack, "--template-url", f"{url}/{TEMPLATES}/{key}"]
    arguments += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    aws(url, "cloudformation", "update-stack", *arguments, "--parameters", json.dumps(given))
    command = ["aws", "cloudformation", "wait", "stack-update-complete", "--stack-name", stack]
    subprocess.run(command, env=environment(url), capture_output=True, check=False)
    (described,) = aws(url, "cloudformation", "describe-stacks", "--stack-name", stack)["Stacks"]
    if described["StackStatus"] != "UPDATE_COMPLETE":
        raise RuntimeError(f"{stack}: {described['StackStatus']}")
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def resources(url, stack, kind):
    """The physical ids of the stack's resources of `kind`, by logical id."""
    found = aws(url, "cloudformation", "describe-stack-resources", "--stack-name", stack)["StackResources"]
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind
    }


def _make_bucket(url, name):
    names = [bucket["Name"] for bucket in aws(url, "s3api", "list-buckets").get("Buckets", [])]
    if name not in names:
        aws(url, "s3api", "create-bucket", "--bucket", name)


def _substituted(text):
    return text.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)
