"""The list of namespaces that are admitted without judgement."""

import re

from .problem import Problem

# RFC 1123 label, which is what Kubernetes accepts as the name of a namespace. Checking it also
# keeps quotes out of the CEL expression that the list is written into.
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def parse(text):
    """Reads `a,b`; an empty text is no namespace. Raises Problem on a name Kubernetes would refuse."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not LABEL.fullmatch(name):
            raise Problem(
                f"{name!r} is not a namespace; expected names such as kube-system, separated by commas"
            )
    return list(dict.fromkeys(names))


def expression(names):
    """The CEL expression that is true for a request to be judged."""
    quoted = ", ".join(f"'{name}'" for name in names)
    return f"!(request.namespace in [{quoted}])"
