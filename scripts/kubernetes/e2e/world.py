"""What all tests share: the binaries, etcd, the report, and a folder that is gone afterwards."""

import threading
import time

from ecr_admission import files

from .cloud import Cloud
from .control_plane import Apiserver, Etcd, Identity
from .kubectl import Kubectl
from .process import Running

# What deploy/render-config makes; its first webhook is that of Pods.
CONFIGURATION = "validatingwebhookconfiguration/ecr-admission"
SAMPLES = "deploy/samples/pods"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
GOOD_IMAGE = f"{ECR}/payments/api:1.4"
FOREIGN_IMAGE = "docker.io/library/nginx:1.29"
POLL_SECONDS = 0.2


class World:
    """Starts things, and knows how to stop all of them."""

    def __init__(self, binaries, report, folder, packaged):
        self.binaries, self.report, self.folder = binaries, report, folder
        self.running = Running()
        self._packaged = packaged
        self._lock = threading.Lock()
        self._homes = 0
        self.identity = self.etcd = None

    def start(self):
        """Starts etcd, and makes what all apiservers share."""
        self.identity = Identity(self.folder)
        self.etcd = Etcd(self.binaries.etcd, self.running, self.folder)

    def cloud(self, name, *options):
        """A local cloud of its own, started."""
        # One at a time: scripts/run builds.
        with self._lock:
            return Cloud(name, self.running, self.folder, self.report.say, self._packaged, options).start()

    def apiserver(self, name, prefix, admission=None, flags=()):
        """A kube-apiserver that serves. Those with the same `prefix` are one cluster."""
        started = Apiserver(
            name, self.binaries.apiserver, self.etcd, self.identity, self.running, self.folder, prefix, admission, flags
        )
        return started.wait()

    def kubectl(self, apiserver, namespace="default"):
        """kubectl for one namespace, which is made with its service account."""
        with self._lock:
            self._homes += 1
            home = self.folder / f"home-{self._homes}"
        home.mkdir()
        kubectl = Kubectl(self.binaries.kubectl, apiserver.kubeconfig(home / "kubeconfig", namespace), home)
        kubectl.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
            # Without kube-controller-manager nobody makes it, and no Pod is admitted without it.
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}},
        )
        return kubectl

    @staticmethod
    def until(ask, wanted, seconds=30):
        """Asks until `wanted(answer)`, or `seconds` are over; the last answer."""
        deadline = time.monotonic() + seconds
        while True:
            answer = ask()
            if wanted(answer) or time.monotonic() > deadline:
                return answer
            time.sleep(POLL_SECONDS)

    def write(self, name, text):
        """A file of the test."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text)
        return path

    def stop(self):
        self.running.stop()


def install(kubectl, cloud):
    """Applies the rendered webhook configuration, and returns when the apiserver goes by it."""
    kubectl.must("apply", "-f", cloud.dir / "validating-webhook.yaml")
    # Whatever the webhook answers or fails with: the apiserver asks it.
    kubectl.until(["create", "--dry-run=server", "-f", f"{SAMPLES}/docker-hub.yaml"], lambda said: said.code != 0)


def pod(name, *images, **spec):
    """A Pod with a container for each image."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}
