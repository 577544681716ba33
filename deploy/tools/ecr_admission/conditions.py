"""The matchConditions of the rendered webhooks: which requests the apiserver sends at all."""

from . import namespaces

# A Pod's images are in its spec. Other changes (a label, a finalizer, an owner) are never denied, so this
# saves the call. More important: during an outage, Pods can still be labeled and deleted.
SPEC_CHANGED = "request.operation == 'CREATE' || object.spec != oldObject.spec"


def of(ignored, of_pods=False):
    """The names and expressions for a webhook for Pods, or for controllers."""
    conditions = []
    if ignored:
        conditions.append(("namespace-not-ignored", namespaces.expression(ignored)))
    if of_pods:
        conditions.append(("spec-changed", SPEC_CHANGED))
    return conditions
