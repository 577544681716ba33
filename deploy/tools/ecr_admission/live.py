"""What deploy/doctor --live checks in the cluster, for control planes that send no token.

As in checks.py, each returns what it found, or raises Problem with what to do. None shows a key. `cluster` is a
kubectl.Cluster.
"""

import json

from . import configuration, rendered, reviews, url_key
from .problem import Problem

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
KINDS = ("validatingwebhookconfiguration", "mutatingwebhookconfiguration")
NAME = "ecr-admission"
ROTATE = "rotate the key: deploy/rotate-token --eks"
# The rights that show an object.
READING = {"get", "list", "watch", "*"}
RESOURCES = {"validatingwebhookconfigurations", "mutatingwebhookconfigurations", "*"}
# Groups that everyone, or every Pod, is in.
EVERYONE = {"system:authenticated", "system:unauthenticated", "system:serviceaccounts"}
ANY_POD = "system:serviceaccount:default:default"


def mutating_webhook(cluster, endpoint, key):
    """The mutating webhook, if there is one, calls the endpoint too, with the current key where it has one."""
    found = cluster.find(KINDS[1], NAME)
    if found is None:
        return "none installed"
    expected = endpoint.url(key.route("/mutate") if key else "/mutate")
    for webhook in found.get("webhooks", []):
        configuration.same_url(webhook.get("name", ""), webhook.get("clientConfig", {}).get("url", ""), expected, key)
    return f"calls {url_key.hidden(expected)}{' with the current key' if key else ''}"


def no_copy(cluster):
    """No object has the annotation of kubectl apply, which keeps its URLs."""
    for kind in KINDS:
        found = cluster.find(kind, NAME) or {}
        if ANNOTATION in (found.get("metadata", {}).get("annotations") or {}):
            raise Problem(
                f"the {kind} {NAME} has the annotation {ANNOTATION}, which keeps a copy of a key: kubectl apply wrote"
                f" it; {ROTATE}, then install the webhooks with kubectl replace, which removes it"
            )
    return f"no object has the annotation {ANNOTATION}"


def readers(cluster):
    """Who may read the webhook configurations, and so the key, by RBAC."""
    roles = {
        role["metadata"]["name"]
        for role in cluster.items("the ClusterRoles", "clusterroles")
        if any(_reads(rule) for rule in role.get("rules") or [])
    }
    found = {}
    for binding in cluster.items("the ClusterRoleBindings", "clusterrolebindings"):
        if binding["roleRef"]["name"] in roles:
            for subject in binding.get("subjects") or []:
                found.setdefault(_subject(subject), binding["metadata"]["name"])
    everyone = [name for name in found if name.partition(" ")[2] in EVERYONE]
    if everyone:
        raise Problem(
            f"{everyone[0]} may read webhook configurations, and so the key (ClusterRoleBinding"
            f" {found[everyone[0]]}); remove that right, then {ROTATE}"
        )
    pods = cluster.run("auth", "can-i", "get", KINDS[0] + "s", f"--as={ANY_POD}")
    if pods.out.strip() == "yes":
        raise Problem(
            f"{ANY_POD} may read webhook configurations, and so the key; remove that right, then {ROTATE}"
        )
    default = "may not" if pods.out.strip() == "no" else f"was not checked ({pods.why})"
    listed = ", ".join(sorted(found)) or "nobody"
    return (
        f"by RBAC: {listed}; {ANY_POD} {default}; on Amazon EKS also those with an access entry for"
        " AmazonEKSClusterAdminPolicy or AmazonEKSAdminViewPolicy, and everyone who reads the audit log where it has"
        " this object"
    )


def _reads(rule):
    groups, resources, verbs = (set(rule.get(key) or []) for key in ("apiGroups", "resources", "verbs"))
    return bool(groups & {"admissionregistration.k8s.io", "*"} and resources & RESOURCES and verbs & READING)


def _subject(subject):
    namespace = f"{subject['namespace']}/" if subject.get("namespace") else ""
    return f"{subject['kind']} {namespace}{subject['name']}"


def no_key_in_events(cluster):
    """No event, and no ReplicaSet that could not create its Pods, shows a key."""
    events = cluster.items("the events", "events", "--all-namespaces", "--field-selector", "reason=FailedCreate")
    for event in events:
        _shows_none("the event", event, [event.get("message", "")])
    for replica_set in cluster.items("the ReplicaSets", "replicasets.apps", "--all-namespaces"):
        conditions = replica_set.get("status", {}).get("conditions") or []
        _shows_none("the ReplicaSet", replica_set, [condition.get("message", "") for condition in conditions])
    return f"{len(events)} events of reason FailedCreate and the ReplicaSets show no key"


def _shows_none(what, found, texts):
    if any(url_key.IN_URL.search(text) for text in texts):
        metadata = found["metadata"]
        raise Problem(
            f"{what} {metadata['namespace']}/{metadata['name']} shows a URL with a key, and everyone who may read it"
            f" there has the key; {ROTATE}"
        )


def dry_run(cluster, registries=None):
    """A Pod that the webhook denies is denied from end to end, by our message. It is never created."""
    answer = _run(cluster, reviews.FOREIGN_IMAGE)
    if "ValidatingAdmissionPolicy" in answer.err and registries is not None:
        # The apiserver itself refuses that image, so the webhook gets one that it has to look up.
        answer = _run(cluster, f"{registries.example()}/{NAME}-doctor/does-not-exist:none")
    if answer.code == 0:
        raise Problem(
            "a Pod with an image that must be denied would be created in namespace default: the webhook was not called,"
            " its call failed under failurePolicy Ignore, or the policy document does not deny (then pass --audit)"
        )
    if 'cannot create resource "pods"' in answer.err:
        return "skipped: you may not create Pods in namespace default"
    if rendered.POD_WEBHOOK in answer.err and "denied the request" in answer.err and "]" in answer.err:
        return url_key.hidden(answer.why)
    if "ValidatingAdmissionPolicy" in answer.err:
        return "the admission policy denies it before the webhook is called; pass --stack to check the webhook too"
    raise Problem(f"expected a denial by {rendered.POD_WEBHOOK}, got: {url_key.hidden(answer.why)}")


def _run(cluster, image):
    pod = reviews.create_pod(image)["request"]["object"]
    return cluster.run("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


def admission_policies(cluster, text):
    """The ValidatingAdmissionPolicies and bindings of the cluster are those of `text`, as rendered; or there are none."""
    # kubectl reads the YAML that Python cannot read.
    read = cluster.run("create", "--dry-run=client", "--validate=false", "-f", "-", "-o", "json", stdin=text)
    if read.code != 0:
        raise Problem(f"kubectl cannot read admission-policy.yaml ({read.why}); check the kubeconfig's context")
    expected = list(_objects(read.out))
    found = [cluster.find(one["kind"].lower(), one["metadata"]["name"]) for one in expected]
    if not any(found):
        return None
    actions = []
    for one, live in zip(expected, found):
        name = f"the {one['kind']} {one['metadata']['name']}"
        if live is None:
            raise Problem(f"{name} is missing; {APPLY_POLICY}")
        spec = dict(one["spec"])
        if one["kind"] == "ValidatingAdmissionPolicyBinding":
            # Audit or deny: what it does is reported.
            actions.append(live["spec"].get("validationActions") or [])
            if one["metadata"]["name"] == rendered.POD_WEBHOOK and actions[-1] in ALLOWED_ACTIONS:
                spec["validationActions"] = actions[-1]
        different = _difference(spec, live["spec"])
        if different:
            raise Problem(f"{name} differs from that of the stack in spec{different}; {APPLY_POLICY}")
    return f"as the stack has them; for Pods: {', '.join(actions[0])}"


APPLY_POLICY = "run deploy/render-config with --admission-policy and kubectl apply -f admission-policy.yaml again"
ALLOWED_ACTIONS = (["Deny"], ["Warn", "Audit"])


def _objects(text):
    """The objects that kubectl printed: a List, or one after another."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        found, at = decoder.raw_decode(text, at)
        yield from found["items"] if found["kind"] == "List" else [found]


def _difference(expected, got):
    """Where `got` differs: a path such as `.validations[0]`, or None. The apiserver fills in empty fields."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in [*expected, *(key for key in got if key not in expected)]:
            if key not in expected:
                different = "" if got[key] else None
            else:
                different = _difference(expected[key], got.get(key))
            if different is not None:
                return f".{key}{different}"
        return None
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got)):
            different = _difference(one, other)
            if different is not None:
                return f"[{index}]{different}"
        return None
    return None if expected == got else ""
