"""Pods that must not be able to call a private door: printed for the user, never created here."""

import json

from .reviews import FOREIGN_IMAGE, create_pod

SECONDS = 5
# It has curl. The webhook refuses it where it is not from an allowed registry.
IMAGE = "public.ecr.aws/amazonlinux/amazonlinux:2023"
# Where a Pod may run, and what makes it run there.
PLACES = {
    "node": ("on a node", {}),
    "host-network": ("with the network of its node", {"hostNetwork": True}),
}


def pods(endpoint, image, namespace):
    """The Pods as YAML, with how to run and read them. `image` has curl."""
    body = json.dumps(create_pod(FOREIGN_IMAGE), separators=(",", ":"))
    script = (
        f"curl -sS -m {SECONDS} -o /dev/stdout -X POST -H 'Content-Type: application/json' --data '{body}'"
        f" '{endpoint.url('/validate')}' && echo CONNECTED || echo 'could not connect'"
    )
    names = [f"ecr-admission-probe-{place}" for place in PLACES]
    lines = [
        "# Pods that send a forged review to the private door. Each must print `could not connect`; `CONNECTED`, or an",
        "# answer of any kind, means that a workload of the cluster can reach it: see the security groups of the endpoint.",
        "#",
        f"#   kubectl create -n {namespace} -f FILE",
        *(f"#   kubectl logs -n {namespace} {name}" for name in names),
        f"#   kubectl delete -n {namespace} -f FILE",
        "#",
        "# The image must have curl and be admitted, or the namespace ignored. For Fargate, create the first Pod in a namespace",
        "# of a Fargate profile too.",
    ]
    for (where, spec), name in zip(PLACES.values(), names):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                **spec,
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "containers": [{"name": "probe", "image": image, "command": ["sh", "-c", script]}],
            },
        }
        # JSON is YAML.
        lines += ["---", f"# {where}", json.dumps(pod, indent=2)]
    return "\n".join(lines) + "\n"
