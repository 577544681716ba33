"""Calls an endpoint as kube-apiserver does: POST, JSON, a bearer token."""

import http.client
import json
import socket
import ssl
from dataclasses import dataclass

from .problem import Problem

# The header in which the function says its version.
VERSION = "ecr-admission-version"
# The timeout of the webhook for Pods (deploy/templates/validating-webhook.yaml).
TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `review` is its AdmissionReview, or None."""

    status: int
    text: str

    @property
    def review(self):
        try:
            value = json.loads(self.text)
        except ValueError:
            return None
        if not isinstance(value, dict) or value.get("kind") != "AdmissionReview":
            return None
        return value


class Caller:
    """Calls one endpoint; trusts the authorities in `ca_pem`, or those of this machine."""

    # What is refused where the endpoint answers 401 or 403.
    credential = "token"

    def __init__(self, endpoint, ca_pem=None):
        self.endpoint = endpoint
        # The versions that answered so far: two, while a deployment shifts traffic.
        self.versions = set()
        self._context = ssl.create_default_context(cadata=ca_pem)

    def review(self, body, token=None, route="/validate"):
        """Sends the AdmissionReview `body`, with `token` (a Token) or without."""
        headers = {"Content-Type": "application/json", "Accept": "application/json, */*"}
        if token is not None:
            headers["Authorization"] = token.header()
        connection = http.client.HTTPSConnection(
            self.endpoint.host, self.endpoint.port, timeout=TIMEOUT_SECONDS, context=self._context
        )
        try:
            path = f"{self.endpoint.path}{route}?timeout={TIMEOUT_SECONDS}s"
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            if answer.headers.get(VERSION):
                self.versions.add(answer.headers[VERSION])
            return Answer(answer.status, answer.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            raise Problem(f"{self.endpoint.authority} did not answer ({error})") from error
        finally:
            connection.close()

    def certificate(self):
        """The certificate of the endpoint, verified, as ssl.getpeercert() returns it."""
        address = (self.endpoint.host, self.endpoint.port)
        try:
            with socket.create_connection(address, TIMEOUT_SECONDS) as plain:
                with self._context.wrap_socket(plain, server_hostname=self.endpoint.host) as secured:
                    return secured.getpeercert()
        except OSError as error:
            raise Problem(f"cannot connect to {self.endpoint.authority} with TLS ({error})") from error


class KeyCaller:
    """Calls the endpoint of `caller` as an apiserver without a token does: by the key in the URL."""

    credential = "key"

    def __init__(self, caller, key):
        self.endpoint = caller.endpoint
        self._caller, self._key = caller, key

    def review(self, body, token=None, route="/validate"):
        """Sends the AdmissionReview `body` to `route` with the key, and with `token` only where a test wants it."""
        return self._caller.review(body, token, self._key.route(route))
