"""Fills the templates in deploy/templates."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Optional

from . import admission_policy, authorities, conditions
from .endpoint import Endpoint
from .registries import Registries
from .url_key import UrlKey

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# For the cluster. With a key in their URLs they are a secret.
WEBHOOKS = ("validating-webhook.yaml", "mutating-webhook.yaml")
# For the control-plane nodes.
CREDENTIALS = ("admission-configuration.yaml", "webhook-kubeconfig.yaml")
ADMISSION_POLICY = "admission-policy.yaml"
# What the apiserver does with a Pod whose image is in no allowed registry.
VALIDATION_ACTIONS = {"audit": "[Warn, Audit]", "deny": "[Deny]"}
# Every kind that embeds a Pod template, as in validating-webhook.yaml.
CONTROLLER_RULES = [
    "# --mutate-controllers: changes the Pod templates too, so that `kubectl get` shows what runs. An object that",
    "# a controller owns, such as the ReplicaSet of a Deployment, stays as its owner wrote it.",
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
# How to install each webhook configuration, where the apiserver sends a token.
INSTALL = {
    "validating-webhook.yaml": (
        "# Install it in the cluster last, when the other files are on every control-plane node:",
        "#   kubectl apply -f validating-webhook.yaml",
    ),
    "mutating-webhook.yaml": (
        "# Install it in the cluster, after validating-webhook.yaml:",
        "#   kubectl apply -f mutating-webhook.yaml",
    ),
}
# The same where the caller is known by its VPC endpoint.
INSTALL_KEYLESS = (
    "# The URLs have no secret: the VPC endpoint that a call comes by says which cluster it is. This file may be in Git.",
    "#",
    "# Install it in the cluster:",
    "#   kubectl apply -f {name}",
)
# The same where the key is in the URL.
INSTALL_SECRET = (
    "# THIS FILE IS A SECRET: each URL ends with the key of this cluster, and anyone who has the key can call the",
    "# endpoint. A caller cannot change a decision for your cluster. But a caller can ask what your registries hold",
    "# and what scans found, costs money, and uses up the throttle. Keep the file nowhere in clear: not in Git, not",
    "# in a ticket, not in the log of a pipeline. Delete it when the cluster has it; deploy/render-config writes it",
    "# again.",
    "#",
    "# Install it in the cluster:",
    "#   kubectl create -f {name}      the first time",
    "#   kubectl replace -f {name}     afterward",
    "# Never with kubectl apply, with or without --server-side: it keeps a copy of the URLs in the annotation",
    "# kubectl.kubernetes.io/last-applied-configuration, or updates the copy that is there.",
)
# The comment above each condition.
EXPLAINED = {
    "namespace-not-ignored": (
        "By name, never by label: a tenant may be allowed to label a namespace. These namespaces are the ones",
        "that the function ignores (IgnoredNamespaces); deploy/doctor compares the two.",
    ),
    "spec-changed": (
        "A Pod's images are in its spec. Without this condition, an outage of the webhook would keep Pods from",
        "being labeled, and from being deleted once their finalizers are removed.",
    ),
}
# The comment above each failurePolicy for Pods.
FAILURE_POLICIES = {
    "Fail": ("While no answer comes, no Pod is created, and no image of a Pod is changed.",),
    "Ignore": (
        "Whenever a call fails (an outage, a wrong token, too many requests), the Pod is admitted unchecked.",
        "Nothing in the cluster reports it: only the stack's alarms do. A denial that arrives still denies.",
    ),
}
# A line that is only a placeholder stands for any number of lines at its indentation.
LINES = re.compile(r"^( *)\$\{(\w+)\}$")


@dataclass(frozen=True)
class Settings:
    """What differs from one cluster to the next."""

    endpoint: Endpoint
    # Where the files are on the control-plane nodes, which need not be where they are written.
    install_dir: Path
    token_path: Path
    ignored_namespaces: list
    ca_pem: Optional[str] = None
    # Whether the mutating webhook changes the templates of controllers, not only Pods.
    mutate_controllers: bool = False
    # The failurePolicy of the webhook for Pods: a key of FAILURE_POLICIES.
    failure_policy: str = "Fail"
    # A key of VALIDATION_ACTIONS, or None for no admission policy; it needs `registries`.
    admission_policy: Optional[str] = None
    registries: Optional[Registries] = None
    # The key in the URLs, where the apiserver sends no token.
    url_key: Optional[UrlKey] = None
    # Whether the VPC endpoint of the URL stands for the cluster, so that the apiserver sends neither token nor key.
    keyless: bool = False

    @property
    def sends_token(self):
        """Whether the apiserver sends a token, which needs files on its nodes."""
        return not self.url_key and not self.keyless

    def url(self, route):
        """The URL of `/validate` or `/mutate`."""
        return self.endpoint.url(self.url_key.route(route) if self.url_key else route)


def render(settings):
    """The text of each file, by its name."""
    names = [*WEBHOOKS, *(CREDENTIALS if settings.sends_token else [])]
    names += [ADMISSION_POLICY] if settings.admission_policy else []
    return {name: _fill(name, settings) for name in names}


def _fill(name, settings):
    template = (TEMPLATES / name).read_text(encoding="utf-8")
    values = {
        "validate_url": _quoted(settings.url("/validate")),
        "mutate_url": _quoted(settings.url("/mutate")),
        "host": _quoted(settings.endpoint.authority),
        "token_path": _quoted(settings.token_path),
        "kubeconfig_file": _quoted(settings.install_dir / "webhook-kubeconfig.yaml"),
        "kubeconfig_path": settings.install_dir / "webhook-kubeconfig.yaml",
        "admission_configuration_path": settings.install_dir / "admission-configuration.yaml",
    }
    install = INSTALL.get(name, [])
    if name in WEBHOOKS and not settings.sends_token:
        install = INSTALL_KEYLESS if settings.keyless else INSTALL_SECRET
    lines = {
        "install": [line.format(name=name) for line in install],
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
    if settings.admission_policy:
        lines["pod_expressions"] = admission_policy.of_pods(settings.registries)
        lines["pod_actions"] = [f"validationActions: {VALIDATION_ACTIONS[settings.admission_policy]}"]
        lines["controller_expressions"] = admission_policy.of_controllers(settings.registries)
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
        "# The only authorities that are trusted for this URL. Without it: those of the control-plane node.",
        f"caBundle: {authorities.bundle(pem)}",
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
