"""What deploy/doctor checks of a private door, from outside: by calls of AWS that only read.

As in checks.py, each returns what it found, or raises Problem with what to do.
"""

import ipaddress
import json
import socket
import tempfile
from pathlib import Path

from . import aws, network
from .private_door import STAGE
from .problem import Problem, quoted

DEPLOY_AGAIN = "deploy the stack again with the version of this checkout"
FEWEST_ZONES = 2
CONNECT_SECONDS = 3
HTTPS = 443


def api(door):
    """The REST API is private, and its deployed policy denies all but the endpoints of VpcEndpointIds."""
    arguments = ["--rest-api-id", door.api_id]
    described = aws.call("apigateway", "get-rest-api", arguments, door.region)
    types = described.get("endpointConfiguration", {}).get("types", [])
    if types != ["PRIVATE"]:
        raise Problem(f"expected a REST API of type PRIVATE, got {', '.join(types) or 'none'}; {DEPLOY_AGAIN}")
    admitted = deployed_endpoints(door)
    if admitted != set(door.vpc_endpoints):
        raise Problem(
            f"expected a deployed policy that admits {', '.join(door.vpc_endpoints)}, got"
            f" {', '.join(sorted(admitted)) or 'none'}: the stage {STAGE} has not been deployed since VpcEndpointIds"
            f" changed; {DEPLOY_AGAIN}, or run: aws apigateway create-deployment --region {door.region} --rest-api-id"
            f" {door.api_id} --stage-name {STAGE}"
        )
    return f"PRIVATE, and the deployed policy admits {', '.join(door.vpc_endpoints)} only"


def deployed_endpoints(door):
    """The endpoints that the policy of the deployed stage admits. The policy of the API itself may be newer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        options = ["--rest-api-id", door.api_id, "--stage-name", STAGE, "--export-type", "oas30"]
        options += ["--parameters", "extensions=apigateway", "--accepts", "application/json", str(path)]
        aws.call("apigateway", "get-export", options, door.region)
        exported = json.loads(path.read_text(encoding="utf-8"))
    policy = exported.get("x-amazon-apigateway-policy", {})
    denied = [one for one in policy.get("Statement", []) if one.get("Effect") == "Deny"]
    if not denied:
        raise Problem(f"the deployed policy denies nobody, so every VPC endpoint may call; {DEPLOY_AGAIN}")
    # What is left by every Deny.
    left = None
    for statement in denied:
        found = statement.get("Condition", {}).get("StringNotEquals", {})
        values = next((value for key, value in found.items() if key.lower() == "aws:sourcevpce"), None)
        if values is None:
            raise Problem(f"the deployed policy has a Deny of another kind: {quoted(json.dumps(statement))}; {DEPLOY_AGAIN}")
        values = {values} if isinstance(values, str) else set(values)
        left = values if left is None else left & values
    return left


def vpc_endpoint(door, endpoint):
    """The endpoint is available, in more than one zone, and does not take over the names of public APIs."""
    found = network.vpc_endpoint(door.region, endpoint)
    if not found.get("ServiceName", "").endswith(f".{network.INVOKE}"):
        raise Problem(f"{endpoint} is an endpoint for {found.get('ServiceName')}; expected one for execute-api")
    if found.get("State", "").lower() != "available":
        raise Problem(f"expected the state available of {endpoint}, got {found.get('State')}; see it in the VPC console")
    zones = set(network.zones(door.region, found.get("SubnetIds", [])).values())
    if len(zones) < FEWEST_ZONES:
        raise Problem(
            f"{endpoint} is in {len(zones)} Availability Zone, and an outage of that zone stops every call; add a subnet"
            f" of another zone: aws ec2 modify-vpc-endpoint --region {door.region} --vpc-endpoint-id {endpoint}"
            " --add-subnet-ids SUBNET"
        )
    return f"{endpoint} is available in {', '.join(sorted(zones))}"


def private_dns(door, endpoint):
    """Private DNS of the endpoint is off."""
    if network.vpc_endpoint(door.region, endpoint).get("PrivateDnsEnabled"):
        raise Problem(
            f"{endpoint} has private DNS: every public API of API Gateway in {door.region} then answers 403 in its VPC; turn"
            f" it off unless you need it: aws ec2 modify-vpc-endpoint --region {door.region} --vpc-endpoint-id {endpoint}"
            " --no-private-dns-enabled"
        )
    return "off"


def only_control_plane(door, endpoint, cluster):
    """One security group may reach the endpoint, and only the interfaces of the control plane carry it."""
    found = network.vpc_endpoint(door.region, endpoint)
    groups = [group["GroupId"] for group in found.get("Groups", [])]
    sources = _sources(network.security_groups(door.region, groups))
    if len(sources) != 1 or not sources[0].startswith("sg-"):
        raise Problem(
            f"the security groups of {endpoint} admit {', '.join(sources) or 'nobody'}; expected one source, a security"
            " group that only the control plane carries (deploy/eks.md)"
        )
    group = sources[0]
    if group == cluster.cluster_security_group:
        raise Problem(
            f"{endpoint} admits {group}, the cluster security group, which managed nodes carry too: any Pod with the host"
            " network can call; use a group of its own (deploy/eks.md)"
        )
    if group not in cluster.security_groups:
        raise Problem(
            f"{endpoint} admits {group}, which the control plane of {cluster.name} does not carry, so no call arrives; add it"
            " with aws eks update-cluster-config (deploy/eks-plan prints the command)"
        )
    others = [
        one["NetworkInterfaceId"]
        for one in network.interfaces(door.region, group)
        if one.get("Description") != f"Amazon EKS {cluster.name}"
    ]
    if others:
        raise Problem(
            f"{group} is also on {', '.join(others)}, which can therefore call; take it off everything but the control plane"
        )
    return f"only the interfaces of the control plane of {cluster.name} carry {group}, the only source"


def _sources(groups):
    """Who may connect: security groups, prefix lists and CIDRs, by rules that include port 443."""
    found = set()
    for group in groups:
        for rule in group.get("IpPermissions", []):
            if rule.get("IpProtocol") not in ("tcp", "-1"):
                continue
            if rule.get("IpProtocol") == "tcp" and not rule.get("FromPort", 0) <= HTTPS <= rule.get("ToPort", 65535):
                continue
            found |= {one["GroupId"] for one in rule.get("UserIdGroupPairs", [])}
            found |= {one["CidrIp"] for one in rule.get("IpRanges", [])}
            found |= {one["CidrIpv6"] for one in rule.get("Ipv6Ranges", [])}
            found |= {one["PrefixListId"] for one in rule.get("PrefixListIds", [])}
    return sorted(found)


def egress(cluster):
    """The webhook calls of the cluster leave through its VPC."""
    if not cluster.is_customer_routed:
        raise Problem(
            f"expected controlPlaneEgressMode CUSTOMER_ROUTED of {cluster.name}, got {cluster.egress_mode}: its webhook calls"
            " do not leave through the VPC, and cannot reach the private door; deploy/eks-plan prints the command, which"
            " cannot be undone"
        )
    servers = network.name_servers(cluster.region, cluster.vpc)
    if "AmazonProvidedDNS" not in servers:
        raise Problem(
            f"the DHCP options of {cluster.vpc} have {', '.join(servers)}; expected AmazonProvidedDNS, which the control plane"
            " needs to resolve names"
        )
    return "CUSTOMER_ROUTED"


def trap(cluster):
    """The control plane reaches the public endpoint: no VPC endpoint takes over its name."""
    if not cluster.is_customer_routed:
        return f"{cluster.egress_mode}: webhook calls do not use the DNS of the VPC"
    found = [
        one["VpcEndpointId"]
        for one in network.vpc_endpoints(cluster.region, cluster.vpc)
        if one.get("PrivateDnsEnabled")
    ]
    if found:
        raise Problem(
            f"CUSTOMER_ROUTED, and {', '.join(found)} in {cluster.vpc} has private DNS: the control plane gets 403 from the"
            " public endpoint. Call the private door (--vpc-endpoint), give the API a custom domain name and render with"
            " --url, or turn private DNS off"
        )
    return "CUSTOMER_ROUTED, and no VPC endpoint takes over the name of the public endpoint"


def from_here(endpoint):
    """The door does not open for this machine."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Problem(
            f"{endpoint.host} does not resolve ({error}); check the id of the VPC endpoint, and the name servers of this"
            " machine"
        ) from error
    addresses = sorted({one[4][0] for one in found})
    public = [one for one in addresses if ipaddress.ip_address(one).is_global]
    if public:
        raise Problem(f"{endpoint.host} resolves to {', '.join(public)}; expected private addresses")
    try:
        socket.create_connection((endpoint.host, endpoint.port), CONNECT_SECONDS).close()
    except OSError:
        return f"{', '.join(addresses)}: cannot be reached from here"
    raise Problem(
        f"{endpoint.host} can be reached from this machine; only the control plane should reach it: see the security groups"
        " of the endpoint"
    )


def public_door(stack, calls_private):
    """What to do with the public endpoint of a stack that has a private door too."""
    if stack.later.get("PublicEndpointInForce") == "false":
        return "there is none"
    if calls_private:
        raise Problem(
            "the cluster calls the private door, and the public endpoint is still there; when no cluster calls it, deploy"
            " the stack with PublicEndpoint false (CDK: publicEndpoint)"
        )
    return "still there; set PublicEndpoint to false when every cluster calls the private door"
