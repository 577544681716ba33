"""Prints the alerts of a rule file as JSON; fails where Prometheus would not read it.

Run by the Python that has the readers of YAML and PromQL: alert_rules.py FILE.
"""

import json
import sys

import promql_parser
import yaml


def selectors(node):
    """The selectors of an expression."""
    found = []

    def visit(part):
        if isinstance(part, promql_parser.VectorSelector):
            found.append([part.name, {matcher.name: matcher.value for matcher in part.matchers.matchers}])
        return True

    promql_parser.walk(node, visit)
    return found


def alert(rule):
    tree = promql_parser.parse(rule["expr"])
    return {
        "alert": rule["alert"],
        "for": rule.get("for"),
        "labels": rule["labels"],
        "annotations": rule["annotations"],
        "keys": sorted(rule),
        # Without a comparison at the top, an alert fires for every series.
        "compares": str(getattr(tree, "op", None)),
        "selectors": selectors(tree),
    }


with open(sys.argv[1], encoding="utf-8") as file:
    groups = yaml.safe_load(file)["groups"]
json.dump([{"name": group["name"], "rules": [alert(rule) for rule in group["rules"]]} for group in groups], sys.stdout)
