"""Every request that can bring an image into the cluster is checked.

The apiserver itself lists these requests: all endpoints of its OpenAPI documents, alpha features included, whose
object has a field that names an image. The test sends each with a forbidden image in each such field. A release of
Kubernetes that adds a request that ecr-admission does not check fails here.
"""

import json

from ecr_admission.problem import Problem

from . import openapi, workloads
from .waiting import until
from .world import CONFIGURATION, FOREIGN_IMAGE, install

PREFIX = "/coverage"
NAMESPACE = "coverage"
ALL = ("--runtime-config=api/all=true", "--feature-gates=AllAlpha=true,AllBeta=true")
# A Pod is denied, a controller's author is warned.
DENIED, WARNED = "denied", "warned"
# The apiserver itself refuses the field in this request, or keeps what is stored.
REFUSED, KEPT = "refused by the apiserver", "kept as it was"
UNCHECKED = "admitted unchecked"


def run(world, cloud):
    """Creates its own cluster in front of `cloud`."""
    apiserver = world.apiserver("apiserver-of-coverage", PREFIX, cloud.dir / "admission-configuration.yaml", ALL)
    kubectl = world.kubectl(apiserver, NAMESPACE)
    install(kubectl, cloud)
    found = openapi.endpoints(openapi.documents(apiserver))
    kinds = {endpoint.schema for endpoint in found}
    world.report.same("coverage: the kinds that carry images", sorted(kinds), sorted(workloads.OBJECTS))
    outcomes = {}
    # POST before PUT, which changes what POST has made.
    for endpoint in sorted(found, key=lambda each: (each.schema, each.method, each.path)):
        if endpoint.schema in workloads.OBJECTS:
            if endpoint.method == "post":
                _make(apiserver, endpoint)
            for field in found[endpoint]:
                _check(world, apiserver, endpoint, field, outcomes)
    for (schema, field), seen in sorted(outcomes.items()):
        if schema != workloads.POD and field.endswith(".ephemeralContainers[].image"):
            fits, what = seen <= {REFUSED, KEPT}, "is admitted nowhere, as no template may have it"
        else:
            # If it is refused everywhere, the object of the test may be incomplete.
            fits, what = bool({DENIED, WARNED} & seen), "is checked somewhere"
        world.report.check(f"coverage: {_short(schema)}{field} {what}", fits, seen, what)
    _notices(world, apiserver, kubectl)


def _check(world, apiserver, endpoint, field, outcomes):
    outcome = _try(apiserver, endpoint, field)
    outcomes.setdefault((endpoint.schema, field), set()).add(outcome)
    expected = {DENIED if endpoint.schema == workloads.POD else WARNED, REFUSED, KEPT}
    name = f"coverage: {endpoint.method.upper()} {endpoint.path.split('{namespace}')[-1]}: {field}: {outcome}"
    world.report.check(name, outcome in expected, outcome, " or ".join(sorted(expected)))


def _path(endpoint):
    return endpoint.path.format(namespace=NAMESPACE, name=workloads.META["name"])


def _make(apiserver, endpoint):
    status, _warnings, body = apiserver.send("POST", _path(endpoint), workloads.new(endpoint.schema))
    if status != 201:
        raise Problem(f"coverage: the object for {_short(endpoint.schema)} is not valid ({status}): {body}")


def _try(apiserver, endpoint, field):
    """Sends a forbidden image in `field`, as a dry run; returns the outcome."""
    if endpoint.method == "post":
        thing = workloads.new(endpoint.schema)
        thing["metadata"]["name"] = "second"
    else:
        # /status, /resize and the like take the whole object too.
        thing = json.loads(apiserver.get(_path(endpoint)))
    workloads.put_image(thing, field, FOREIGN_IMAGE)
    status, warnings, body = apiserver.send(endpoint.method.upper(), f"{_path(endpoint)}?dryRun=All", thing)
    ours = f'{workloads.field_path(field)} "{FOREIGN_IMAGE}": '
    if status == 403 and ours in body["message"] and "[ecr-registry]" in body["message"]:
        return DENIED
    if status in (200, 201) and any(ours in text and "[ecr-registry]" in text for text in warnings):
        return WARNED
    if status == 422:
        return REFUSED
    if status == 200 and workloads.image_at(body, field) != FOREIGN_IMAGE:
        return KEPT
    if status in (200, 201):
        return UNCHECKED
    return f"{status}: {body.get('message')}"


def _notices(world, apiserver, kubectl):
    """Tests this test: a field or a kind that is not covered is noticed."""
    schemas = {
        "Spec": {"properties": {"bootImages": {"type": "array", "items": {"type": "string"}}}},
        "Kind": {"properties": {"spec": {"$ref": "#/components/schemas/Spec"}}},
    }
    world.report.same(
        "coverage: a new field is noticed", openapi.image_fields(schemas, "Kind"), [".spec.bootImages[]"]
    )
    cron_jobs = "/apis/batch/v1/namespaces/{namespace}/cronjobs"
    endpoint = openapi.Endpoint("post", cron_jobs, "io.k8s.api.batch.v1.CronJob")
    field = ".spec.jobTemplate.spec.template.spec.containers[].image"
    patch = [{"op": "replace", "path": "/webhooks/1/rules/1/resources", "value": ["jobs"]}]
    kubectl.must("patch", CONFIGURATION, "--type=json", f"--patch={json.dumps(patch)}")
    outcome = until(lambda: _try(apiserver, endpoint, field), lambda seen: seen == UNCHECKED)
    world.report.same("coverage: a kind that the webhook's rules do not have is noticed", outcome, UNCHECKED)


def _short(schema):
    return schema.rsplit(".", 1)[-1]
