"""The private door of a stack: its REST API that only the VPC endpoints of VpcEndpointIds reach."""

from dataclasses import dataclass

from .endpoint import Endpoint
from .problem import Problem, quoted

STAGE = "v1"
DEPLOY = "deploy the stack with VpcEndpointIds (CDK: vpcEndpointIds), see deploy/eks.md"
# Beginning of a Region -> DNS suffix of the endpoints of API Gateway.
SUFFIXES = (("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("", "amazonaws.com"))


@dataclass(frozen=True)
class PrivateDoor:
    """A PRIVATE REST API of a stack in `region`."""

    api_id: str
    region: str
    # The VPC endpoints that may call.
    vpc_endpoints: tuple
    # VPC endpoint -> the cluster that it stands for; empty where clusters send a token or a key.
    clusters: dict

    @classmethod
    def of(cls, stack):
        """That of `stack` (a Stack), or None where it has none."""
        endpoints = words(stack.later.get("VpcEndpointIdsInForce", ""))
        if not endpoints:
            return None
        names = words(stack.later.get("VpcEndpointClustersInForce", ""))
        return cls(
            api_id=stack.output("PrivateApiId"),
            region=stack.region,
            vpc_endpoints=endpoints,
            clusters=dict(zip(endpoints, names)),
        )

    @classmethod
    def require(cls, stack, vpc_endpoint):
        """That of `stack`, with `vpc_endpoint` among its endpoints; raises Problem with what to do."""
        door = cls.of(stack)
        if door is None:
            raise Problem(f"the stack {quoted(stack.name)} has no private door; {DEPLOY}")
        if vpc_endpoint not in door.vpc_endpoints:
            raise Problem(
                f"the private door of the stack {quoted(stack.name)} does not admit {quoted(vpc_endpoint)}; expected one"
                f" of {', '.join(door.vpc_endpoints)} (VpcEndpointIds)"
            )
        return door

    def endpoint(self, vpc_endpoint):
        """Where a client in the VPC of `vpc_endpoint` calls, with private DNS or without."""
        suffix = next(suffix for prefix, suffix in SUFFIXES if self.region.startswith(prefix))
        return Endpoint.parse(f"https://{self.api_id}-{vpc_endpoint}.execute-api.{self.region}.{suffix}/{STAGE}")

    def is_keyless(self, vpc_endpoint):
        """Whether the endpoint itself stands for a cluster, so that the URL needs no key."""
        return vpc_endpoint in self.clusters


def words(text):
    """The words of a comma list; an output that has none is a dash or empty."""
    return tuple(word.strip() for word in text.split(",") if word.strip() not in ("", "-"))
