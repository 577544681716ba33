"""The secret: a JSON object, cluster name -> token."""

import codecs
import json
import math
import re
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
                " write it again as plain ASCII: deploy/render-config --stack does, or in PowerShell"
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

    def header(self):
        """The value of an `Authorization` header."""
        # http.client would quote the whole value in its error.
        if not _visible(self._text):
            raise Problem("the token has characters other than visible ASCII, so no header can hold it")
        return f"Bearer {self._text}"

    def __eq__(self, other):
        return isinstance(other, Token) and secrets.compare_digest(
            self._text.encode("utf-8", "replace"), other._text.encode("utf-8", "replace")
        )

    __hash__ = None

    def __repr__(self):
        return "Token(…)"


class Tokens:
    """All entries of one secret. An entry that is no usable token is kept, and never counts."""

    def __init__(self, by_cluster):
        """`by_cluster`: to each name a Token, or any JSON value that is no string."""
        self._by_cluster = by_cluster

    @classmethod
    def parse(cls, text):
        """Reads the secret's text; no error repeats any of it."""
        try:
            # Some editors put a byte order mark first.
            value = json.loads(
                text.removeprefix("\ufeff"), parse_float=_finite, parse_int=_whole, parse_constant=_refuse
            )
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Problem(
                'the secret is not a JSON object of cluster names and tokens, such as {"default": "<token>"}'
            )
        return cls({name: Token(it) if isinstance(it, str) else it for name, it in value.items()})

    def of(self, cluster):
        """The token of `cluster`."""
        if cluster not in self._by_cluster:
            known = ", ".join(self.shown()) or "none"
            raise Problem(f"the secret names no cluster {cluster!r} (it names: {known}); pass --cluster")
        flaw = _flaw(self._by_cluster[cluster])
        if flaw:
            raise Problem(
                f"the token of cluster {cluster!r} {flaw}, so it never authorizes; run deploy/rotate-token"
                f" --cluster {cluster}"
            )
        return self._by_cluster[cluster]

    def clusters(self):
        """The names, sorted."""
        return sorted(self._by_cluster)

    def shown(self):
        """The names for people, sorted: what may be a token in the place of a name is not shown."""
        return [_shown(name) for name in self.clusters()]

    def flaws(self):
        """What is wrong with the entries that never authorize, one sentence each."""
        flaws = [(name, _flaw(self._by_cluster[name])) for name in self.clusters()]
        return [f"the token of cluster {_shown(name)} {flaw}" for name, flaw in flaws if flaw]

    def with_token(self, cluster, token):
        """A copy in which `cluster` has `token`."""
        return Tokens({**self._by_cluster, cluster: token})

    def reveal(self):
        """The secret's text."""
        return json.dumps(
            {name: it.reveal() if isinstance(it, Token) else it for name, it in self._by_cluster.items()}
        )

    def redact(self, text):
        """`text` without any of the tokens, for an error that somebody else worded."""
        for it in self._by_cluster.values():
            if isinstance(it, Token) and it.reveal():
                text = text.replace(it.reveal(), "(redacted)")
        return text

    def __repr__(self):
        return f"Tokens({', '.join(self.shown())})"


def _flaw(entry):
    if not isinstance(entry, Token):
        return "is not a string"
    if not _visible(entry.reveal()):
        return "has characters other than visible ASCII (a line end at its end, for example)"
    if len(entry.reveal()) < MINIMUM:
        return f"is shorter than {MINIMUM} characters"
    return None


def _visible(text):
    return all("!" <= character <= "~" for character in text)


def _shown(name):
    # Somebody may have written token and cluster the wrong way round. The authorizer says the same.
    stripped = name.strip()
    if len(stripped) >= MINIMUM and re.fullmatch(r"[A-Za-z0-9+/=]*", stripped):
        return f"(a name of {len(stripped)} characters that may be a token)"
    return name


def _finite(text):
    # An entry that is a number never authorizes; one that JSON cannot write again must not stop a rotation.
    return float(text) if math.isfinite(float(text)) else None


def _whole(text):
    return int(text) if len(text) < 100 else None


def _refuse(_constant):
    # NaN and the infinities are no JSON: the authorizer refuses such a secret.
    raise ValueError
