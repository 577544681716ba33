"""The admission policy that deploy/render-config writes: a check in the apiserver itself, which needs no call.

Under a policy document that denies, it refuses nothing that the function admits, and refuses every well-formed image
that the function denies for its host, account or Region.
"""

import json
import subprocess

from ecr_admission import reviews
from ecr_admission.caller import Caller
from ecr_admission.endpoint import Endpoint
from ecr_admission.problem import Problem
from ecr_admission.token import Token
from project.tools import ROOT

from .waiting import until
from .world import ECR, FOREIGN_IMAGE, GOOD_IMAGE, pod

PREFIX = "/admission-policy"
NAMESPACE = "policy"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
IMAGES = ROOT / "functions/policy/tests/cases/image-references.tsv"
ACCOUNTS = ("123456789012", "210987654321", "12345678901", "1234567890123", "abcdefghijkl", "")
REGIONS = ("us-east-1", "eu-west-1", "US-EAST-1", "us-east-1.evil", "")
FORMS = (
    "dkr.ecr.{}.amazonaws.com",
    "dkr.ecr-fips.{}.amazonaws.com",
    "dkr-ecr.{}.on.aws",
    "dkr-ecr-fips.{}.on.aws",
    "dkr.ecr.{}.amazonaws.com.cn",
    "dkr.ecr.{}.on.aws",
    "dkr-ecr.{}.amazonaws.com",
    "dkr.ecr.{}.amazonaws.com.evil.io",
    "dkr.ecr.{}.amazonaws.com:443",
    "dkr.ecr.{}.amazonaws.com.",
    "DKR.ECR.{}.AMAZONAWS.COM",
    "ecr.{}.amazonaws.com",
)
# As many accounts and Regions as nobody has: what a check costs must not hang on it.
MANY_ACCOUNTS = ",".join(str(account) for account in range(123456789012, 123456789212))
MANY_REGIONS = ",".join(["us-east-1", *(f"xx-region-{number}" for number in range(40))])
# An update of so many foreign images costs more than CEL allows.
TOO_MANY = 1500
# Ten times the images that a Pod of 500 has: a cost that grows with them stays below a tenth for 500.
MANY = 5000


def run(world, cloud):
    """Makes a cluster of its own that has the policy and no webhook."""
    apiserver = world.apiserver("apiserver-of-admission-policy", PREFIX)
    kubectl = world.kubectl(apiserver, NAMESPACE)
    _install(world, cloud, kubectl, "deny", "123456789012", "us-east-1")
    _same_as_the_function(world, cloud, apiserver)
    _lists(world, apiserver)
    _unchanged(world, apiserver, kubectl)
    _controllers(world, apiserver)
    _install(world, cloud, kubectl, "audit", "123456789012", "us-east-1")
    _audited(world, apiserver)
    _install(world, cloud, kubectl, "deny", MANY_ACCOUNTS, MANY_REGIONS)
    status, _, answer = _create(apiserver, pod("many", *[GOOD_IMAGE] * MANY))
    world.report.check(f"admission policy: {MANY} images cost no more than CEL allows", status == 201, answer, "201")


def render(world, cloud, name, admission_policy, accounts="123456789012", regions="us-east-1"):
    """Renders what a GitOps repository has of a cluster with a key, the policy alone; returns the file to apply."""
    out = world.folder / name
    command = [ROOT / "deploy" / "render-config", "--url", f"https://{cloud.authority}", "--out", out]
    command += ["--eks", "--kustomization", "--admission-policy", admission_policy]
    command += ["--registry-ids", accounts, "--registry-region", regions, "--policy", ""]
    rendered = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if rendered.returncode != 0:
        raise Problem(f"deploy/render-config failed: {rendered.stderr.strip()}")
    return out / "admission-policy.yaml"


def _install(world, cloud, kubectl, admission_policy, accounts, regions):
    policy = render(world, cloud, f"admission-policy-{admission_policy}", admission_policy, accounts, regions)
    kubectl.must("apply", "-k", policy.parent)
    said = "denied request" if admission_policy == "deny" else "Warning: "
    kubectl.until(
        ["run", "probe", f"--image={FOREIGN_IMAGE}", "--dry-run=server"], lambda answer: said in answer.text
    )


def _same_as_the_function(world, cloud, apiserver):
    token = Token.read(cloud.dir / "token")
    caller = Caller(Endpoint.parse(f"https://{cloud.authority}"), (cloud.dir / "ca.pem").read_text(encoding="ascii"))
    lines = IMAGES.read_text(encoding="utf-8").splitlines()[1:]
    images = [line.split("\t")[0] for line in lines]
    for account in ACCOUNTS:
        for region in REGIONS:
            images += [f"{account}.{form.format(region)}/payments/api:1.4" for form in FORMS]
    loosened, missed, denied, admitted = [], [], 0, 0
    for image in images:
        answer = caller.review(reviews.create_pod(image), token).review["response"]
        status, _, review = _create(apiserver, pod("p", image))
        refused = "ValidatingAdmissionPolicy" in review.get("message", "")
        message = answer.get("status", {}).get("message", "")
        if answer["allowed"]:
            admitted += 1
            if refused:
                loosened.append(image)
        elif "[ecr-registry]" in message and "is not a valid image reference" not in message:
            denied += 1
            # What the apiserver itself refuses is not created either.
            if not refused and status == 201:
                missed.append(image)
    world.report.same("admission policy: refuses nothing that the function admits", loosened, [])
    world.report.same("admission policy: refuses every image of another registry", missed, [])
    world.report.check("admission policy: both were compared", denied > 50 and admitted > 0, (denied, admitted), "both")


def _lists(world, apiserver):
    """Every list of images, and a namespace that is ignored."""
    entry = {"name": "x", "image": FOREIGN_IMAGE}
    volume = {"name": "v", "image": {"reference": FOREIGN_IMAGE}}
    for what, spec in (("init container x", {"initContainers": [entry]}), ("volume v", {"volumes": [volume]})):
        _, _, answer = _create(apiserver, pod("p", GOOD_IMAGE, **spec))
        expected = f'{what}: image "{FOREIGN_IMAGE}" is not in an allowed Amazon ECR registry; push it to {ECR}'
        world.report.check(f"admission policy: {what}", expected in answer["message"], answer, expected)
    status, _, answer = _create(apiserver, pod("p", GOOD_IMAGE, volumes=[{"name": "e", "emptyDir": {}}]))
    world.report.check("admission policy: a volume without an image", status == 201, answer, "201")
    path = "/api/v1/namespaces/kube-system/pods?dryRun=All"
    _, _, answer = apiserver.send("POST", path, pod("p", FOREIGN_IMAGE))
    message = answer.get("message", "")
    world.report.check("admission policy: an ignored namespace", "AdmissionPolicy" not in message, answer, "not refused")


def _unchanged(world, apiserver, kubectl):
    """A Pod that was there before keeps its image, and gets no other."""
    kubectl.must("delete", "validatingadmissionpolicybinding", "pods.ecr-admission.internal")
    made = until(lambda: apiserver.send("POST", PODS, pod("old", FOREIGN_IMAGE)), lambda sent: sent[0] == 201)
    huge = until(
        lambda: apiserver.send("POST", PODS, pod("huge", *[FOREIGN_IMAGE] * TOO_MANY)), lambda sent: sent[0] == 201
    )[2]
    kubectl.must("apply", "-f", world.folder / "admission-policy-deny" / "admission-policy.yaml")
    until(lambda: _create(apiserver, pod("p", FOREIGN_IMAGE)), lambda sent: sent[0] == 403)
    old = made[2]
    old["spec"]["activeDeadlineSeconds"] = 3600
    status, _, kept = apiserver.send("PUT", f"{PODS}/old", old)
    world.report.check("admission policy: an image that was there before", status == 200, kept, "200")
    kept["spec"]["containers"][0]["image"] = f"{FOREIGN_IMAGE}-other"
    _, _, answer = apiserver.send("PUT", f"{PODS}/old", kept)
    expected = f'container c0: image "{FOREIGN_IMAGE}-other" is not'
    world.report.check("admission policy: another image", expected in answer.get("message", ""), answer, expected)
    huge["spec"]["containers"][0]["image"] = f"{FOREIGN_IMAGE}-other"
    status, _, answer = apiserver.send("PUT", f"{PODS}/huge", huge)
    refused = status == 422 and "cost limit" in answer.get("message", "")
    world.report.check("admission policy: what costs too much is refused", refused, answer, "422, the cost limit")
    debug = {"spec": {"ephemeralContainers": [{"name": "debug", "image": FOREIGN_IMAGE}]}}
    patch = ["patch", "pod", "old", "--subresource=ephemeralcontainers", "--type=strategic"]
    said = kubectl(*patch, f"--patch={json.dumps(debug)}")
    expected = f'ephemeral container debug: image "{FOREIGN_IMAGE}" is not'
    world.report.check("admission policy: kubectl debug", expected in said.text, said.text, expected)


def _controllers(world, apiserver):
    """The author is warned; an image that is left out is not complained about."""
    template = {"metadata": {"labels": {"app": "x"}}, "spec": pod("p", FOREIGN_IMAGE)["spec"]}
    deployment = {"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template}}
    job = {"spec": {"template": {"spec": {**template["spec"], "restartPolicy": "Never"}}}}
    for group, resource, kind, body in (
        ("apps/v1", "deployments", "Deployment", deployment),
        ("batch/v1", "cronjobs", "CronJob", {"spec": {"schedule": "* * * * *", "jobTemplate": job}}),
        ("v1", "podtemplates", "PodTemplate", {"template": template}),
    ):
        root = "/api" if group == "v1" else "/apis"
        path = f"{root}/{group}/namespaces/{NAMESPACE}/{resource}?dryRun=All"
        thing = {"apiVersion": group, "kind": kind, "metadata": {"name": "x"}, **body}
        status, warnings, answer = apiserver.send("POST", path, thing)
        warned = any(f'container c0: image "{FOREIGN_IMAGE}" is not' in warning for warning in warnings)
        world.report.check(f"admission policy: {kind} warns", warned and status == 201, (warnings, answer), "a warning")


def _audited(world, apiserver):
    status, warnings, answer = _create(apiserver, pod("p", FOREIGN_IMAGE))
    warned = any("[ecr-registry]" in warning for warning in warnings)
    world.report.check("admission policy: audit only warns", warned and status == 201, (warnings, answer), "a warning")


def _create(apiserver, thing):
    return apiserver.send("POST", f"{PODS}?dryRun=All", thing)
