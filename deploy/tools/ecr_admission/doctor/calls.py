"""How one cluster calls the stack: through which door, and with what."""

from dataclasses import dataclass
from typing import Optional

from .. import rendered
from ..endpoint import Endpoint
from ..problem import Problem
from ..tokens import shown
from ..url_key import UrlKey


@dataclass(frozen=True)
class Calls:
    """The address, and the key in it where there is one."""

    endpoint: Endpoint
    key: Optional[UrlKey] = None
    # The VPC endpoint stands for the cluster, which sends neither token nor key.
    keyless: bool = False
    # Through the private door.
    private: bool = False


def calls_of(world, name, cluster):
    """How the cluster `name` should call. Where it may do so through several doors, through the one that its webhooks name."""
    urls = [webhook.url for webhook in rendered.webhooks_live(cluster)]
    vpc_endpoint = _vpc_endpoint(world, name, urls)
    if vpc_endpoint is None:
        return Calls(world.public_endpoint(), key=_key(world, name))
    endpoint = world.door_of_stack.endpoint(vpc_endpoint)
    if not world.door_of_stack.is_keyless(vpc_endpoint):
        return Calls(endpoint, key=_key(world, name), private=True)
    stands_for = world.door_of_stack.clusters[vpc_endpoint]
    if stands_for != name:
        raise Problem(
            f"the webhooks call {vpc_endpoint}, which stands for the cluster {shown(stands_for)} and not for {shown(name)};"
            " call the VPC endpoint of this cluster, or pass --context NAME=CLUSTER"
        )
    return Calls(endpoint, keyless=True, private=True)


def _vpc_endpoint(world, name, urls):
    """The VPC endpoint of the private door that the cluster calls or should call; None for the public endpoint."""
    door = world.door_of_stack
    if door is None:
        return None
    for vpc_endpoint in door.vpc_endpoints:
        if any(url.startswith(f"{door.endpoint(vpc_endpoint).url('')}/") for url in urls):
            return vpc_endpoint
    own = next((endpoint for endpoint, cluster in door.clusters.items() if cluster == name), None)
    if own or not world.stack.has_public_endpoint:
        return own or world.given.vpc_endpoint or door.vpc_endpoints[0]
    return None


def _key(world, name):
    """The key of the cluster, where it is in the URLs. Raises Problem where no token of the cluster is known."""
    token = world.tokens.of(name)
    return UrlKey.of(token) if world.given.eks else None
