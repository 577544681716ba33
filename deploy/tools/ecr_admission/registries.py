"""The registries that a stack allows: every account in every Region, under every host name of Amazon ECR."""

import re
from dataclasses import dataclass

from .problem import Problem

ACCOUNT = re.compile(r"[0-9]{12}")
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
# Beginning of a Region -> DNS suffix of its partition, and that of dual-stack endpoints ("" where there are none).
# The same as functions/policy/src/registry.rs (AWS SDK, partitions.json); a test compares the two.
PARTITIONS = (
    ("cn-", "amazonaws.com.cn", "on.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", ""),
    ("us-iso-", "c2s.ic.gov", ""),
    ("us-isob-", "sc2s.sgov.gov", ""),
    ("eu-isoe-", "cloud.adc-e.uk", ""),
    ("us-isof-", "csp.hci.ic.gov", ""),
    ("", "amazonaws.com", "on.aws"),
)


@dataclass(frozen=True)
class Registries:
    """Accounts (12 digits) and Region codes; each account is allowed in each Region."""

    accounts: tuple
    regions: tuple

    @classmethod
    def parse(cls, accounts, regions):
        """Reads two texts `a,b`. Raises Problem on an empty list and on what cannot be one."""
        return cls(
            _list(accounts, ACCOUNT, "registry id", "12 digits such as 123456789012"),
            _list(regions, REGION, "Region", "a code such as eu-west-1"),
        )

    def suffixes(self):
        """Region -> (DNS suffix, that of dual-stack endpoints)."""
        return {region: _suffixes(region) for region in self.regions}

    def example(self):
        """A registry to push to."""
        region = self.regions[0]
        return f"{self.accounts[0]}.dkr.ecr.{region}.{_suffixes(region)[0]}"


def _suffixes(region):
    return next((plain, dual) for prefix, plain, dual in PARTITIONS if region.startswith(prefix))


def _list(text, shape, what, expected):
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise Problem(f"there is no {what}; expected {expected}, or several with commas between them")
    for word in words:
        if not shape.fullmatch(word):
            raise Problem(f"{word!r} is not a {what}; expected {expected}")
    return tuple(dict.fromkeys(words))
