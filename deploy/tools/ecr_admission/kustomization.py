"""What of the rendered files may be in Git, and the kustomization.yaml that lists it."""

from . import render
from .problem import Problem

NAME = "kustomization.yaml"
HEADER = """# What ecr-admission has in the cluster, without a secret. Written by deploy/render-config --kustomization, which you run
# again when the stack's RegistryIds, RegistryRegion, IgnoredNamespaces or endpoint change. deploy/doctor --live compares.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
"""
MUTATING = """  # Only for PinNamespaces or Rewrites, or a policy document with pin or rewrites:
  # - mutating-webhook.yaml
"""
WITH_KEY = """  # The webhooks have the cluster's key in their URLs, so they are not here: see deploy/gitops.md.
"""


def of(rendered, has_key):
    """Those of the `rendered` files that are for the cluster and have no secret, with a kustomization.

    `has_key` says that the webhooks have the cluster's key in their URLs.
    """
    validating, mutating = render.WEBHOOKS
    resources = [name for name in (validating, render.ADMISSION_POLICY) if name in rendered]
    if has_key:
        resources.remove(validating)
    if not resources:
        raise Problem(
            "nothing may be in Git: the webhooks have the key of the cluster in their URLs; pass --admission-policy for"
            " the check in the apiserver itself, or call by a VPC endpoint that stands for the cluster (VpcEndpointClusters)"
        )
    lines = "".join(f"  - {name}\n" for name in resources)
    kept = {name: rendered[name] for name in resources}
    if not has_key:
        kept[mutating] = rendered[mutating]
    return {**kept, NAME: HEADER + lines + (WITH_KEY if has_key else MUTATING)}
