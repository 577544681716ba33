"""Calls an endpoint as kube-apiserver does: POST, JSON, a bearer token."""

import http.client
import json
import socket
import ssl
from dataclasses import dataclass

from .problem import Problem

# As long as the webhook configuration waits for Pods (deploy/templates/validating-webhook.yaml).
TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; `review` is its AdmissionReview, or None when it is none."""

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

    def __init__(self, endpoint, ca_pem=None):
        self.endpoint = endpoint
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
            return Answer(answer.status, answer.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            raise Problem(f"no answer from {self.endpoint.authority}: {error}") from error
        finally:
            connection.close()

    def certificate(self):
        """The certificate that the endpoint shows, verified, as ssl.getpeercert() gives it."""
        address = (self.endpoint.host, self.endpoint.port)
        try:
            with socket.create_connection(address, TIMEOUT_SECONDS) as plain:
                with self._context.wrap_socket(plain, server_hostname=self.endpoint.host) as secured:
                    return secured.getpeercert()
        except OSError as error:
            raise Problem(f"no TLS connection to {self.endpoint.authority}: {error}") from error
