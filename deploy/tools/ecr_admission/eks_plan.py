"""The commands that give an Amazon EKS cluster a private door, filled in from calls that only read; and what would break."""

import json
import urllib.parse

from . import aws, network
from .kubectl import Cluster
from .problem import Problem

# What the control plane needs to take up changes of DNS.
ROLE_ACTIONS = ("ec2:DescribeVpcs", "ec2:DescribeDhcpOptions")
INSIDE = (".svc", ".cluster.local")
KINDS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")


def cautions(cluster):
    """What would break, or must be known before: one line each."""
    found = []
    no_route = network.routes(cluster.region, cluster.vpc, cluster.subnets)
    outside = outside_webhooks()
    if no_route:
        uses = f", which these webhooks need: {', '.join(outside)}" if outside else ""
        found.append(
            f"no default route in {', '.join(no_route)}: after the egress switch the control plane reaches nothing outside the"
            f" VPC from there{uses}"
        )
    elif outside:
        found.append(
            f"these webhooks are called outside the cluster, and through the VPC after the switch: {', '.join(outside)}"
        )
    issuers = identity_providers(cluster)
    if issuers:
        found.append(f"OIDC identity providers ({', '.join(issuers)}) are read through the VPC after the switch")
    for one in network.vpc_endpoints(cluster.region, cluster.vpc):
        if one.get("PrivateDnsEnabled"):
            found.append(
                f"{one['VpcEndpointId']} in {cluster.vpc} has private DNS: after the switch the control plane gets 403 from"
                " every public API of API Gateway by its default name, the public endpoint of ecr-admission included"
            )
    servers = network.name_servers(cluster.region, cluster.vpc)
    if "AmazonProvidedDNS" not in servers:
        found.append(f"the DHCP options of {cluster.vpc} have {', '.join(servers)}, not AmazonProvidedDNS")
    acls = network.acls(cluster.region, cluster.subnets)
    if acls:
        found.append(f"{', '.join(acls)}: these network ACLs must allow 443 out and 1024-65535 in")
    if len(set(network.zones(cluster.region, cluster.subnets).values())) < 2:
        found.append("the subnets of the cluster are in one Availability Zone; an outage of that zone stops every call")
    denied = missing_actions(cluster)
    if denied:
        found.append(f"the cluster role {cluster.role_arn} may not {', '.join(denied)}: it would not take up changes of DNS")
    if cluster.ip_family == "ipv6":
        found.append("the cluster uses IPv6: the security groups and routes need both families")
    return found


def outside_webhooks():
    """Hosts of webhooks with a URL outside the cluster, or [] where kubectl cannot say."""
    hosts = set()
    for kind in KINDS:
        try:
            configurations = Cluster().items(kind, kind)
        except Problem:
            return []
        for configuration in configurations:
            for webhook in configuration.get("webhooks") or []:
                host = urllib.parse.urlsplit(webhook.get("clientConfig", {}).get("url", "")).hostname
                if host and not host.endswith(INSIDE):
                    hosts.add(host)
    return sorted(hosts)


def identity_providers(cluster):
    """Names of the OIDC identity providers of the cluster."""
    answer = aws.call("eks", "list-identity-provider-configs", ["--cluster-name", cluster.name], cluster.region)
    return [one["name"] for one in answer.get("identityProviderConfigs", [])]


def missing_actions(cluster):
    """Those of ROLE_ACTIONS that the cluster's role lacks; [] where that cannot be asked."""
    arguments = ["--policy-source-arn", cluster.role_arn, "--action-names", *ROLE_ACTIONS]
    try:
        answer = aws.call("iam", "simulate-principal-policy", arguments)
    except Problem:
        return []
    results = answer.get("EvaluationResults", [])
    return [one["EvalActionName"] for one in results if one.get("EvalDecision") != "allowed"]


def parameters(door, name):
    """The CDK context of the stack with one more endpoint, for the cluster `name`. `door`: what the stack has, or None."""
    endpoints = ",".join([*(door.vpc_endpoints if door else ()), "$vpce"])
    if door and not door.clusters:
        # Its clusters send a token or a key; a list of names must name them all.
        return f"-c vpcEndpointIds={endpoints}"
    clusters = ",".join([*(door.clusters.values() if door else ()), name])
    return f"-c vpcEndpointIds={endpoints} -c vpcEndpointClusters={clusters}"


def steps(cluster, zones, stack, context):
    """(what, commands) of each step. `zones`: subnet -> zone; `stack`: name of the stack; `context`: see `parameters`."""
    region, name = cluster.region, cluster.name
    subnets = list({zone: subnet for subnet, zone in sorted(zones.items(), reverse=True)}.values())
    groups = json.dumps([*cluster.security_groups, "$control_plane"], separators=(",", ":"))
    in_eks = f"--region {region} --name {name}"
    found = [
        (
            "A security group that only the interfaces of the control plane carry",
            [
                f"control_plane=$(aws ec2 create-security-group --region {region} --vpc-id {cluster.vpc} --group-name"
                f" {name}-webhook-calls --description 'Webhook calls of the control plane' --query GroupId --output text)",
            ],
        ),
        (
            "A security group for the endpoint, which admits that group only",
            [
                f"door=$(aws ec2 create-security-group --region {region} --vpc-id {cluster.vpc} --group-name"
                f" {name}-ecr-admission --description 'Private door of ecr-admission' --query GroupId --output text)",
                f"aws ec2 authorize-security-group-ingress --region {region} --group-id $door --protocol tcp --port 443"
                " --source-group $control_plane",
            ],
        ),
        (
            "The endpoint, without private DNS",
            [
                f"vpce=$(aws ec2 create-vpc-endpoint --region {region} --vpc-id {cluster.vpc} --vpc-endpoint-type Interface"
                f" --service-name com.amazonaws.{region}.execute-api --no-private-dns-enabled --subnet-ids"
                f" {' '.join(sorted(subnets))} --security-group-ids $door --query VpcEndpoint.VpcEndpointId --output text)",
            ],
        ),
        (
            "The stack with the private door; the public endpoint stays for now",
            [f"(cd cdk && npx cdk deploy {context})    # with the other options of the stack"],
        ),
        (
            "The group on the control plane. The list replaces the one that is there",
            [
                f"aws eks update-cluster-config {in_eks} --resources-vpc-config"
                f" '{{\"securityGroupIds\":{groups.replace('$control_plane', chr(39) + '$control_plane' + chr(39))}}}'",
                f"aws eks wait cluster-active {in_eks}",
            ],
        ),
    ]
    if cluster.is_customer_routed:
        found.append(("Egress leaves through the VPC already (CUSTOMER_ROUTED): nothing to do", []))
    else:
        found.append(
            (
                "THIS CANNOT BE UNDONE: webhook calls and OIDC discovery leave through the VPC from now on",
                [
                    f"aws eks update-cluster-config {in_eks} --resources-vpc-config"
                    " controlPlaneEgressMode=CUSTOMER_ROUTED",
                    f"aws eks wait cluster-active {in_eks}",
                ],
            )
        )
    found += [
        (
            "The webhooks call the private door",
            [
                f"deploy/render-config --eks --vpc-endpoint $vpce --stack {stack} --region {region} --out ecr-admission",
                "# then kubectl, as it prints",
            ],
        ),
        (
            "Check",
            [f"deploy/doctor --eks --vpc-endpoint $vpce --eks-cluster {name} --live --stack {stack} --region {region}"],
        ),
        (
            "When every cluster of the stack calls the private door: no public endpoint",
            [f"(cd cdk && npx cdk deploy {context} -c publicEndpoint=false)"],
        ),
    ]
    return found
