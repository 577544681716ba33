"""Which version runs: what the function says that answers, and what the template of the stack says."""

from ..problem import Problem
from ..release import VERSION, order

# Not UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: by then the new version runs.
UNDER_WAY = ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")
ROLLED_BACK = ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED")
UPDATE = "update the stack (deploy/upgrade.md)"


def running(world):
    """The version for a program: that of the code that answered, or else that of the template; None if neither says it."""
    answered = sorted(world.caller.versions)
    return ", ".join(answered) if answered else _of_template(world)


def check(world):
    """Whether one version runs, which is that of these tools. Raises Problem with what follows if not."""
    answered, template = sorted(world.caller.versions), _of_template(world)
    status = world.stack.status if world.stack else ""
    if status in UNDER_WAY:
        raise Problem(
            f"the status of the stack is {status}: a deployment or a rollback is under way, and another version may run in a"
            " minute; run doctor again when it has ended"
        )
    if len(answered) > 1:
        raise Problem(
            f"answers come from {' and '.join(answered)}: a deployment or a rollback shifts traffic between two versions; run"
            " doctor again when it has ended"
        )
    if answered and template and answered[0] != template:
        raise Problem(
            f"the template of the stack is of version {template}, and the code that answers of {answered[0]}: a deployment with"
            " Canary has not ended, or the zips were built from another version; see the status of the stack, or build and"
            " deploy again"
        )
    found = running(world)
    if status in ROLLED_BACK:
        raise Problem(
            f"the status of the stack is {status}: its last deployment was rolled back, and {found or 'the version before it'} runs;"
            " see the events of the stack, and the alarms of that time"
        )
    if found is None:
        raise Problem(f"nothing says which version runs, so it is older than the output Version of the stack; {UPDATE}")
    source = "" if answered else ", as its template says"
    return _compared(found, source)


def _of_template(world):
    return world.stack.later.get("Version") if world.stack else None


def _compared(found, source):
    runs, own = order(found), order(VERSION)
    if runs is None:
        raise Problem(f"expected a version such as {VERSION}, got {found!r}{source}")
    if runs < own:
        raise Problem(
            f"{found} runs{source}, which is older than this doctor ({VERSION}): checks of what is new since then may fail or be"
            f" left out; {UPDATE}, or use the tools of {found}"
        )
    if runs > own:
        raise Problem(
            f"{found} runs{source}, which is newer than this doctor ({VERSION}), and has what this doctor does not know; use the"
            f" tools of {found}"
        )
    return f"{found} runs{source}, and is the version of this doctor"
