"""The kinds that create Pods: a minimal object of each, and its image fields by path."""

import copy
import re

from .world import ECR, GOOD_IMAGE

LABELS = {"app": "coverage"}
META = {"name": "coverage"}
# A good image everywhere where a new Pod can have one.
SPEC = {
    "containers": [{"name": "main", "image": GOOD_IMAGE}],
    "initContainers": [{"name": "init", "image": GOOD_IMAGE}],
    "volumes": [{"name": "volume", "image": {"reference": GOOD_IMAGE, "pullPolicy": "IfNotPresent"}}],
}
DEBUG_IMAGE = f"{ECR}/tools/debug:1.0"


def _template(**spec):
    return {"metadata": {"labels": LABELS}, "spec": {**SPEC, **spec}}


_JOB = {"suspend": True, "template": _template(restartPolicy="Never")}
_SELECTING = {"selector": {"matchLabels": LABELS}, "template": _template()}
# Without replicas, so that no Pods are created.
_REPLICATED = {"replicas": 0, **_SELECTING}

OBJECTS = {
    "io.k8s.api.core.v1.Pod": {"spec": SPEC},
    "io.k8s.api.core.v1.PodTemplate": {"template": _template()},
    "io.k8s.api.core.v1.ReplicationController": {
        "spec": {"replicas": 0, "selector": LABELS, "template": _template()}
    },
    "io.k8s.api.apps.v1.DaemonSet": {"spec": _SELECTING},
    "io.k8s.api.apps.v1.Deployment": {"spec": _REPLICATED},
    "io.k8s.api.apps.v1.ReplicaSet": {"spec": _REPLICATED},
    "io.k8s.api.apps.v1.StatefulSet": {"spec": {**_REPLICATED, "serviceName": "coverage"}},
    "io.k8s.api.batch.v1.Job": {"spec": _JOB},
    "io.k8s.api.batch.v1.CronJob": {"spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": _JOB}}},
}
POD = "io.k8s.api.core.v1.Pod"


def new(schema):
    """A minimal object of a kind; None for an unknown kind."""
    return {"metadata": copy.deepcopy(META), **copy.deepcopy(OBJECTS[schema])} if schema in OBJECTS else None


def put_image(thing, path, image):
    """Sets the field at `path`, such as .spec.containers[].image, in the first entry of each list."""
    steps = re.findall(r"\.(\w+)(\[\])?", path)
    for name, is_list in steps[:-1]:
        thing = thing.setdefault(name, [{"name": "added"}] if is_list else {})
        thing = thing[0] if is_list else thing
    last, is_list = steps[-1]
    thing[last] = [image] if is_list else image


def image_at(thing, path):
    """What `put_image` sets, or None."""
    for name, is_list in re.findall(r"\.(\w+)(\[\])?", path):
        thing = thing.get(name) if isinstance(thing, dict) else None
        if is_list:
            thing = thing[0] if thing else None
    return thing


def field_path(path):
    """The path as in a denial: spec.containers[0].image."""
    return path.lstrip(".").replace("[]", "[0]")
