"""The secret: a JSON object, cluster name -> token."""

import codecs
import json
import secrets
import string

from .problem import Problem

# What the authorizer accepts at least, and what CloudFormation generates.
MINIMUM = 32
LENGTH = 64


# Written by editors and shells at the start of a file; UTF-32's begins as UTF-16's does.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "begins with a byte order mark (UTF-8)",
    codecs.BOM_UTF16_LE: "is UTF-16 with a byte order mark",
    codecs.BOM_UTF16_BE: "is UTF-16 with a byte order mark",
}


def _not_ascii(content):
    """What makes `content` more than printable ASCII and white space, or None."""
    for mark, what in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return what
    if b"\0" in content:
        return "holds NUL bytes, as UTF-16 without a byte order mark does"
    if not all(byte in b"\t\n\r" or 0x20 <= byte < 0x7F for byte in content):
        return "holds a byte that is not printable ASCII"
    return None


class Token:
    """A bearer token that does not show itself."""

    def __init__(self, text):
        self._text = text

    @classmethod
    def generate(cls):
        """A new one: 64 letters and digits (about 381 bits) from the system's random source."""
        alphabet = string.ascii_letters + string.digits
        return cls("".join(secrets.choice(alphabet) for _ in range(LENGTH)))

    @classmethod
    def read(cls, path):
        """The token in the file `path`, as the apiserver reads it: blanks at the ends do not count.

        Raises Problem for a file whose content the apiserver would send as it is, but no authorizer accepts:
        a byte order mark or UTF-16, as some editors and shells write them. No error repeats any of it.
        """
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise Problem(f"cannot read the token file {path}: {error.strerror}") from error
        encoding = _not_ascii(content)
        if encoding:
            raise Problem(
                f"the token file {path} {encoding}, which the apiserver would send as part of the token;"
                " write it again as plain ASCII: scripts/render-config --stack does, or in PowerShell"
                " Set-Content -Encoding ascii"
            )
        text = content.decode("ascii").strip()
        if not text:
            raise Problem(f"the token file {path} is empty; write the token into it")
        if any(character.isspace() for character in text):
            raise Problem(
                f"the token file {path} holds more than one word or line; write the token alone into it"
            )
        return cls(text)

    def reveal(self):
        """The token itself: for a header, a pipe or a file of mode 0600, nothing else."""
        return self._text

    def __repr__(self):
        return "Token(…)"


class Tokens:
    """All tokens of one secret."""

    def __init__(self, by_cluster):
        self._by_cluster = by_cluster

    @classmethod
    def parse(cls, text):
        """Reads the secret's text; no error repeats any of it."""
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict) or not all(isinstance(token, str) for token in value.values()):
            raise Problem(
                'the secret is not a JSON object of cluster names and tokens, such as {"default": "<token>"}'
            )
        return cls({cluster: Token(token) for cluster, token in value.items()})

    def of(self, cluster):
        """The token of `cluster`."""
        if cluster not in self._by_cluster:
            known = ", ".join(sorted(self._by_cluster)) or "none"
            raise Problem(f"the secret names no cluster {cluster!r} (it names: {known}); pass --cluster")
        token = self._by_cluster[cluster]
        if len(token.reveal()) < MINIMUM:
            raise Problem(
                f"the token of cluster {cluster!r} is shorter than {MINIMUM} characters, so it never"
                f" authorises; run scripts/rotate-token --cluster {cluster}"
            )
        return token

    def clusters(self):
        """The names, sorted."""
        return sorted(self._by_cluster)

    def with_token(self, cluster, token):
        """A copy in which `cluster` has `token`."""
        return Tokens({**self._by_cluster, cluster: token})

    def reveal(self):
        """The secret's text."""
        return json.dumps({cluster: token.reveal() for cluster, token in self._by_cluster.items()})

    def __repr__(self):
        return f"Tokens({', '.join(self.clusters())})"
