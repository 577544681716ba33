"""What deploy/doctor checks of an endpoint: each returns what it found, or raises Problem with what to do."""

import ssl
import time

from . import reviews
from .problem import Problem
from .token import Token

SOON_DAYS = 7
SEE_LOG = "see the log of the admission function"
# What an unexpected status means, whatever the request.
CAUSES = {
    404: "nothing answers at this path; use the URL of the stack's output Endpoint",
    429: "API Gateway throttles; try again, and see StageThrottleRate",
    500: "the authorizer failed; see its log: most often it cannot read the token secret",
}
# What 401 and 403 mean for a credential that should be right.
REFUSED = {
    "token": "the endpoint refuses this token; fetch the current one with deploy/render-config --stack (API Gateway may"
    " repeat an old answer for AuthorizerCacheSeconds)",
    "key": "the endpoint refuses this key; the cluster has another one by now (run deploy/render-config --eks --stack"
    " again), or AllowedSources does not have the address of this machine",
}


def certificate(caller):
    """The host answers, with a certificate for this host that this machine (or --ca-file) trusts."""
    try:
        found = caller.certificate()
    except Problem as problem:
        raise Problem(
            f"{problem}; compare the URL with the stack's output Endpoint, check DNS and the way out of this"
            " network, and for a private certificate authority pass --ca-file"
        ) from problem
    days = (ssl.cert_time_to_seconds(found["notAfter"]) - time.time()) / 86400
    if days < SOON_DAYS:
        raise Problem(f"the certificate expires within {SOON_DAYS} days, on {found['notAfter']}; renew it")
    issuer = dict(part for entry in found["issuer"] for part in entry)
    name = issuer.get("commonName") or issuer.get("organizationName", "an unnamed authority")
    return f"certificate for {caller.endpoint.host} from {name}, {days:.0f} days left"


def without_token(caller):
    """A request without a token is refused."""
    causes = {200: "anyone can call the endpoint: its route has no authorizer; deploy the stack again"}
    return status(_send(caller, reviews.delete_pod()), 401, causes)


def wrong_token(caller):
    """A request with an unknown token is refused."""
    causes = {200: "anyone can call the endpoint: its authorizer admits any token; deploy the stack again"}
    return status(_send(caller, reviews.delete_pod(), Token.generate()), 403, causes)


def right_token(caller, token):
    """The token is accepted, and an AdmissionReview comes back."""
    response = _review(caller, reviews.delete_pod(), token)
    if response.get("allowed") is not True:
        raise Problem(f"a deletion was denied: {_message(response)}; {SEE_LOG}")
    return "200, with an AdmissionReview for this request"


def mutation(caller, token):
    """The mutating webhook answers too, and does not change a deletion."""
    response = _review(caller, reviews.delete_pod(), token, "/mutate")
    if response.get("allowed") is not True or "patch" in response:
        raise Problem(f"POST /mutate changed or denied a deletion: {response}; {SEE_LOG}")
    return "POST /mutate answers 200"


def sample_denied(caller, token, audit=False):
    """An image from elsewhere is denied, by the right rule; with `audit`, the rule only reports it."""
    response = _review(caller, reviews.create_pod(reviews.FOREIGN_IMAGE), token)
    if audit:
        return _audited(response)
    if response.get("allowed") is not False:
        raise Problem(
            f"a Pod with {reviews.FOREIGN_IMAGE} in namespace default was admitted; remove default from"
            " IgnoredNamespaces, or set the mode of ecr-registry to deny in the policy document (pass --audit while"
            " it is in audit)"
        )
    if "[ecr-registry]" not in _message(response):
        raise Problem(f"expected a denial by the rule ecr-registry, got: {_message(response)}; {SEE_LOG}")
    return _message(response)


def _audited(response):
    audited = (response.get("auditAnnotations") or {}).get("audited", "")
    admitted = response.get("allowed") is True
    if admitted and "[ecr-registry]" in audited:
        return f"admitted, and reported: {audited}"
    got = "an admission without a report" if admitted else f"a denial: {_message(response)}"
    raise Problem(
        f"expected that a Pod with {reviews.FOREIGN_IMAGE} is admitted and that ecr-registry reports it, got {got};"
        " set the mode of every rule to audit in the policy document, or omit --audit"
    )


def sample_admitted(caller, token, image, ignored):
    """A Pod with `image` is admitted; without `image`, a Pod in an ignored namespace."""
    if image:
        response = _review(caller, reviews.create_pod(image), token)
        if response.get("allowed") is not True:
            raise Problem(f"{image} was denied: {_message(response)}")
        return f"{image} is admitted"
    if not ignored:
        return "skipped: no namespace is ignored; pass --image with an image that your policy admits"
    response = _review(caller, reviews.create_pod(reviews.FOREIGN_IMAGE, ignored[0]), token)
    if response.get("allowed") is not True:
        raise Problem(
            f"a Pod in the ignored namespace {ignored[0]} was denied: {_message(response)}; the function ignores"
            " other namespaces (its parameter IgnoredNamespaces): run deploy/render-config again, or pass"
            " --ignored-namespaces"
        )
    return f"a Pod in {ignored[0]} is admitted (pass --image to check an image, too)"


def _send(caller, body, token=None, route="/validate"):
    try:
        return caller.review(body, token, route)
    except Problem as problem:
        raise Problem(f"{problem}; if the certificate is ok, {SEE_LOG} and the dashboard") from problem


def status(answer, expected, causes):
    """The answer has this status; `causes` says what another one means."""
    if answer.status != expected:
        cause = {**CAUSES, **causes}.get(answer.status, "see the access log of API Gateway")
        raise Problem(f"expected {expected}, got {answer.status}: {cause}")
    return f"refused with {expected}"


def _review(caller, body, token, route="/validate"):
    """The response of the AdmissionReview that comes back."""
    answer = _send(caller, body, token, route)
    if answer.status != 200:
        refused = REFUSED[caller.credential]
        causes = {401: refused, 403: refused, 500: f"the authorizer or the admission function failed; {SEE_LOG}"}
        raise Problem(f"expected 200, got {answer.status}: { {**CAUSES, **causes}.get(answer.status, SEE_LOG) }")
    response = (answer.review or {}).get("response")
    if not isinstance(response, dict) or response.get("uid") != body["request"]["uid"]:
        raise Problem(
            "the answer is not an AdmissionReview for this request; use the URL of the stack's output Endpoint"
        )
    return response


def _message(response):
    return response.get("status", {}).get("message", "no message")
