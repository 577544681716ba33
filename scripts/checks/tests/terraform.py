"""Terraform, where it is installed, and its provider for AWS, where it is in a local folder."""

import json
import os
import shutil
import subprocess
import unittest

from . import ROOT

MODULE = ROOT / "infra" / "terraform"
PROGRAM = shutil.which("terraform")
# As `terraform init -plugin-dir` takes it: HOST/hashicorp/aws/VERSION/PLATFORM/terraform-provider-aws_vVERSION….
PLUGINS = os.environ.get("TERRAFORM_PLUGIN_DIR")

needs_terraform = unittest.skipUnless(PROGRAM, "install Terraform 1.3 or later")
needs_provider = unittest.skipUnless(
    PROGRAM and PLUGINS, "install Terraform, and set TERRAFORM_PLUGIN_DIR to a folder with the provider hashicorp/aws"
)


def call(folder, *arguments, env=None):
    """Runs Terraform in `folder`."""
    # Without the user's configuration, which may name other places for providers, and without a call to HashiCorp.
    quiet = {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    environment = {**(env or os.environ), **quiet}
    command = [PROGRAM, f"-chdir={folder}", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def must(folder, *arguments, env=None):
    """The output of a call that has to succeed."""
    result = call(folder, *arguments, env=env)
    if result.returncode != 0:
        raise RuntimeError(f"terraform {arguments[0]} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def init(folder):
    """Makes `folder` ready, without a connection to a registry."""
    must(folder, "init", "-input=false", *([f"-plugin-dir={PLUGINS}"] if PLUGINS else []))


def errors(output):
    """The errors of a call with -json."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line["diagnostic"] for line in lines if line.get("diagnostic", {}).get("severity") == "error"]
