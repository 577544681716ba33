"""Reads back what deploy/render-config wrote, and the same from a live cluster through kubectl.

The files are YAML, which Python's standard library cannot read; but they are ours, one key a line and
every text a JSON string, and whatever else somebody made of them is reported as a difference.
"""

import base64
import binascii
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from .problem import Problem

POD_WEBHOOK = "pods.ecr-admission.internal"
WEBHOOKS = (POD_WEBHOOK, "controllers.ecr-admission.internal")


@dataclass
class Webhook:
    """One webhook of a configuration: what must agree with the endpoint and the stack."""

    name: str
    url: str = ""
    expressions: list = field(default_factory=list)
    ca_pem: Optional[str] = None
    # What lets objects past that nobody of ours decided on: only a live configuration can have it.
    selectors: list = field(default_factory=list)
    failure_policy: str = ""


def webhooks_in(path):
    """The webhooks in the file validating-webhook.yaml."""
    found = []
    for line in _read(path).splitlines():
        key, _, value = line.strip().lstrip("- ").partition(": ")
        if line.startswith("  - name: "):
            found.append(Webhook(value))
        elif found and key == "url":
            found[-1].url = _text(value)
        elif found and key == "expression":
            found[-1].expressions.append(_text(value))
        elif found and key == "caBundle":
            found[-1].ca_pem = _pem(value)
        elif found and key == "failurePolicy":
            found[-1].failure_policy = value
        elif found and key.rstrip(":") in ("namespaceSelector", "objectSelector"):
            found[-1].selectors.append(key.rstrip(":"))
    return found


def failure_policy(webhooks):
    """The failurePolicy of the webhook for Pods; empty where there is none."""
    return next((webhook.failure_policy for webhook in webhooks if webhook.name == POD_WEBHOOK), "")


def webhooks_live():
    """The webhooks of the ValidatingWebhookConfiguration `ecr-admission` in the current cluster."""
    if shutil.which("kubectl") is None:
        raise Problem("kubectl is not on PATH; install it, or leave out --live")
    command = ["kubectl", "get", "validatingwebhookconfiguration", "ecr-admission", "-o", "json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        why = (result.stderr.strip() or "it said nothing").splitlines()[-1]
        raise Problem(f"kubectl cannot get it ({why}); run kubectl apply -f validating-webhook.yaml")
    found = []
    for webhook in json.loads(result.stdout).get("webhooks", []):
        client = webhook.get("clientConfig", {})
        bundle = client.get("caBundle")
        found.append(
            Webhook(
                name=webhook.get("name", ""),
                url=client.get("url", ""),
                expressions=[one.get("expression", "") for one in webhook.get("matchConditions", [])],
                ca_pem=_pem(bundle) if bundle else None,
                # The apiserver fills in empty ones, which select everything.
                selectors=[key for key in ("namespaceSelector", "objectSelector") if webhook.get(key)],
                failure_policy=webhook.get("failurePolicy", ""),
            )
        )
    return found


def users_in(path):
    """User name -> token file, in the file webhook-kubeconfig.yaml."""
    text = _read(path)
    names = [_text(name) for name in re.findall(r"^ *- name: (.+)$", text, re.MULTILINE)]
    token_files = [_text(name) for name in re.findall(r"^ *tokenFile: (.+)$", text, re.MULTILINE)]
    return dict(zip(names, token_files))


def _read(path):
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Problem(f"cannot read {path}: {error.strerror}; run deploy/render-config") from error


def _text(value):
    try:
        return json.loads(value)
    except ValueError:
        return value


def _pem(value):
    try:
        return base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return value
