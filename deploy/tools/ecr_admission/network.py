"""The VPC of a cluster, by calls of Amazon EC2 that only read."""

from . import aws

INVOKE = "execute-api"


def vpc_endpoints(region, vpc):
    """The interface endpoints for API Gateway in a VPC."""
    filters = [f"Name=vpc-id,Values={vpc}", f"Name=service-name,Values=*.{INVOKE}"]
    return aws.call("ec2", "describe-vpc-endpoints", ["--filters", *filters], region).get("VpcEndpoints", [])


def vpc_endpoint(region, endpoint):
    """One endpoint by its id."""
    answer = aws.call("ec2", "describe-vpc-endpoints", ["--vpc-endpoint-ids", endpoint], region)
    return answer["VpcEndpoints"][0]


def zones(region, subnets):
    """Subnet -> Availability Zone."""
    answer = aws.call("ec2", "describe-subnets", ["--subnet-ids", *subnets], region)
    return {one["SubnetId"]: one["AvailabilityZone"] for one in answer.get("Subnets", [])}


def security_groups(region, groups):
    """Security groups by their ids."""
    return aws.call("ec2", "describe-security-groups", ["--group-ids", *groups], region).get("SecurityGroups", [])


def interfaces(region, group):
    """The network interfaces that carry a security group."""
    filters = ["--filters", f"Name=group-id,Values={group}"]
    return aws.call("ec2", "describe-network-interfaces", filters, region).get("NetworkInterfaces", [])


def routes(region, vpc, subnets):
    """The subnets that have no default route, of those given."""
    answer = aws.call("ec2", "describe-route-tables", ["--filters", f"Name=vpc-id,Values={vpc}"], region)
    main, of_subnet = None, {}
    for table in answer.get("RouteTables", []):
        for association in table.get("Associations", []):
            if association.get("Main"):
                main = table
            if association.get("SubnetId"):
                of_subnet[association["SubnetId"]] = table
    return [subnet for subnet in subnets if not _has_default_route(of_subnet.get(subnet, main))]


def _has_default_route(table):
    destinations = ("0.0.0.0/0", "::/0")
    found = (table or {}).get("Routes", [])
    return any(
        route.get("State") == "active"
        and destinations.count(route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"))
        for route in found
    )


def name_servers(region, vpc):
    """The DNS servers of the VPC's DHCP options."""
    described = aws.call("ec2", "describe-vpcs", ["--vpc-ids", vpc], region)["Vpcs"][0]
    options = described.get("DhcpOptionsId", "default")
    if options == "default":
        return ["AmazonProvidedDNS"]
    answer = aws.call("ec2", "describe-dhcp-options", ["--dhcp-options-ids", options], region)["DhcpOptions"][0]
    found = {one["Key"]: [value["Value"] for value in one["Values"]] for one in answer["DhcpConfigurations"]}
    return found.get("domain-name-servers", ["AmazonProvidedDNS"])


def acls(region, subnets):
    """The network ACLs of subnets that are not the default one of their VPC."""
    filters = ["--filters", f"Name=association.subnet-id,Values={','.join(subnets)}"]
    found = aws.call("ec2", "describe-network-acls", filters, region).get("NetworkAcls", [])
    return [one["NetworkAclId"] for one in found if not one.get("IsDefault")]
