"""The private door of the stack."""

from .. import eks_cluster, private_checks


def check(report, world):
    """Only the control plane can call the private door, so AWS is asked what is there."""
    given, door, endpoint = world.given, world.door, world.given.vpc_endpoint
    report.check("private API", private_checks.api, door)
    report.check("VPC endpoint", private_checks.vpc_endpoint, door, endpoint)
    report.advise("private DNS", private_checks.private_dns, door, endpoint)
    if given.eks_cluster:
        cluster = eks_cluster.describe(given.eks_cluster, door.region)
        report.check("egress", private_checks.egress, cluster)
        report.check("who can connect", private_checks.only_control_plane, door, endpoint, cluster)
    report.check("from here", private_checks.from_here, world.endpoint)
