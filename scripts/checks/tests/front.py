"""TLS in front of ministack's API: it has only HTTP, at another path, and kube-apiserver needs HTTPS."""

import http.client

from project.loopback import Server

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


def front(port, prefix):
    """https://127.0.0.1:… -> http://127.0.0.1:`port` + `prefix`."""

    def forward(request):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(request.method, prefix + request.path, request.body, _end_to_end(request.headers))
            answer = connection.getresponse()
            return answer.status, _end_to_end(answer.headers), answer.read()
        finally:
            connection.close()

    return Server(forward, secure=True)


def _end_to_end(headers):
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
