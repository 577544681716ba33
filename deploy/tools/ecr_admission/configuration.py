"""Whether the control plane's configuration agrees with the endpoint: the rendered files, or the live objects.

As in checks.py, each returns what it found, or raises Problem with what to do.
"""

import json
import os
from pathlib import Path

from . import conditions, rendered
from .problem import Problem, quoted
from .token import Token

APPLY_AGAIN = "run deploy/render-config and kubectl apply again"
RENDER_AGAIN = "run deploy/render-config again"
# What to say about the failurePolicy of the webhook for Pods.
FAILURE_POLICIES = {
    "Fail": "",
    "Ignore": "; failurePolicy Ignore: whenever a call fails (an outage, a wrong token, too many requests), the"
    " Pod is admitted unchecked, and only the stack's alarms report it; render with --failure-policy Fail to"
    " refuse the Pod instead",
}


def webhooks(found, endpoint, ignored, rendered_policy=None):
    """The webhooks `found` call this endpoint, for all namespaces but the ignored ones.

    `rendered_policy` is the failurePolicy for Pods in the rendered files, where that is known.
    """
    by_name = {webhook.name: webhook for webhook in found}
    url = endpoint.url("/validate")
    for name in rendered.WEBHOOKS:
        webhook = by_name.get(name)
        if webhook is None:
            raise Problem(f"the webhook {name} is missing; {APPLY_AGAIN}")
        if webhook.url != url:
            raise Problem(f"{name}: expected the URL {url}, got {quoted(webhook.url)}; {APPLY_AGAIN}")
        of_pods = name == rendered.POD_WEBHOOK
        expected = [expression for _, expression in conditions.of(ignored, of_pods)]
        if webhook.expressions != expected:
            raise Problem(
                f"{name}: expected the matchConditions {json.dumps(expected)}, got"
                f" {json.dumps(webhook.expressions)}; {APPLY_AGAIN}"
            )
        if webhook.selectors:
            raise Problem(
                f"{name} has {webhook.selectors[0]}, so anyone who may set such labels can bypass it;"
                f" {APPLY_AGAIN}"
            )
    return f"two webhooks call {url}{_failure_policy(found, rendered_policy)}"


def _failure_policy(found, expected):
    policy = rendered.failure_policy(found)
    if policy not in FAILURE_POLICIES:
        expected = "Fail or Ignore"
    elif expected in (None, policy):
        return FAILURE_POLICIES[policy]
    raise Problem(
        f"{rendered.POD_WEBHOOK}: expected failurePolicy {expected}, got {quoted(policy)}; {APPLY_AGAIN}"
    )


def kubeconfig(path, endpoint):
    """The kubeconfig sends the token to this host, and to no other."""
    users = rendered.users_in(path)
    if list(users) != [endpoint.authority]:
        raise Problem(
            f"{path}: expected only the user {quoted(endpoint.authority)}, got"
            f" {', '.join(quoted(user) for user in users) or 'none'}; otherwise the apiserver sends no token, or"
            f" sends it elsewhere: {RENDER_AGAIN}"
        )
    token_file = Path(users[endpoint.authority])
    if not token_file.is_absolute():
        raise Problem(f"{path}: expected an absolute path as tokenFile, got {quoted(token_file)}; {RENDER_AGAIN}")
    if token_file.exists():
        mode = token_file.stat().st_mode & 0o777
        if mode & 0o077:
            raise Problem(f"{token_file} has mode {mode:04o}, so others can read it; run: chmod 600 {token_file}")
        if os.access(token_file, os.R_OK):
            Token.read(token_file)
    return f"the token in {token_file} goes only to {endpoint.authority}"
