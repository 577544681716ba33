"""TLS in front of ministack's API: it has only HTTP and a path of its own, kube-apiserver wants HTTPS."""

import http.client
import http.server
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

# Every answered request leaves its status here, so that a test can say none failed.
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


class Front:
    """https://127.0.0.1:PORT -> `url` + `prefix`."""

    def __init__(self, host, port, prefix):
        self._folder = tempfile.TemporaryDirectory()
        key, self.ca_file = (Path(self._folder.name) / name for name in ("key.pem", "ca.pem"))
        make_certificate(key, self.ca_file)
        handler = type("Handler", (_Forward,), {"target": (host, port), "prefix": prefix})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()


class _Forward(http.server.BaseHTTPRequestHandler):
    target = ("127.0.0.1", 0)
    prefix = ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(*self.target, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request("POST", self.prefix + self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        connection.close()

    def log_message(self, format, *arguments):
        """Silent: the tests say what they want to know."""


def make_certificate(key, certificate):
    """A certificate for 127.0.0.1 that is its own authority."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        + ["-keyout", str(key), "-out", str(certificate), "-days", "30", "-subj", "/CN=ecr-admission test"]
        + ["-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"],
        check=True,
        capture_output=True,
    )
