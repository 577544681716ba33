"""The key in a webhook's URL, for control planes that send no header, such as those of Amazon EKS.

It is derived from the cluster's token, so that rotation and revocation of the one are those of the other, and a URL that
leaks does not yield the token.
"""

import base64
import hashlib
import hmac
import re
import secrets

# The same as authorizer/src: both have the same test vector.
MESSAGE = b"ecr-admission/url/v1"
SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
# A path that ends with what may be a key.
IN_URL = re.compile(r"(/(?:validate|mutate)/)[A-Za-z0-9_-]{12,}")
# The same without the path of one webhook: an error may show only a part of a URL.
ROUTES = ("/validate", "/mutate")


class UrlKey:
    """A key that does not show itself."""

    def __init__(self, text):
        self._text = text

    @classmethod
    def of(cls, token):
        """The key of the cluster that has `token` (a Token)."""
        digest = hmac.new(token.reveal().encode(), MESSAGE, hashlib.sha256).digest()
        return cls(base64.urlsafe_b64encode(digest).rstrip(b"=").decode())

    @classmethod
    def generate(cls):
        """One that no cluster has."""
        return cls(secrets.token_urlsafe(32))

    def reveal(self):
        """The key itself: only for a request, or a file of mode 0600."""
        return self._text

    def route(self, route):
        """The path of `route` (`/validate` or `/mutate`) with the key."""
        return f"{route}/{self._text}"

    def is_in(self, text):
        """Whether `text` shows it."""
        return self._text in text

    def __eq__(self, other):
        return isinstance(other, UrlKey) and secrets.compare_digest(self._text, other._text)

    __hash__ = None

    def __repr__(self):
        return "UrlKey(…)"


def of_url(url):
    """The key at the end of a webhook's URL, or None."""
    before, _, last = url.rpartition("/")
    return UrlKey(last) if before.endswith(ROUTES) and SHAPE.fullmatch(last) else None


def hidden(text):
    """`text` without the keys in its URLs, for an error."""
    return IN_URL.sub(r"\1(key)", text)
