"""Reads what deploy/render-config wrote, and the same from a live cluster through kubectl.

The files are YAML, which Python's standard library cannot read. But deploy/render-config writes one key in
each line and every string as JSON; a file in another form is reported as a difference.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Optional

from . import files
from .problem import Problem

RENDER = "run deploy/render-config"
POD_WEBHOOK = "pods.ecr-admission.internal"
WEBHOOKS = (POD_WEBHOOK, "controllers.ecr-admission.internal")


@dataclass
class Webhook:
    """One webhook of a configuration: what must agree with the endpoint and the stack."""

    name: str
    url: str = ""
    expressions: list = field(default_factory=list)
    ca_pem: Optional[str] = None
    # They exempt objects by label. The rendered files have none, a live configuration can.
    selectors: list = field(default_factory=list)
    failure_policy: str = ""


def webhooks_in(path):
    """The webhooks in the file validating-webhook.yaml."""
    found = []
    for line in files.read(path, RENDER).splitlines():
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


def webhooks_live(cluster):
    """The webhooks of the ValidatingWebhookConfiguration `ecr-admission` in the Cluster `cluster`."""
    answer = cluster.run("get", "validatingwebhookconfiguration", "ecr-admission", "-o", "json")
    if answer.code != 0:
        raise Problem(
            f"kubectl cannot read the ValidatingWebhookConfiguration ecr-admission ({answer.why}); check the"
            " kubeconfig's context, or install validating-webhook.yaml as the comment in it says"
        )
    found = []
    for webhook in json.loads(answer.out).get("webhooks", []):
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
    text = files.read(path, RENDER)
    names = [_text(name) for name in re.findall(r"^ *- name: (.+)$", text, re.MULTILINE)]
    token_files = [_text(name) for name in re.findall(r"^ *tokenFile: (.+)$", text, re.MULTILINE)]
    return dict(zip(names, token_files))


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
