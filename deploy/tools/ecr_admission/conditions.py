"""The matchConditions of the rendered webhooks: for which requests the apiserver calls at all."""

from . import namespaces

# A Pod's images lie in its spec. A change of anything else (a label, a finalizer, an owner) is never
# refused, so the call is saved, and, which matters more, an outage of ours keeps no Pod from being
# labelled or from going away.
SPEC_CHANGED = "request.operation == 'CREATE' || object.spec != oldObject.spec"


def of(ignored, of_pods=False):
    """The names and expressions for a webhook: of Pods, or of whatever else."""
    conditions = []
    if ignored:
        conditions.append(("namespace-not-ignored", namespaces.expression(ignored)))
    if of_pods:
        conditions.append(("spec-changed", SPEC_CHANGED))
    return conditions
