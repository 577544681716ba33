"""The address of an ecr-admission endpoint: one URL, checked once."""

import urllib.parse
from dataclasses import dataclass

from .problem import Problem

DEFAULT_PORT = 443


@dataclass(frozen=True)
class Endpoint:
    """An https URL without user, query or fragment, as `clientConfig.url` of a webhook accepts it."""

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text):
        """Reads `text`; raises Problem with what is accepted."""
        accepted = "expected https://HOST[:PORT][/PATH], as in the stack's Endpoint output"
        try:
            parts = urllib.parse.urlsplit(text.strip())
            port = parts.port or DEFAULT_PORT
        except ValueError as error:
            raise Problem(f"the URL {text!r} cannot be read ({error}); {accepted}") from error
        if parts.scheme != "https" or not parts.hostname:
            raise Problem(f"the URL {text!r} is not an https URL; {accepted}")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise Problem(
                f"the URL has a user, query or fragment, which Kubernetes refuses in a webhook; {accepted}"
            )
        if any(character in text for character in "\"'\\ \t\r\n"):
            raise Problem(f"the URL {text!r} holds a blank, a quote or a backslash; {accepted}")
        return cls(host=parts.hostname, port=port, path=parts.path.rstrip("/"))

    @property
    def authority(self):
        """What kube-apiserver looks up in the kubeconfig: `host:port`, or the bare host for 443.

        Source: k8s.io/apiserver pkg/util/webhook/authentication.go, clientConfig().
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT else f"{host}:{self.port}"

    def url(self, route):
        """The full URL of `route`, for instance `/validate`."""
        return f"https://{self.authority}{self.path}{route}"
