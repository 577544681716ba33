"""The files that deploy/render-config wrote."""

from .. import configuration, rendered


def check(report, world):
    """They agree with the endpoint. Returns the failurePolicy for Pods in them."""
    key, path = world.key, world.given.config / "validating-webhook.yaml"
    webhooks = rendered.webhooks_in(path)
    report.check("rendered webhooks", configuration.webhooks, webhooks, world.endpoint, world.ignored, None, key)
    if key:
        report.check("rendered key", configuration.secret_file, path)
    elif not world.keyless:
        kubeconfig = world.given.config / "webhook-kubeconfig.yaml"
        report.check("kubeconfig", configuration.kubeconfig, kubeconfig, world.endpoint)
    return rendered.failure_policy(webhooks)
