"""A control plane: etcd, and as many kube-apiservers on it as a test needs."""

import http.client
import json
import secrets
import ssl
from pathlib import Path

from ecr_admission import files
from ecr_admission.problem import Problem
from project.loopback import free_port, make_certificate

from .process import Process

START_SECONDS = 90
REQUEST_SECONDS = 30
# Its data is not kept, so it need not wait for the disk.
ETCD = "--unsafe-no-fsync --log-level=warn --max-request-bytes=8388608".split()


class Etcd:
    """One member for all control planes of the test; each has its own prefix."""

    def __init__(self, binary, running, folder):
        port, peer = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        peer_url = f"http://127.0.0.1:{peer}"
        command = [binary, f"--data-dir={folder / 'etcd'}", f"--listen-client-urls={self.url}"]
        command += [f"--advertise-client-urls={self.url}", f"--listen-peer-urls={peer_url}"]
        command += [f"--initial-advertise-peer-urls={peer_url}", f"--initial-cluster=default={peer_url}", *ETCD]
        self.process = running.add(Process("etcd", command, folder))
        self.process.wait_until(lambda: _healthy(port), START_SECONDS)


class Identity:
    """What all apiservers of the test share: a certificate, the key for service accounts, an administrator."""

    def __init__(self, folder):
        self.key, self.certificate = folder / "apiserver.key", folder / "apiserver.pem"
        make_certificate(self.key, self.certificate)
        self.token = secrets.token_hex(32)
        self.tokens = folder / "tokens.csv"
        files.write(self.tokens, f'{self.token},admin,admin,"system:masters"\n', files.SECRET)


class Apiserver:
    """One kube-apiserver. Those with the same `prefix` are one cluster, as behind a load balancer."""

    def __init__(self, name, binary, etcd, identity, running, folder, prefix, admission=None, flags=()):
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self._identity = identity
        command = [binary, f"--etcd-servers={etcd.url}", f"--etcd-prefix={prefix}"]
        command += ["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={self.port}"]
        command += [f"--tls-cert-file={identity.certificate}", f"--tls-private-key-file={identity.key}"]
        command += [f"--service-account-key-file={identity.certificate}", f"--service-account-issuer={self.url}"]
        command += [f"--service-account-signing-key-file={identity.key}", f"--token-auth-file={identity.tokens}"]
        # No endpoint of the `kubernetes` service: a loopback address is not a valid one.
        command += ["--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16"]
        command += ["--authorization-mode=RBAC", *flags]
        if admission:
            command += [f"--admission-control-config-file={admission}"]
        self._process = running.add(Process(name, command, folder))

    def wait(self):
        """Returns when it serves."""
        self._process.wait_until(self._ready, START_SECONDS)
        return self

    def get(self, path):
        """The body of a GET with the administrator's token."""
        status, _headers, body = self._request("GET", path)
        if status != 200:
            raise Problem(f"GET {self.url}{path}: {status} {body[:300]!r}")
        return body.decode()

    def send(self, method, path, thing):
        """Sends an object; returns the status, the texts of the Warning headers, and the object in the answer."""
        status, headers, body = self._request(method, path, json.dumps(thing))
        # Such as: 299 - "text", with escaped quotes in the text.
        warnings = [json.loads(value.split(" ", 2)[2]) for value in headers.get_all("Warning") or []]
        return status, warnings, json.loads(body)

    def connection(self):
        """A connection that stays open, with the administrator's token; a context manager."""
        return Connection(self.port, self._identity)

    def _ready(self):
        try:
            return self._request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def _request(self, method, path, body=None):
        trust = ssl.create_default_context(cafile=str(self._identity.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS, context=trust)
        try:
            headers = {"Authorization": f"Bearer {self._identity.token}", "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def kubeconfig(self, path, namespace="default"):
        """Writes the administrator's kubeconfig for this apiserver."""
        files.write(path, KUBECONFIG.format(
            url=self.url, ca=self._identity.certificate, token=self._identity.token, namespace=namespace
        ), files.SECRET)
        return Path(path)


class Connection:
    """One connection to a kube-apiserver, for many requests."""

    def __init__(self, port, identity):
        trust = ssl.create_default_context(cafile=str(identity.certificate))
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=REQUEST_SECONDS, context=trust)
        self._headers = {"Authorization": f"Bearer {identity.token}", "Content-Type": "application/json"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def create(self, path, body):
        """Sends a JSON text; returns the status."""
        self._connection.request("POST", path, body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


KUBECONFIG = """apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: "{url}", certificate-authority: "{ca}"}}}}]
users: [{{name: admin, user: {{token: "{token}"}}}}]
contexts: [{{name: test, context: {{cluster: test, user: admin, namespace: {namespace}}}}}]
"""

# Those that create Pods, and the one that creates the service account of a namespace.
CONTROLLERS = (
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "job-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "serviceaccount-controller",
    "statefulset-controller",
)


def start_controllers(binary, apiserver, running, folder):
    """Starts kube-controller-manager for the cluster of `apiserver`."""
    kubeconfig = apiserver.kubeconfig(folder / "controllers.kubeconfig")
    command = [binary, f"--kubeconfig={kubeconfig}", f"--controllers={','.join(CONTROLLERS)}"]
    command += ["--bind-address=127.0.0.1", f"--secure-port={free_port()}", f"--cert-dir={folder / 'controllers'}"]
    command += ["--leader-elect=false"]
    return running.add(Process("kube-controller-manager", command, folder))


def _healthy(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
