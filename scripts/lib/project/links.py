"""The table of one-click links, written into the READMEs from infra/regions.json."""

import json

from ecr_admission import files
from ecr_admission.problem import Problem

from .tools import ROOT

REGIONS = ROOT / "infra" / "regions.json"
READMES = ("README.md", "infra/README.md")
BEGIN = "<!-- one-click:begin -->"
END = "<!-- one-click:end -->"
NOTICE = "<!-- Written by scripts/checks/links from infra/regions.json. -->"
# AWS's own account for examples, which owns nothing.
EXAMPLE_ACCOUNT = "123456789012"


def partitions():
    """The partitions of infra/regions.json."""
    return json.loads(REGIONS.read_text(encoding="utf-8"))["partitions"]


def link(partition, region):
    """The page of the Lambda console in `region` on which the application can be deployed."""
    console = partition["console"].replace("{region}", region)
    return f"{console}/lambda/home#/create/app?applicationId={partition['application']}"


def table():
    """The text between the markers, without them."""
    lines = [NOTICE, "", "| Region | |", "|---|---|"]
    waiting, examples = [], []
    for partition in partitions():
        if partition["application"] is None:
            waiting.append(partition)
            continue
        if f":{EXAMPLE_ACCOUNT}:" in partition["application"]:
            examples.append(partition)
        lines += [
            f"| {region['name']} `{region['id']}` | [Deploy]({link(partition, region['id'])}) |"
            for region in partition["regions"]
        ]
    for partition in examples:
        lines += [
            "",
            f"{partition['name']}: not published yet. The links hold `{EXAMPLE_ACCOUNT}` in the place of the"
            " account that publishes; `scripts/publish` puts its own there.",
        ]
    for partition in waiting:
        names = " and ".join(f"{region['name']} `{region['id']}`" for region in partition["regions"])
        lines += [
            "",
            f"{partition['name']}: {names} need a publication of their own, since an application is shared"
            f" within its partition only. None is configured yet; `scripts/publish` with credentials of"
            f" that partition adds these links.",
        ]
    return "\n".join(lines)


def rewrite(text, name):
    """`text` with the table between its markers."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise Problem(f"{name} needs one line {BEGIN} and, after it, one line {END}")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def outdated():
    """README path -> its new text, for those whose table is not the current one."""
    changed = {}
    for name in READMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        new = rewrite(text, name)
        if new != text:
            changed[ROOT / name] = new
    return changed


def write():
    """Brings the READMEs up to date; returns those that changed."""
    changed = outdated()
    for path, text in changed.items():
        files.write(path, text)
    return list(changed)


def set_application(arn):
    """Puts the ARN of a publication into infra/regions.json."""
    partition = arn.split(":")[1]
    content = json.loads(REGIONS.read_text(encoding="utf-8"))
    matching = [entry for entry in content["partitions"] if entry["partition"] == partition]
    if not matching:
        raise Problem(f"infra/regions.json has no partition {partition!r}, so {arn} cannot be listed")
    text = REGIONS.read_text(encoding="utf-8")
    # In the text, so that the file keeps its layout: the line after this partition's name and console.
    start = text.index(f'"partition": "{partition}"')
    old = f'"application": {json.dumps(matching[0]["application"])}'
    head, tail = text[:start], text[start:]
    files.write(REGIONS, head + tail.replace(old, f'"application": {json.dumps(arn)}', 1))
