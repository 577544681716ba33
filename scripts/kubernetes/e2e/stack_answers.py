"""The three AWS APIs that deploy/rotate-token asks and the local cloud does not have.

CloudFormation: what the stack's outputs are. CloudWatch: whether a cluster still sends its previous token,
which none does before its first rotation. API Gateway: forget the authorizer's answers. All else is answered
with an error.
"""

import http.server
import threading
import urllib.parse
from xml.sax.saxutils import escape

API = "local12345"
ENDPOINT = f"https://{API}.execute-api.us-east-1.amazonaws.com"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/local/e2e"


class StackAnswers:
    """http://127.0.0.1:PORT, until `stop`. `forget` makes the local gateway forget the answers."""

    def __init__(self, outputs, forget):
        handler = type("Answers", (_Answers,), {"outputs": outputs, "forget": staticmethod(forget)})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Answers(http.server.BaseHTTPRequestHandler):
    outputs = {}
    forget = None

    def do_DELETE(self):
        if self.path == f"/v2/apis/{API}/stages/%24default/cache/authorizers":
            self.forget()
            self._answer(204, "application/json", "")
        else:
            self._answer(501, "text/plain", f"DELETE {self.path} is not answered here")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
        # CloudFormation names the operation in the form, CloudWatch in a header.
        action = urllib.parse.parse_qs(body).get("Action", [None])[0]
        asked = action or self.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
        if asked == "DescribeStacks":
            self._answer(200, "text/xml", self._stack())
        elif asked == "GetMetricStatistics":
            self._answer(200, "application/x-amz-json-1.0", '{"Datapoints": []}')
        else:
            self._answer(501, "text/plain", f"{asked} is not answered here")

    def _stack(self):
        members = "".join(
            f"<member><OutputKey>{escape(key)}</OutputKey><OutputValue>{escape(str(value))}</OutputValue></member>"
            for key, value in self.outputs.items()
        )
        return (
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
            f"<StackId>{STACK_ID}</StackId><StackName>local</StackName>"
            "<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T00:00:00Z</CreationTime>"
            f"<Outputs>{members}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        )

    def _answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Says nothing: what goes wrong shows in the caller's error."""
