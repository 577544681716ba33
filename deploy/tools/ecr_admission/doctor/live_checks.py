"""What a cluster has: its webhooks, its admission policies, and who may read a key."""

from pathlib import Path

from .. import configuration, live, private_checks, render, rendered


def check(report, world, calls, cluster, policy=None):
    """Checks the Cluster `cluster`, which should call as `calls` says.

    `policy` is the failurePolicy for Pods in the rendered files, where that is known.
    """
    key, registries = calls.key, world.registries()

    def webhooks():
        return configuration.webhooks(rendered.webhooks_live(cluster), calls.endpoint, world.ignored, policy, key)

    are_right = report.check("live webhooks", webhooks)
    if calls.private:
        report.advise("public endpoint", private_checks.public_door, world.stack, are_right)
    if registries:
        report.check("live admission policies", _policies, world, calls, cluster, registries)
    if not key and not calls.keyless:
        return
    report.check("live mutating webhook", live.mutating_webhook, cluster, calls.endpoint, key)
    if key:
        report.check("copies of the key", live.no_copy, cluster)
        report.check("readers of the key", live.readers, cluster)
        report.check("key in events", live.no_key_in_events, cluster)
    if not world.given.audit:
        report.check("dry run", live.dry_run, cluster, registries)


def _policies(world, calls, cluster, registries):
    settings = render.Settings(
        endpoint=calls.endpoint,
        install_dir=Path("/"),
        token_path=Path("/"),
        ignored_namespaces=world.ignored,
        admission_policy="deny",
        registries=registries,
    )
    return live.admission_policies(cluster, render.render(settings)[render.ADMISSION_POLICY]) or "none installed"
