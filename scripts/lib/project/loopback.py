"""Servers for tests, on the loopback interface: free ports, a certificate, HTTP and HTTPS."""

import http.server
import socket
import ssl
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path

from ecr_admission.problem import Problem


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(key, certificate):
    """Writes a certificate for 127.0.0.1 that is also its own authority."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "30", "-subj", "/CN=ecr-admission test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Problem("openssl is not installed; install it: it makes the certificates of the tests") from error
    if result.returncode != 0:
        raise Problem(f"openssl cannot make a certificate: {result.stderr.strip()}")


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: HTTPMessage
    body: bytes


class Server:
    """http://127.0.0.1:PORT, or https:// with the certificate in `ca_file`, until `stop`.

    `answer(request)` returns the status, the headers and the body as bytes. It runs in another thread.
    """

    def __init__(self, answer, secure=False):
        self._folder = tempfile.TemporaryDirectory()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
        self.ca_file = None
        if secure:
            key, self.ca_file = (Path(self._folder.name) / name for name in ("key.pem", "ca.pem"))
            make_certificate(key, self.ca_file)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.ca_file, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()


def _handler(answer):
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            # As it was sent: `self.path` has one slash where there were two.
            path = self.requestline.split(" ")[1]
            status, headers, content = answer(Request(self.command, path, self.headers, body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = answer

        def log_message(self, *_arguments):
            """Says nothing: an error shows in the client's message."""

    return Handler
