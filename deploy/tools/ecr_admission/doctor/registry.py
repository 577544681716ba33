"""The registries of the stack: whose they are, and how they are scanned."""

from .. import scanning
from .report import WARN


def check(report, world):
    """Whether an image that runs today can still start in a month, and whether its findings can be read at all."""
    registries = world.registries()
    if registries is None:
        return
    for account in registries.accounts:
        if world.stack.account not in (account, None):
            report.add("registry account", WARN, scanning.elsewhere(account, world.stack.account))
    if world.stack.account not in registries.accounts:
        return
    for region in registries.regions:
        # Nothing is denied for it today, and who runs doctor may not be allowed to ask.
        report.advise(f"scanning in {region}", scanning.check, region, world.given.eks)
