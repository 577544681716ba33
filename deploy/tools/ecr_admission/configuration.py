"""Whether the control plane's configuration agrees with the endpoint: the rendered files, or the live objects.

As in checks.py, each returns what it found, or raises Problem with what to do.
"""

import json
import os
from pathlib import Path

from . import conditions, rendered, url_key
from .problem import Problem, quoted
from .token import Token

APPLY_AGAIN = "run deploy/render-config and kubectl apply again"
REPLACE_AGAIN = "run deploy/render-config --eks and kubectl replace again"
RENDER_AGAIN = "run deploy/render-config again"
# What to say about the failurePolicy of the webhook for Pods.
FAILURE_POLICIES = {
    "Fail": "",
    "Ignore": "; failurePolicy Ignore: whenever a call fails (an outage, a wrong token, too many requests), the"
    " Pod is admitted unchecked, and only the stack's alarms report it; render with --failure-policy Fail to"
    " refuse the Pod instead",
}


def webhooks(found, endpoint, ignored, rendered_policy=None, key=None):
    """The webhooks `found` call this endpoint, for all namespaces but the ignored ones.

    `rendered_policy` is the failurePolicy for Pods in the rendered files, where that is known. `key` is the current
    UrlKey of the cluster, where it must be in the URLs.
    """
    by_name = {webhook.name: webhook for webhook in found}
    url = endpoint.url(key.route("/validate") if key else "/validate")
    again = REPLACE_AGAIN if key else APPLY_AGAIN
    for name in rendered.WEBHOOKS:
        webhook = by_name.get(name)
        if webhook is None:
            raise Problem(f"the webhook {name} is missing; {again}")
        same_url(name, webhook.url, url, key)
        of_pods = name == rendered.POD_WEBHOOK
        expected = [expression for _, expression in conditions.of(ignored, of_pods)]
        if webhook.expressions != expected:
            raise Problem(
                f"{name}: expected the matchConditions {json.dumps(expected)}, got"
                f" {json.dumps(webhook.expressions)}; {again}"
            )
        if webhook.selectors:
            raise Problem(
                f"{name} has {webhook.selectors[0]}, so anyone who may set such labels can bypass it;"
                f" {again}"
            )
    return f"two webhooks call {url_key.hidden(url)}{_failure_policy(found, rendered_policy, again)}"


def same_url(name, got, expected, key=None):
    """Raises Problem, which shows no key, where the URL of the webhook `name` is not the expected one."""
    if got == expected:
        return
    shown, wanted = url_key.hidden(got), url_key.hidden(expected)
    if key is None:
        hint = "pass --eks if the key in it is meant to be there, or " if url_key.of_url(got) else ""
        raise Problem(f"{name}: expected the URL {wanted}, got {quoted(shown)}; {hint}{APPLY_AGAIN}")
    if shown == wanted:
        raise Problem(
            f"{name}: the key in its URL is not the current one of the cluster, and stops working when the token"
            f" overlap ends; {REPLACE_AGAIN}"
        )
    raise Problem(f"{name}: expected the URL {wanted}, got {quoted(shown)}; {REPLACE_AGAIN}")


def _failure_policy(found, expected, again):
    policy = rendered.failure_policy(found)
    if policy not in FAILURE_POLICIES:
        expected = "Fail or Ignore"
    elif expected in (None, policy):
        return FAILURE_POLICIES[policy]
    raise Problem(
        f"{rendered.POD_WEBHOOK}: expected failurePolicy {expected}, got {quoted(policy)}; {again}"
    )


def secret_file(path):
    """Only this user can read the file, which has a key."""
    mode = Path(path).stat().st_mode & 0o777
    if mode & 0o077:
        raise Problem(f"{path} has mode {mode:04o}, so others can read the key in it; run: chmod 600 {path}")
    return f"{path} has mode {mode:04o}; delete it when the cluster has it"


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
