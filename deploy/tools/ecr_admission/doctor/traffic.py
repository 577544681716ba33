"""--traffic: whether each cluster that may call has sent a review lately.

Read from the log of the admission function, which names the cluster that the authorizer vouches for, also where a VPC
endpoint stands for it, and the Pod of each review, so that the reviews of this tool do not count. With LogLevel WARN or
ERROR, that log has no reviews; the access log then says who called, this tool included.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .. import insights, reviews
from ..problem import Problem
from ..tokens import named, shown
from .report import FAIL, OK, WARN

NAME = "traffic"
REVIEWS = (
    'filter event in ["review", "review_failed"] and ispresent(cluster)'
    f' and (not ispresent(name) or name != "{reviews.NAME}")'
    " | stats count(*) as reviews, max(@timestamp) as latest by cluster | limit 10000"
)
CALLS = (
    'filter route like "/validate" and ispresent(cluster) and cluster != "-"'
    " | stats count(*) as reviews, max(@timestamp) as latest by cluster | limit 10000"
)
# Log levels with which the admission function writes a line for each review.
EACH_REVIEW = ("DEBUG", "INFO")
ALL_SILENT = (
    "look at what they share, not at one cluster: run doctor without --traffic to see whether the endpoint answers, then the"
    " alarms NoTraffic and those of rejected requests, and whether the stack was deployed again under another URL"
)
NO_TOKEN = (
    "and the current version of the token secret has no token of this name: its calls are refused when the token overlap"
    " ends; add it with deploy/rotate-token --add, or remove its webhooks"
)


@dataclass(frozen=True)
class Source:
    """Where the reviews are counted."""

    groups: list
    query: str
    # What to know of the counts.
    note: str = ""


def check(report, world, now=None):
    """Adds one line for each cluster, or one for all if nobody calls."""
    hours, now = world.given.traffic, now or datetime.now(timezone.utc)
    start = now - timedelta(hours=hours)
    try:
        source = _source(world.stack)
        found = insights.rows(source.groups, source.query, start.timestamp(), now.timestamp(), world.stack.region)
        expected = _expected(world)
    except Problem as problem:
        report.add(NAME, FAIL, problem)
        return
    seen = {row["cluster"]: row for row in found if row.get("cluster")}
    within = f"in the last {hours} hours" if hours > 1 else "in the last hour"
    calm = set(world.given.expect_silent)
    for name in sorted(calm - set(expected)):
        report.add(NAME, WARN, f"--expect-silent names {shown(name)}, but no cluster has this name; correct it")
    old = [name for name, since in expected.items() if name not in calm and (since is None or since <= start)]
    if old and not seen:
        names = ", ".join(shown(name) for name in old)
        report.add(NAME, FAIL, f"no cluster sent a review {within}, of {names}: {ALL_SILENT}{source.note}")
    for name, since in expected.items():
        if name in seen:
            report.add(NAME, OK, f"{_talks(name, seen[name], within)}{source.note}", cluster=named(name))
        elif name in calm:
            report.add(NAME, OK, f"the cluster {shown(name)} sent no review {within}, as expected", cluster=named(name))
        elif name not in old:
            text = f"its token or VPC endpoint is new ({since:%Y-%m-%d %H:%M} UTC), so this is not a failure yet"
            report.add(NAME, WARN, f"the cluster {shown(name)} sent no review {within}; {text}", cluster=named(name))
        elif seen:
            report.add(NAME, FAIL, f"the cluster {shown(name)} {_silent(world, name, within)}", cluster=named(name))
    for name in sorted(set(seen) - set(expected)):
        report.add(NAME, WARN, f"{_talks(name, seen[name], within)}, {NO_TOKEN}", cluster=named(name))


def _talks(name, row, within):
    """What a cluster that calls has sent."""
    count = int(row.get("reviews", "0"))
    reviews_in_words = "1 review" if count == 1 else f"{count:,} reviews"
    return f"the cluster {shown(name)} sent {reviews_in_words} {within}, the latest at {_minute(row.get('latest', ''))} UTC"


def _minute(text):
    """A time of Logs Insights, which is milliseconds where it was computed."""
    try:
        return f"{datetime.fromtimestamp(float(text) / 1000, timezone.utc):%Y-%m-%d %H:%M}"
    except ValueError:
        return text[:16]


def _silent(world, name, within):
    """What is wrong with a cluster that does not call while others do."""
    if name not in world.keyless_clusters:
        try:
            world.tokens.of(name)
        except Problem:
            return f"sent no review {within}: its token never authorizes; give it another one with deploy/rotate-token"
    return (
        f"sent no review {within}, and others did: its webhooks are gone, or its calls are refused; run doctor --context"
        " with its context, and look for 401 and 403 in the access log (a stale token file). If it is meant to be silent,"
        " pass --expect-silent; if no cluster has this token, remove it from the token secret"
    )


def _source(stack):
    level = stack.later.get("LogLevelInForce", "INFO")
    if level in EACH_REVIEW:
        return Source([stack.output("AdmissionLog")], REVIEWS)
    groups = [stack.later[name] for name in ("AccessLog", "RestAccessLog") if stack.later.get(name)]
    if groups:
        return Source(groups, CALLS, f" (from the access log, since LogLevel is {level}: calls of doctor count too)")
    raise Problem(
        f"no log has the reviews: LogLevel is {level}, and the API has no access log; deploy the stack with LogLevel INFO, or"
        " with an access log (CDK: restAccessLog)"
    )


def _expected(world):
    """Each cluster that may call -> since when it surely may, as it calls now; None where that is not known."""
    found = {}
    if not world.is_only_keyless:
        found = {name: _since(world, name) for name in world.tokens.clusters()}
    for name in world.keyless_clusters:
        found[name] = world.stack.deployed
    return dict(sorted(found.items()))


def _since(world, name):
    """When the oldest version of the secret was made that is known to have this token."""
    current, previous = world.version, world.previous_version
    if previous and previous.tokens and previous.tokens.get(name) and previous.tokens.get(name) == current.tokens.get(name):
        return previous.created
    return current.created
