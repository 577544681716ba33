"""Fills the templates of deploy/templates."""

import base64
import json
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Optional

from . import conditions
from .endpoint import Endpoint
from .problem import Problem

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NAMES = (
    "validating-webhook.yaml",
    "mutating-webhook.yaml",
    "admission-configuration.yaml",
    "webhook-kubeconfig.yaml",
)
# Every kind that embeds a Pod template, as in validating-webhook.yaml.
CONTROLLER_RULES = [
    "# --mutate-controllers: their templates are changed, too, so that what `kubectl get` shows is what runs.",
    "# What another controller owns, such as the ReplicaSet of a Deployment, is left as its owner wrote it.",
    '- apiGroups: [""]',
    '  apiVersions: ["v1"]',
    '  operations: ["CREATE", "UPDATE"]',
    '  resources: ["podtemplates", "replicationcontrollers"]',
    "  scope: Namespaced",
    '- apiGroups: ["apps"]',
    '  apiVersions: ["v1"]',
    '  operations: ["CREATE", "UPDATE"]',
    '  resources: ["deployments", "replicasets", "statefulsets", "daemonsets"]',
    "  scope: Namespaced",
    '- apiGroups: ["batch"]',
    '  apiVersions: ["v1"]',
    '  operations: ["CREATE", "UPDATE"]',
    '  resources: ["jobs", "cronjobs"]',
    "  scope: Namespaced",
]
# What a reader of the file is told of each condition.
EXPLAINED = {
    "namespace-not-ignored": (
        "By name, never by label: a tenant may be allowed to label a namespace. The call is saved, and",
        "the list is the one the function has (IgnoredNamespaces); deploy/doctor compares the two.",
    ),
    "spec-changed": (
        "A Pod's images lie in its spec. An outage of ours must not keep a Pod from being labelled or",
        "from going away when its finalizers are taken off.",
    ),
}
# What a call that fails means for a Pod, and what a reader of the file is told of it.
FAILURE_POLICIES = {
    "Fail": ("When no answer comes, no Pod is created, and none gets another image.",),
    "Ignore": (
        "Whenever a call fails (an outage, a wrong token, too many requests), the Pod is admitted unchecked,",
        "and nothing in the cluster says so: only the stack's alarms do. An answer still denies.",
    ),
}
# A line that is nothing but a placeholder stands for any number of lines at its indentation.
LINES = re.compile(r"^( *)\$\{(\w+)\}$")


@dataclass(frozen=True)
class Settings:
    """What differs from one cluster to the next."""

    endpoint: Endpoint
    # Where the files lie on the control-plane node, which need not be where they are written.
    install_dir: Path
    token_path: Path
    ignored_namespaces: list
    ca_pem: Optional[str] = None
    # Whether the templates of controllers are mutated, beside Pods.
    mutate_controllers: bool = False
    # The failurePolicy of the webhook for Pods: a key of FAILURE_POLICIES.
    failure_policy: str = "Fail"


def render(settings):
    """Returns file name -> text."""
    return {name: _fill((TEMPLATES / name).read_text(encoding="utf-8"), settings) for name in NAMES}


def ca_bundle(pem):
    """The `caBundle` value of a PEM text; raises Problem when it holds no certificate."""
    try:
        certificates = re.findall(
            r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.DOTALL
        )
        for certificate in certificates:
            ssl.PEM_cert_to_DER_cert(certificate)
    except ValueError as error:
        raise Problem(f"the CA file holds a certificate that cannot be read ({error})") from error
    if not certificates:
        raise Problem("the CA file holds no certificate; expected PEM (-----BEGIN CERTIFICATE-----)")
    return base64.b64encode(("\n".join(certificates) + "\n").encode()).decode()


def _fill(template, settings):
    values = {
        "validate_url": _quoted(settings.endpoint.url("/validate")),
        "mutate_url": _quoted(settings.endpoint.url("/mutate")),
        "host": _quoted(settings.endpoint.authority),
        "token_path": _quoted(settings.token_path),
        "kubeconfig_file": _quoted(settings.install_dir / "webhook-kubeconfig.yaml"),
        "kubeconfig_path": settings.install_dir / "webhook-kubeconfig.yaml",
        "admission_configuration_path": settings.install_dir / "admission-configuration.yaml",
    }
    lines = {
        "ca_bundle": _ca_bundle_lines(settings.ca_pem),
        "controller_rules": CONTROLLER_RULES if settings.mutate_controllers else [],
        "pod_failure_policy": [
            *(f"# {line}" for line in FAILURE_POLICIES[settings.failure_policy]),
            f"failurePolicy: {settings.failure_policy}",
        ],
        "match_conditions": _match_condition_lines(conditions.of(settings.ignored_namespaces)),
        "pod_match_conditions": _match_condition_lines(
            conditions.of(settings.ignored_namespaces, of_pods=True)
        ),
    }
    filled = []
    for line in template.splitlines():
        whole = LINES.match(line)
        if whole:
            filled += [whole.group(1) + extra for extra in lines[whole.group(2)]]
        else:
            filled.append(Template(line).substitute(values))
    return "\n".join(filled) + "\n"


def _ca_bundle_lines(pem):
    if pem is None:
        return []
    return [
        "# The only authorities trusted for this URL; without it, those of the control-plane node.",
        f"caBundle: {ca_bundle(pem)}",
    ]


def _match_condition_lines(conditions):
    if not conditions:
        return []
    lines = ["matchConditions:"]
    for name, expression in conditions:
        lines += [f"  # {line}" for line in EXPLAINED[name]]
        lines += [f"  - name: {name}", f"    expression: {_quoted(expression)}"]
    return lines


def _quoted(value):
    # A JSON string is a YAML double-quoted scalar.
    return json.dumps(str(value))
