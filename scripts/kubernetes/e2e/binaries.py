"""Where etcd, kube-apiserver, kubectl and kube-controller-manager come from."""

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ecr_admission.problem import Problem

PINS = Path(__file__).resolve().parents[1]
ASSETS = "KUBEBUILDER_ASSETS"
KUBERNETES = "k8s.io/kubernetes"
CONTROLLERS = "kube-controller-manager"
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": f"{KUBERNETES}/cmd/kube-apiserver",
    "kubectl": f"{KUBERNETES}/cmd/kubectl",
    CONTROLLERS: f"{KUBERNETES}/cmd/{CONTROLLERS}",
}
# kubectl version and the apiserver's /version read them; unset, both call themselves v0.0.0-master.
STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
PROGRESS_SECONDS = 30


class Unavailable(Exception):
    """There are no binaries, and this machine cannot build them. Says what to do."""


@dataclass(frozen=True)
class Binaries:
    """Paths. `controllers` is None when KUBEBUILDER_ASSETS has no kube-controller-manager."""

    etcd: Path
    apiserver: Path
    kubectl: Path
    controllers: Optional[Path]

    def versions(self):
        """What each prints as its version."""
        lines = [_first_line(self.etcd, "--version"), f"kube-apiserver: {_first_line(self.apiserver, '--version')}"]
        lines.append(f"kubectl: {_first_line(self.kubectl, 'version', '--client')}")
        if self.controllers:
            lines.append(f"{CONTROLLERS}: {_first_line(self.controllers, '--version')}")
        return lines


def find(pin, say):
    """The binaries of KUBEBUILDER_ASSETS, else those of `pin` (newest or oldest), built if need be."""
    assets = os.environ.get(ASSETS)
    if assets:
        say(f"binaries of {ASSETS}={assets}")
        return _in(Path(assets).resolve(), required=("etcd", "kube-apiserver", "kubectl"))
    return _in(_built(PINS / pin, say), required=PACKAGES)


def _in(folder, required):
    missing = [name for name in required if not os.access(folder / name, os.X_OK)]
    if missing:
        raise Problem(f"{folder} has no executable {', '.join(missing)}; unset {ASSETS} to build them")
    controllers = folder / CONTROLLERS
    return Binaries(
        etcd=folder / "etcd",
        apiserver=folder / "kube-apiserver",
        kubectl=folder / "kubectl",
        controllers=controllers if controllers.exists() else None,
    )


def _built(module, say):
    """The folder of the binaries that `module` pins. Outside the checkout, so that other checkouts find them."""
    version = _pinned(module)
    folder = _cache() / f"kubernetes-{version}" / "bin"
    stamp = folder / "pinned"
    pins = (module / "go.mod").read_bytes() + (module / "go.sum").read_bytes()
    digest = hashlib.sha256(pins).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        say(f"Kubernetes {version} from {folder}, built earlier")
        return folder
    _check_go(module)
    say(f"building Kubernetes {version} from its Go modules into {folder} (once; about 10 minutes on two cores)")
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for number, (name, package) in enumerate(PACKAGES.items(), 1):
        _build(module, package, folder / name, version, lambda text, n=number, of=name: say(f"  {n}/4 {of}: {text}"))
    stamp.write_text(digest)
    return folder


def _pinned(module):
    for line in (module / "go.mod").read_text().splitlines():
        words = line.split()
        if words[:1] == ["require"]:
            words = words[1:]
        if words[:1] == [KUBERNETES]:
            return words[1]
    raise Problem(f"{module / 'go.mod'} does not require {KUBERNETES}; run scripts/kubernetes/pin")


def _cache():
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ecr-admission"


def _check_go(module):
    if shutil.which("go") is None:
        raise Unavailable(
            f"go is not installed; install Go 1.26 or later to build Kubernetes, or set {ASSETS} to a folder with"
            " etcd, kube-apiserver and kubectl, such as `setup-envtest use -p path` prints"
        )
    # Reads go.mod, so it fails if that needs a newer Go, which cannot be downloaded.
    read = subprocess.run(["go", "list", "-m"], cwd=module, capture_output=True, text=True, check=False)
    if read.returncode != 0:
        raise Unavailable(f"{read.stderr.strip()}; install that version of Go, or set {ASSETS}")


def _build(module, package, path, version, say):
    started = time.monotonic()
    minor = version.split(".")[1]
    values = {"gitVersion": version, "gitMajor": "1", "gitMinor": minor, "gitTreeState": "clean"}
    stamps = [f"-X {of}.{name}={value}" for of in STAMPED for name, value in values.items()]
    part = path.with_suffix(".part")
    command = ["go", "build", "-v", "-trimpath", "-buildvcs=false", "-o", part]
    command += ["-ldflags", " ".join(["-s -w", *stamps]), package]
    building = subprocess.Popen(
        [str(word) for word in command],
        cwd=module,
        # Static: the cache outlives the C library of this machine.
        env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # It takes minutes of all cores, so everything else goes first.
        preexec_fn=lambda: os.nice(10),
    )
    lines, reported = [], started
    for line in building.stderr:
        lines.append(line.rstrip())
        if time.monotonic() - reported > PROGRESS_SECONDS:
            reported = time.monotonic()
            say(f"{len(lines)} packages compiled or fetched, {reported - started:.0f} s")
    if building.wait() != 0:
        tail = "\n".join(lines[-15:])
        raise Problem(f"go build {package} failed; check that the Go module proxy is reachable\n{tail}")
    part.replace(path)
    say(f"done in {time.monotonic() - started:.0f} s")


def _first_line(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    lines = (result.stdout or result.stderr).strip().splitlines()
    return lines[0] if result.returncode == 0 and lines else f"failed with code {result.returncode}"
