"""An Amazon EKS cluster and its network, by calls that only read."""

from dataclasses import dataclass

from . import aws
from .problem import Problem, quoted


@dataclass(frozen=True)
class EksCluster:
    """What `eks:DescribeCluster` says of a cluster, as far as its webhook calls depend on it."""

    name: str
    region: str
    vpc: str
    subnets: tuple
    # Those that were passed for the control plane, without the one that Amazon EKS made.
    security_groups: tuple
    # The one that Amazon EKS made: managed nodes carry it too.
    cluster_security_group: str
    # AWS_MANAGED where Amazon EKS does not say.
    egress_mode: str
    role_arn: str
    ip_family: str

    @property
    def is_customer_routed(self):
        """Whether webhook calls leave through the VPC."""
        return self.egress_mode == "CUSTOMER_ROUTED"


def describe(name, region):
    """The cluster `name`; raises Problem where it cannot be read."""
    found = aws.call("eks", "describe-cluster", ["--name", name], region).get("cluster", {})
    network = found.get("resourcesVpcConfig", {})
    if not network.get("vpcId"):
        raise Problem(f"Amazon EKS describes the cluster {quoted(name)} without a VPC; wait until it is active")
    return EksCluster(
        name=name,
        region=found.get("arn", "::::").split(":")[3] or region,
        vpc=network["vpcId"],
        subnets=tuple(network.get("subnetIds", [])),
        security_groups=tuple(network.get("securityGroupIds", [])),
        cluster_security_group=network.get("clusterSecurityGroupId", ""),
        egress_mode=network.get("controlPlaneEgressMode") or "AWS_MANAGED",
        role_arn=found.get("roleArn", ""),
        ip_family=found.get("kubernetesNetworkConfig", {}).get("ipFamily", "ipv4"),
    )
