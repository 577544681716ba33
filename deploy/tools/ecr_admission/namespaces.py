"""The ignored namespaces: their requests are admitted without evaluation."""

import re

from .problem import Problem, quoted

# RFC 1123 label, as Kubernetes expects of the name of a namespace. It also keeps quotes out of the CEL
# expression that holds the names.
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def parse(text):
    """Reads `a,b`; an empty text is an empty list. Raises Problem for a name that Kubernetes refuses."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not LABEL.fullmatch(name):
            raise Problem(f"expected names of namespaces separated by commas, such as kube-system, got {quoted(name)}")
    return list(dict.fromkeys(names))


def expression(names):
    """The CEL expression that is true for a request outside the namespaces `names`."""
    in_quotes = ", ".join(f"'{name}'" for name in names)
    return f"!(request.namespace in [{in_quotes}])"
