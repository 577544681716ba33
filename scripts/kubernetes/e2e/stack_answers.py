"""The three AWS APIs that deploy/rotate-token calls and the local cloud does not have.

CloudFormation: the stack's outputs. CloudWatch: whether a cluster still sends its previous token, which none
does before its first rotation. API Gateway: the reset of its cache of the authorizer's answers. Everything else
gets an error.
"""

import urllib.parse
from xml.sax.saxutils import escape

from project.loopback import Server

API = "local12345"
AUTHORIZER_CACHE = f"/v2/apis/{API}/stages/%24default/cache/authorizers"
ENDPOINT = f"https://{API}.execute-api.us-east-1.amazonaws.com"
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/local/e2e"


class StackAnswers:
    """http://127.0.0.1:PORT, until `stop`. `forget()` resets the cache of the local gateway."""

    def __init__(self, outputs, forget):
        self._outputs, self._forget = outputs, forget
        self._server = Server(self._answer)
        self.url, self.stop = self._server.url, self._server.stop

    def _answer(self, request):
        if request.method == "DELETE" and request.path == AUTHORIZER_CACHE:
            self._forget()
            return 204, {"Content-Type": "application/json"}, b""
        # CloudFormation names the operation in the form, CloudWatch in a header.
        action = urllib.parse.parse_qs(request.body.decode("latin-1")).get("Action", [None])[0]
        asked = action or request.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]
        if asked == "DescribeStacks":
            return 200, {"Content-Type": "text/xml"}, self._stack().encode()
        if asked == "GetMetricStatistics":
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, b'{"Datapoints": []}'
        return 501, {"Content-Type": "text/plain"}, f"{request.method} {request.path} {asked} is not here".encode()

    def _stack(self):
        members = "".join(
            f"<member><OutputKey>{escape(key)}</OutputKey><OutputValue>{escape(str(value))}</OutputValue></member>"
            for key, value in self._outputs.items()
        )
        return (
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
            f"<StackId>{STACK_ID}</StackId><StackName>local</StackName>"
            "<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T00:00:00Z</CreationTime>"
            f"<Outputs>{members}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        )
