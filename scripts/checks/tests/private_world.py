"""An Amazon EKS cluster with a private door, as AWS describes it when all is right."""

import copy

from .rendering import STACK

VPCE, OTHER = "vpce-0123456789abcdef0", "vpce-0fedcba9876543210"
API = "abcde12345"
CLUSTER = "shop"
OUTPUTS = {
    **STACK,
    "UrlKeysInForce": "true",
    "RegistryIdsInForce": "210987654321",
    "RegistryRegionInForce": "eu-west-1",
    "PrivateApiId": API,
    "VpcEndpointIdsInForce": f"{VPCE},{OTHER}",
    "VpcEndpointClustersInForce": "",
    "PublicEndpointInForce": "true",
}
POLICY = {
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
            "Condition": {"StringNotEquals": {"aws:SourceVpce": [VPCE, OTHER]}},
        },
    ]
}
ZONES = {"subnet-a": "eu-west-1a", "subnet-b": "eu-west-1b"}
ANSWERS = {
    "apigateway get-rest-api": {"id": API, "endpointConfiguration": {"types": ["PRIVATE"]}},
    "apigateway get-export": {"openapi": "3.0.1", "x-amazon-apigateway-policy": POLICY},
    "ec2 describe-vpc-endpoints": {
        "VpcEndpoints": [
            {
                "VpcEndpointId": VPCE,
                "ServiceName": "com.amazonaws.eu-west-1.execute-api",
                "State": "available",
                "SubnetIds": list(ZONES),
                "Groups": [{"GroupId": "sg-door"}],
                "PrivateDnsEnabled": False,
            }
        ]
    },
    "ec2 describe-subnets": {"Subnets": [{"SubnetId": one, "AvailabilityZone": zone} for one, zone in ZONES.items()]},
    "ec2 describe-security-groups": {
        "SecurityGroups": [
            {
                "GroupId": "sg-door",
                "IpPermissions": [
                    {
                        "IpProtocol": "tcp",
                        "FromPort": 443,
                        "ToPort": 443,
                        "UserIdGroupPairs": [{"GroupId": "sg-calls"}],
                        "IpRanges": [],
                    }
                ],
            }
        ]
    },
    "ec2 describe-network-interfaces": {
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-1", "Description": f"Amazon EKS {CLUSTER}"},
            {"NetworkInterfaceId": "eni-2", "Description": f"Amazon EKS {CLUSTER}"},
        ]
    },
    "ec2 describe-vpcs": {"Vpcs": [{"VpcId": "vpc-1", "DhcpOptionsId": "dopt-1"}]},
    "ec2 describe-dhcp-options": {
        "DhcpOptions": [
            {"DhcpConfigurations": [{"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]}]}
        ]
    },
    "ec2 describe-network-acls": {"NetworkAcls": [{"NetworkAclId": "acl-1", "IsDefault": True}]},
    "ec2 describe-route-tables": {
        "RouteTables": [
            {
                "Associations": [{"Main": True}],
                "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "NatGatewayId": "nat-1"}],
            }
        ]
    },
    "eks describe-cluster": {
        "cluster": {
            "name": CLUSTER,
            "arn": f"arn:aws:eks:eu-west-1:123456789012:cluster/{CLUSTER}",
            "roleArn": "arn:aws:iam::123456789012:role/cluster",
            "resourcesVpcConfig": {
                "vpcId": "vpc-1",
                "subnetIds": list(ZONES),
                "securityGroupIds": ["sg-old", "sg-calls"],
                "clusterSecurityGroupId": "sg-cluster",
                "controlPlaneEgressMode": "CUSTOMER_ROUTED",
            },
            "kubernetesNetworkConfig": {"ipFamily": "ipv4"},
        }
    },
    "eks list-identity-provider-configs": {"identityProviderConfigs": []},
    "iam simulate-principal-policy": {
        "EvaluationResults": [
            {"EvalActionName": "ec2:DescribeVpcs", "EvalDecision": "allowed"},
            {"EvalActionName": "ec2:DescribeDhcpOptions", "EvalDecision": "allowed"},
        ]
    },
}


def answers(**outputs):
    """The answers of AWS, with a stack that has these outputs too; one that is None is not there."""
    pairs = {**OUTPUTS, **outputs}
    stack = {
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in pairs.items() if value is not None],
    }
    return {**copy.deepcopy(ANSWERS), "cloudformation describe-stacks": {"Stacks": [stack]}}


def cluster_of(found):
    """The network of the cluster in these answers, to change it."""
    return found["eks describe-cluster"]["cluster"]["resourcesVpcConfig"]
