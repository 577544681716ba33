"""AdmissionReviews to try an endpoint with. They name a Pod that does not exist, and change nothing."""

import uuid

NAME = "ecr-admission-doctor"
# Not in ECR, so that every ecr-admission denies it.
FOREIGN_IMAGE = "docker.io/library/busybox:latest"


def create_pod(image, namespace="default"):
    """The review of a Pod with one container."""
    return _review(
        "CREATE",
        namespace,
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": NAME, "namespace": namespace},
            "spec": {"containers": [{"name": "main", "image": image}]},
        },
    )


def delete_pod(namespace="default"):
    """The review of a deletion, which is admitted without a call to ECR."""
    return _review("DELETE", namespace, None)


def _review(operation, namespace, pod):
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": str(uuid.uuid4()),
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": NAME,
            "namespace": namespace,
            "operation": operation,
            "userInfo": {"username": NAME},
            "object": pod,
            "oldObject": None,
            "dryRun": True,
            "options": None,
        },
    }
