"""An outage as deploy/runbook.md has it: to Ignore and back, with the check in the apiserver itself."""

import re

from project.tools import ROOT

from . import admission_policy
from .transcript import Transcript
from .world import SAMPLES

PAGE = ROOT / "deploy/runbook.md"
# Of the transcript, what an operator types from the page.
TYPED = ("patch ",)
GOOD = ("create", "--dry-run=server", "-f", f"{SAMPLES}/compliant.yaml")
BAD = ("create", "--dry-run=server", "-f", f"{SAMPLES}/critical-finding.yaml")
FOREIGN = ("create", "--dry-run=server", "-f", f"{SAMPLES}/docker-hub.yaml")


def run(world, apiserver, cloud):
    """Stops and starts `cloud`; nothing else may use it meanwhile."""
    kubectl = world.kubectl(apiserver, "runbook")
    play = Transcript("runbook", world.report, kubectl, {"ENDPOINT": cloud.authority})
    page = commands(PAGE.read_text(encoding="utf-8"))
    typed = [line for line in play.lines() if line.startswith(TYPED)]
    left = [line for line in typed if f"kubectl {line}" not in page]
    world.report.check("runbook: what is typed is in the page", typed and not left, left, "lines of the page")

    cloud.stop()
    cloud.start()
    policy = admission_policy.render(world, cloud, "admission-policy-of-runbook", "deny")
    kubectl.must("apply", "-f", policy)
    kubectl.until(FOREIGN, lambda output: "ValidatingAdmissionPolicy" in output.text)
    play.play("before")
    cloud.stop()
    play.play("the endpoint is down")
    play.play("to Ignore")
    # The apiserver notices the change a moment later.
    kubectl.until(GOOD, lambda output: output.code == 0)
    play.play("while it is down")
    cloud.start()
    kubectl.until(BAD, lambda output: "denied the request" in output.text)
    play.play("what is answered is still denied")
    play.play("back")
    cloud.stop()
    kubectl.until(GOOD, lambda output: output.code != 0)
    play.play("the endpoint is down again")
    cloud.start()
    kubectl.until(GOOD, lambda output: output.code == 0)
    play.play("after")
    kubectl.must("delete", "-f", policy)
    play.finish()


def commands(page):
    """The lines of all code blocks of a page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]
