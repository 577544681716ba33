"""What deploy/doctor --eks checks of an endpoint beside checks.py: that one key opens it, and nothing else does.

As there, each returns what it found, or raises Problem with what to do. None shows a key.
"""

import urllib.parse

from . import checks, reviews
from .caller import KeyCaller
from .problem import Problem
from .token import Token
from .url_key import UrlKey

DEPLOY_AGAIN = "deploy the stack again with the version of this checkout"
# Paths like that of a webhook, none of which may lead to a decision. K is the key.
OTHER_PATHS = ("/validate/", "//validate/K", "/Validate/K", "/validate/K/", "/validate/K%2Fx", "/mutate/")


def wrong_key(caller):
    """A key of no cluster is refused."""
    answer = _send(caller, route=UrlKey.generate().route("/validate"))
    if answer.status == 404:
        raise Problem("expected 403, got 404: the stack has no key URLs; deploy it with UrlKeys true (CDK: urlKeys)")
    return checks.status(answer, 403, {200: f"any key opens the endpoint; {DEPLOY_AGAIN}"})


def other_paths(caller, key):
    """No path but that of a webhook leads to a decision."""
    for path in OTHER_PATHS:
        _no_decision(f"POST {path}", _send(caller, route=path.replace("K", key.reveal())))
    return f"no decision for {', '.join(OTHER_PATHS)} (K is the key)"


def crossed(caller, key, token):
    """The key is not a token, the token is not a key, and a right token does not help a wrong key."""
    _no_decision("the key in the header", _send(caller, Token(key.reveal())))
    in_path = f"/validate/{urllib.parse.quote(token.reveal(), safe='')}"
    _no_decision("the token in the path", _send(caller, route=in_path))
    wrong = UrlKey.generate().route("/validate")
    _no_decision("a wrong key beside the right token", _send(caller, token, wrong))
    return "refused: the key in the header, the token in the path, a wrong key beside the right token"


def previous_key(caller, key, is_over, when):
    """The key of the previous token is refused after the overlap; `when` says when that is."""
    answer = KeyCaller(caller, key).review(reviews.delete_pod())
    if answer.status == 403:
        return "refused with 403"
    if answer.status == 200 and not is_over:
        return f"still works until {when}, or until deploy/rotate-token --revoke"
    raise Problem(f"expected 403, got {answer.status}: the previous key should have stopped working at {when}")


def _send(caller, token=None, route="/validate"):
    return caller.review(reviews.delete_pod(), token, route)


def _no_decision(what, answer):
    if answer.review is None and 400 <= answer.status < 500 and answer.status != 429:
        return
    if answer.status == 429:
        raise Problem(f"{what}: got 429, which proves nothing: API Gateway throttles; try again")
    decision = "with a decision" if answer.review else "without a decision"
    raise Problem(f"{what}: expected 4xx, got {answer.status} {decision}; {DEPLOY_AGAIN}")
