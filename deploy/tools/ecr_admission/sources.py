"""AllowedSources: the addresses from which an endpoint may be called, and whether this machine has one of them."""

import http.client
import ipaddress

from .problem import Problem

# It answers with the address of the caller, as AWS sees it.
MIRROR = "checkip.amazonaws.com"
TIMEOUT_SECONDS = 5


def own_address():
    """The address from which this machine calls AWS, or None where it cannot be found out."""
    connection = http.client.HTTPSConnection(MIRROR, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        return _plain(ipaddress.ip_address(connection.getresponse().read(64).decode("ascii").strip()))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def explain(allowed, address):
    """Why AllowedSources, the comma-separated CIDRs `allowed`, refuses `address`; None where it does not."""
    if not allowed:
        return None
    if address is None:
        return (
            f"AllowedSources ({allowed}) may be the cause: {MIRROR} does not say what the address of this machine is;"
            " run this from a network that AllowedSources has"
        )
    networks = [_network(word.strip()) for word in allowed.split(",") if word.strip()]
    if any(address in network for network in networks):
        return None
    return (
        f"AllowedSources ({allowed}) does not have the address of this machine, {address}; run this from a network that"
        " it has, or add the address while you check"
    )


def _network(text):
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Problem(f"AllowedSources has an entry that is not a CIDR: {error}") from error
    # ::ffff:203.0.113.0/120 is 203.0.113.0/24.
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}", strict=False)
    return network


def _plain(address):
    return getattr(address, "ipv4_mapped", None) or address
