"""The CEL expressions of the rendered ValidatingAdmissionPolicies (Kubernetes 1.30 and later).

A host is everything before the first `/` of an image. Its account, Region and form are each looked up in a map, so
that a check costs the same however many registries a stack allows.
"""

import json

# A list of a Pod's spec, what a person calls one entry of it, and where an entry keeps its image.
LISTS = (
    ("containers", "container", "image"),
    ("initContainers", "init container", "image"),
    ("ephemeralContainers", "ephemeral container", "image"),
    ("volumes", "volume", "image.reference"),
)
# `dyn`: the three places are those of different kinds, and older versions of Kubernetes do not know every field.
PLACES = ("dyn({0}).template", "dyn({0}).spec.jobTemplate.spec.template", "dyn({0}).spec.template")


def of_pods(registries):
    """The expressions for Pods, which must have an image wherever there is one to have."""
    specs = {"spec": "dyn(object).spec", "before": "oldObject == null ? {} : dyn(oldObject).spec"}
    return _lines(specs, registries, empty="true")


def of_controllers(registries):
    """The expressions for what has the template of a Pod, in which an image may be left out."""
    specs = {"spec": _template_spec("object"), "before": f"oldObject == null ? {{}} : {_template_spec('oldObject')}"}
    return _lines(specs, registries, empty="false")


def _template_spec(of):
    found = "{}"
    for place in reversed([place.format(of) for place in PLACES]):
        found = f"{_there(place)} && has({place}.spec) ? {place}.spec : {found}"
    return f"({found})"


def _there(place):
    """Whether each field on the way is there."""
    head, *fields = place.split(".")
    steps = [".".join([head, *fields[: count + 1]]) for count in range(len(fields))]
    return " && ".join(f"has({step})" for step in steps)


def _lines(specs, registries, empty):
    variables = {
        "accounts": _map({account: "true" for account in registries.accounts}),
        "suffixes": _map({region: _text(plain) for region, (plain, _) in registries.suffixes().items()}),
        "dualStackSuffixes": _map({region: _text(dual) for region, (_, dual) in registries.suffixes().items() if dual}),
        **specs,
    }
    validations = []
    for field, noun, image in LISTS:
        variables[field + "Before"] = _listed("before", field, image, f".map(one, {_named(image)})")
        refused = f"(has(one.{image}) ? !({_allowed(f'one.{image}')}) : {empty})"
        unchanged = f"{_named(image)} in variables.{field}Before"
        changed = f".filter(one, {refused} && !({unchanged}))"
        # An update that leaves the whole list alone costs no search for each entry.
        now = f"{_entries('spec', field, image)}.map(one, {_named(image)})"
        variables[field] = (
            f"has(variables.spec.{field}) && {now} != variables.{field}Before"
            f" ? {_entries('spec', field, image)}{changed} : []"
        )
        first = f"variables.{field}[0]"
        validations.append(
            (
                f"variables.{field}.size() == 0",
                f"{_text(noun + ' ')} + {first}.name + ': image \"' + (has({first}.{image}) ? {first}.{image} : '')"
                f" + {_text(_advice(registries))}",
                f"{_article(noun)} has an image that{_advice(registries)[1:]}",
            )
        )
    lines = ["variables:"]
    for name, expression in variables.items():
        lines += [f"  - name: {name}", f"    expression: {json.dumps(expression)}"]
    lines.append("validations:")
    for expression, message_expression, message in validations:
        lines += [
            f"  - expression: {json.dumps(expression)}",
            f"    messageExpression: {json.dumps(message_expression)}",
            # In place of one that is too long or has more than one line.
            f"    message: {json.dumps(message)}",
            "    reason: Forbidden",
        ]
    return lines


def _listed(spec, field, image, what):
    """The entries of a list that have an image to check, and then `what`; none where there is no list."""
    return f"has(variables.{spec}.{field}) ? {_entries(spec, field, image)}{what} : []"


def _entries(spec, field, image):
    entries = f"variables.{spec}.{field}"
    if "." in image:
        entries += f".filter(one, has(one.{image.partition('.')[0]}))"
    return entries


def _named(image):
    # A name has no space.
    return f"(has(one.name) ? one.name : '') + ' ' + (has(one.{image}) ? one.{image} : '')"


def _allowed(image):
    """True for an image that names an allowed registry under one of the host names of Amazon ECR."""
    host = f"{image}.split('/', 2)[0]"
    plain = (
        "host.size() == 5 && host[0] in variables.accounts && host[1] == 'dkr' && host[2] in {'ecr': true,"
        " 'ecr-fips': true} && host[3] in variables.suffixes && variables.suffixes[host[3]] == host[4]"
    )
    dual = (
        "host.size() == 4 && host[0] in variables.accounts && host[1] in {'dkr-ecr': true, 'dkr-ecr-fips': true}"
        " && host[2] in variables.dualStackSuffixes && variables.dualStackSuffixes[host[2]] == host[3]"
    )
    # A name without `/` is a repository of Docker Hub.
    return (
        f"{image}.contains('/') && ([{host}.split('.', 5)].exists(host, {plain})"
        f" || [{host}.split('.', 4)].exists(host, {dual}))"
    )


def _advice(registries):
    return (
        f'" is not in an allowed Amazon ECR registry; push it to {registries.example()} and use that reference'
        " [ecr-registry]"
    )


def _article(noun):
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _map(entries):
    return "{" + ", ".join(f"{_text(key)}: {value}" for key, value in entries.items()) + "}"


def _text(value):
    """A CEL string. Only words of ours and names that were checked get here: no quote, no backslash."""
    return f"'{value}'"
