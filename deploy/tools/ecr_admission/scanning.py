"""How Amazon ECR scans the registry, and for how long Amazon Inspector scans an image again.

With enhanced scanning, Amazon Inspector stops scanning an image that was neither pushed nor pulled (or in use) for the
re-scan duration. Amazon ECR then says SCAN_ELIGIBILITY_EXPIRED, and the rule scan-findings denies the image.
"""

import re

from . import aws
from .problem import Problem, quoted

# What is long enough: fewer days than these pass between two pulls of an image that is in use.
LONG_DAYS = 90
SET = (
    "aws inspector2 update-configuration --region {region} --ecr-configuration"
    " rescanDuration=LIFETIME,pullDateRescanDuration=DAYS_180,pullDateRescanMode=LAST_PULL_DATE"
)
SEE = "see deploy/policy.md"


def check(region, eks=False):
    """What scans the images of this account's registry in `region`. Raises Problem where the scans of running images end.

    `eks`: the cluster is one of Amazon EKS, whose Pods Amazon Inspector knows to be in use.
    """
    found = aws.call("ecr", "get-registry-scanning-configuration", [], region)
    configuration = found.get("scanningConfiguration", {})
    kind = configuration.get("scanType", "BASIC")
    if kind == "BASIC":
        return (
            "basic scanning looks at an image once, when it is pushed: it does not notice a CVE that becomes known later"
            f" ({SEE})"
        )
    if kind != "ENHANCED":
        raise Problem(f"expected scanType BASIC or ENHANCED, got {quoted(kind)}; {SEE}")
    frequencies = {rule.get("scanFrequency") for rule in configuration.get("rules", [])}
    if frequencies and "CONTINUOUS_SCAN" not in frequencies:
        return f"enhanced scanning looks at an image when it is pushed, and never again ({SEE})"
    answer = aws.call("inspector2", "get-configuration", [], region)
    return rescans(answer.get("ecrConfiguration", {}).get("rescanDurationState", {}), region, eks)


def rescans(state, region, eks):
    """Whether images are scanned for as long as they may start; the same results as `check`."""
    pushed, pulled = state.get("rescanDuration", "unknown"), state.get("pullDateRescanDuration", "unknown")
    if pushed == "LIFETIME":
        return "Amazon Inspector scans an image for as long as it exists"
    in_use = state.get("pullDateRescanMode") != "LAST_PULL_DATE"
    event = "in use" if in_use else "pulled"
    text = f"Amazon Inspector scans an image until {words(pushed)} after its push and {words(pulled)} after it was last {event}"
    if in_use and eks:
        return f"{text}; Pods of Amazon EKS count as use"
    if not in_use and days(pulled) >= LONG_DAYS:
        return text
    uses = "it sees no Pod of your own control plane as use, so" if in_use else "then"
    raise Problem(
        f"{text}; {uses} an image is denied (SCAN_ELIGIBILITY_EXPIRED) when its Pod starts again later. Run:"
        f" {SET.format(region=region)} (in an organization, as the delegated administrator of Amazon Inspector); an image"
        f" that has expired already must be pushed again ({SEE})"
    )


def elsewhere(account, own):
    """What it means that the account `account` owns an allowed registry, and `own` the stack.

    Amazon ECR shows how a registry is scanned to the account that owns it only.
    """
    return (
        f"the registry {account} belongs to another account than this stack ({own}), so how it is scanned cannot be read from"
        " here. With enhanced scanning (Amazon Inspector), Amazon ECR shows the findings only to the account that owns the"
        " registry, and scan-findings denies each of its images; with basic scanning, there is nothing to do. Deploy in the account that"
        " owns the registry, one stack a Region and stage; clusters of any account call it"
    )


def days(word):
    """DAYS_14 -> 14; any other word -> 0."""
    match = re.fullmatch(r"DAYS_(\d+)", word)
    return int(match.group(1)) if match else 0


def words(word):
    """A re-scan duration for people."""
    return f"{days(word)} days" if days(word) else f"the duration {quoted(word)}"
