"""The address of an ecr-admission endpoint: one URL, checked once."""

import urllib.parse
from dataclasses import dataclass

from .problem import Problem, quoted

DEFAULT_PORT = 443
EXPECTED = "expected https://HOST[:PORT][/PATH], as in the stack's output Endpoint, got"


@dataclass(frozen=True)
class Endpoint:
    """An https URL without user, query or fragment, as `clientConfig.url` of a webhook takes it."""

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text):
        """Reads `text`; raises Problem with what is expected."""
        try:
            parts = urllib.parse.urlsplit(text.strip())
            port = parts.port or DEFAULT_PORT
        except ValueError as error:
            raise Problem(f"{EXPECTED} {quoted(text)} ({error})") from error
        if parts.scheme != "https" or not parts.hostname:
            raise Problem(f"{EXPECTED} {quoted(text)}, which is not an https URL")
        if parts.username or parts.password or parts.query or parts.fragment:
            # Not quoted: it may have a password.
            raise Problem(f"{EXPECTED} a URL with a user, query or fragment, which Kubernetes refuses in a webhook")
        if any(character in text for character in "\"'\\ \t\r\n"):
            raise Problem(f"{EXPECTED} {quoted(text)}, which has white space, a quote or a backslash")
        return cls(host=parts.hostname, port=port, path=parts.path.rstrip("/"))

    @property
    def authority(self):
        """What kube-apiserver looks up in the kubeconfig: `host:port`, or only the host for port 443.

        Source: k8s.io/apiserver pkg/util/webhook/authentication.go, clientConfig().
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT else f"{host}:{self.port}"

    def url(self, route):
        """The full URL of `route`, for instance `/validate`."""
        return f"https://{self.authority}{self.path}{route}"
