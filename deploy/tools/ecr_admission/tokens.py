"""The token secret: a JSON object, cluster name -> token."""

import json
import math
import re

from .problem import Problem, quoted
from .token import Token

# The shortest token that the authorizer accepts.
MINIMUM = 32


class Tokens:
    """All entries of one secret. An entry that is not a usable token is kept, and never authorizes."""

    def __init__(self, by_cluster):
        """`by_cluster`: to each name a Token, or any JSON value that is not a string."""
        self._by_cluster = by_cluster

    @classmethod
    def parse(cls, text):
        """Reads the secret's text; no error quotes any of it."""
        try:
            # Some editors put a byte order mark first.
            value = json.loads(
                text.removeprefix("\ufeff"), parse_float=_finite, parse_int=_whole, parse_constant=_refuse
            )
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Problem(
                "the token secret is not a JSON object of cluster names and tokens, such as"
                ' {"default": "<token>"}; correct it in AWS Secrets Manager'
            )
        return cls({name: Token(it) if isinstance(it, str) else it for name, it in value.items()})

    def of(self, cluster):
        """The token of `cluster`."""
        if cluster not in self._by_cluster:
            raise Problem(
                f"the token secret has no cluster {quoted(cluster)} (it has {self.listed()}); pass --cluster, or"
                " add the cluster with deploy/rotate-token --add"
            )
        flaw = _flaw(self._by_cluster[cluster])
        if flaw:
            raise Problem(
                f"the token of cluster {quoted(cluster)} {flaw}, so it never authorizes; run deploy/rotate-token"
                f" --cluster {cluster}"
            )
        return self._by_cluster[cluster]

    def clusters(self):
        """The names, sorted."""
        return sorted(self._by_cluster)

    def get(self, cluster):
        """The token of `cluster`, or None where there is none that can authorize."""
        entry = self._by_cluster.get(cluster)
        return None if _flaw(entry) else entry

    def listed(self):
        """The names for an error; what may be a token in the place of a name is not shown."""
        return ", ".join(shown(name) for name in self.clusters()) or "none"

    def flaws(self):
        """What is wrong with the entries that never authorize, one sentence each."""
        flaws = [(name, _flaw(self._by_cluster[name])) for name in self.clusters()]
        return [f"the token of cluster {shown(name)} {flaw}" for name, flaw in flaws if flaw]

    def with_token(self, cluster, token):
        """A copy in which `cluster` has `token`."""
        return Tokens({**self._by_cluster, cluster: token})

    def reveal(self):
        """The secret's text."""
        return json.dumps(
            {name: it.reveal() if isinstance(it, Token) else it for name, it in self._by_cluster.items()}
        )

    def redact(self, text):
        """`text` without any of the tokens, for an error of another program."""
        for it in self._by_cluster.values():
            if isinstance(it, Token) and it.reveal():
                text = text.replace(it.reveal(), "(redacted)")
        return text

    def __repr__(self):
        return f"Tokens({self.listed()})"


def _flaw(entry):
    if not isinstance(entry, Token):
        return "is not a string"
    if not entry.is_visible():
        return "has characters other than visible ASCII (a line break at its end, for example)"
    if len(entry) < MINIMUM:
        return f"is shorter than {MINIMUM} characters"
    return None


def shown(name):
    """The name of a cluster in a sentence: quoted, or what stands for it."""
    return quoted(name) if named(name) == name else named(name)


def named(name):
    """The name of a cluster, or what stands for it where it may be a token."""
    # Token and cluster may be the wrong way round. The authorizer's log shows the same.
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
    # NaN and the infinities are not JSON: the authorizer refuses such a secret.
    raise ValueError
