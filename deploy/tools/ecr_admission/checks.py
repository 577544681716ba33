"""What deploy/doctor checks: each returns what it found, or raises Problem with what to do."""

import os
import ssl
import time
from pathlib import Path

from . import conditions, rendered, reviews
from .problem import Problem
from .tokens import Token

SOON_DAYS = 7
# What to say of the failurePolicy of the webhook for Pods.
FAILURE_POLICIES = {
    "Fail": "",
    "Ignore": "; failurePolicy Ignore: whenever a call fails (an outage, a wrong token, too many requests), the"
    " Pod is admitted unchecked, and only the stack's alarms say so; render with --failure-policy Fail to refuse"
    " it instead",
}


def certificate(caller):
    """The host answers, with a certificate for this host that this machine (or --ca-file) trusts."""
    try:
        found = caller.certificate()
    except Problem as problem:
        raise Problem(
            f"{problem}; check the URL against the stack's output Endpoint, name resolution and the way out"
            " of this network; for a private authority pass --ca-file"
        ) from problem
    days = (ssl.cert_time_to_seconds(found["notAfter"]) - time.time()) / 86400
    if days < SOON_DAYS:
        raise Problem(f"the certificate ends in {days:.0f} days ({found['notAfter']}); renew it")
    issuer = dict(part for entry in found["issuer"] for part in entry)
    name = issuer.get("commonName") or issuer.get("organizationName", "an unnamed authority")
    return f"certificate for {caller.endpoint.host} from {name}, {days:.0f} days left"


def without_token(caller):
    """Nobody gets in without a token."""
    answer = caller.review(reviews.delete_pod())
    if answer.status == 404:
        raise Problem("404: there is no /validate at this URL; take the stack's output Endpoint as it is")
    if answer.status != 401:
        raise Problem(f"expected 401, got {answer.status}; the route has lost its authorizer: deploy again")
    return "401"


def wrong_token(caller):
    """Nobody gets in with a token of their own."""
    answer = caller.review(reviews.delete_pod(), Token.generate())
    if answer.status == 500:
        raise Problem("500: the authorizer failed; see its log, most often the secret cannot be read")
    if answer.status != 403:
        raise Problem(f"expected 403, got {answer.status}; the endpoint lets strangers in: deploy again")
    return "403"


def right_token(caller, token):
    """The token opens the door, and an AdmissionReview comes back."""
    body = reviews.delete_pod()
    _, response = _review(caller, body, token)
    if response.get("allowed") is not True:
        raise Problem(f"a deletion was not admitted: {_message(response)}; see the admission log")
    return "200, an AdmissionReview with our uid"


def mutation(caller, token):
    """The mutating half answers too, and leaves alone what starts nothing."""
    _, response = _review(caller, reviews.delete_pod(), token, "/mutate")
    if response.get("allowed") is not True or "patch" in response:
        raise Problem(f"POST /mutate changed or refused a deletion: {response}; see the admission log")
    return "POST /mutate answers 200"


def sample_denied(caller, token):
    """An image from elsewhere is denied, by the right rule."""
    _, response = _review(caller, reviews.create_pod(reviews.FOREIGN_IMAGE), token)
    if response.get("allowed") is not False:
        raise Problem(
            f"a Pod with {reviews.FOREIGN_IMAGE} was admitted; is `default` an ignored namespace?"
        )
    if "[ecr-registry]" not in _message(response):
        raise Problem(f"denied, but not by the rule ecr-registry: {_message(response)}")
    return _message(response)


def sample_admitted(caller, token, image, ignored):
    """A Pod that should be admitted is: one with `image`, else one in an ignored namespace."""
    if image:
        _, response = _review(caller, reviews.create_pod(image), token)
        if response.get("allowed") is not True:
            raise Problem(f"{image} was denied: {_message(response)}")
        return f"{image} is admitted"
    if not ignored:
        return "skipped: no namespace is ignored; pass --image IMAGE, one that your policy admits"
    _, response = _review(caller, reviews.create_pod(reviews.FOREIGN_IMAGE, ignored[0]), token)
    if response.get("allowed") is not True:
        raise Problem(
            f"a Pod in the ignored namespace {ignored[0]} was denied: {_message(response)}; the function's"
            " IgnoredNamespaces differ from those rendered: render again, or pass --namespaces-ignored"
        )
    return f"a Pod in {ignored[0]} is admitted (pass --image IMAGE to have an image judged)"


def webhook_configuration(webhooks, endpoint, ignored, agreed_policy=None):
    """The webhooks call this endpoint, for all namespaces but the ignored ones.

    `agreed_policy` is the failurePolicy for Pods that was rendered, where that is known.
    """
    by_name = {webhook.name: webhook for webhook in webhooks}
    again = "run deploy/render-config and kubectl apply again"
    for name in rendered.WEBHOOKS:
        webhook = by_name.get(name)
        if webhook is None:
            raise Problem(f"there is no webhook {name}; {again}")
        if webhook.url != endpoint.url("/validate"):
            raise Problem(f"{name} calls {webhook.url}, not {endpoint.url('/validate')}; {again}")
        wanted = conditions.of(ignored, of_pods=name == rendered.POD_WEBHOOK)
        expected = [expression for _, expression in wanted]
        if webhook.expressions != expected:
            raise Problem(f"{name} has matchConditions {webhook.expressions}, not {expected}; {again}")
        if webhook.selectors:
            raise Problem(
                f"{name} has a {webhook.selectors[0]}: whoever may set such labels gets past it; {again}"
            )
    return f"two webhooks call {endpoint.url('/validate')}{_failure_policy(webhooks, agreed_policy, again)}"


def _failure_policy(webhooks, agreed, again):
    found = rendered.failure_policy(webhooks)
    if found not in FAILURE_POLICIES:
        raise Problem(f"{rendered.POD_WEBHOOK} has failurePolicy {found!r}, not Fail or Ignore; {again}")
    if agreed is not None and found != agreed:
        raise Problem(f"{rendered.POD_WEBHOOK} has failurePolicy {found}, but {agreed} was rendered; {again}")
    return FAILURE_POLICIES[found]


def webhook_kubeconfig(path, endpoint):
    """The kubeconfig sends the token to this host, and to no other."""
    users = rendered.users_in(path)
    if list(users) != [endpoint.authority]:
        raise Problem(
            f"{path} names {', '.join(users) or 'nobody'}; expected exactly {endpoint.authority}, or the"
            " apiserver sends no token, or sends it to others; run deploy/render-config again"
        )
    token_file = Path(users[endpoint.authority])
    if not token_file.is_absolute():
        raise Problem(f"tokenFile is {token_file}; the apiserver needs an absolute path: render again")
    if token_file.exists():
        if token_file.stat().st_mode & 0o077:
            raise Problem(f"{token_file} can be read by others; run: chmod 600 {token_file}")
        if os.access(token_file, os.R_OK):
            Token.read(token_file)
    return f"the token in {token_file} goes to {endpoint.authority} alone"


def _review(caller, body, token, route="/validate"):
    answer = caller.review(body, token, route)
    if answer.status in (401, 403):
        raise Problem(
            f"{answer.status}: the token is not accepted; fetch the current one with deploy/render-config"
            " --stack, and note that API Gateway may remember a refusal for AuthorizerCacheSeconds"
        )
    if answer.status != 200:
        raise Problem(f"expected 200, got {answer.status}; see the admission log and its alarms")
    response = (answer.review or {}).get("response")
    if not isinstance(response, dict) or response.get("uid") != body["request"]["uid"]:
        raise Problem("the answer is no AdmissionReview with our uid; is something else at this URL?")
    return answer, response


def _message(response):
    return response.get("status", {}).get("message", "without a message")
