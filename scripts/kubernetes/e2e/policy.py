"""A policy document: what kubectl prints under it, and that users and groups are those of the apiserver."""

from project.tools import ROOT

from .transcript import Transcript

DOCUMENT = ROOT / "scripts/kubernetes/objects/policy.yaml"


def run(world, apiserver, cloud):
    """Starts `cloud` again with a policy document; nothing else may use it meanwhile."""
    kubectl = world.kubectl(apiserver, "policy")
    play = Transcript("policy", world.report, kubectl, {})
    cloud.stop()
    cloud.start("--policy", str(DOCUMENT))
    play.play("everywhere else")
    play.play("a namespace that warns", world.kubectl(apiserver, "policy-lenient"))
    play.play("a namespace that audits", world.kubectl(apiserver, "policy-audit"))
    play.play("an exempt user")
    play.play("break-glass")
    play.finish()
    world.report.check(
        "policy: break-glass is logged with who broke it", '"message":"break-glass"' in cloud.log(), cloud.log()[-2000:], "a line"
    )
