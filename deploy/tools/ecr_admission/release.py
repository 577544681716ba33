"""The version of these tools."""

import re

# That of Cargo.toml; a test compares the two.
VERSION = "0.1.0"


def order(version):
    """By which versions sort; None for a text that is not one. A pre-release comes before its release."""
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", version)
    if match is None:
        return None
    return (*(int(number) for number in match.group(1, 2, 3)), match.group(4) is None, match.group(4) or "")
