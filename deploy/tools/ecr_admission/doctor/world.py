"""What is checked, and with what: the stack, its doors, and the tokens of its clusters."""

from functools import cached_property

from .. import authorities, namespaces, rendered, stack, versions
from ..caller import Caller
from ..endpoint import Endpoint
from ..private_door import PrivateDoor
from ..problem import Problem
from ..registries import Registries
from ..token import Token
from ..url_key import UrlKey
from . import contexts
from .calls import Calls

CLUSTER = "default"


class World:
    """What is checked, and with what."""

    def __init__(self, given):
        self.given = given
        self.contexts = contexts.parse(given.context) if given.context else []
        self.stack = stack.describe(given.stack, given.region) if given.stack else None
        # The private door, where that is what is checked.
        self.door = PrivateDoor.require(self.stack, given.vpc_endpoint) if given.vpc_endpoint else None
        # Whether the cluster sends neither token nor key.
        self.keyless = given.eks and self.door is not None and self.door.is_keyless(given.vpc_endpoint)
        if given.eks and self.stack and not self.keyless:
            self.stack.require_url_keys()
        self.endpoint = self.door.endpoint(given.vpc_endpoint) if self.door else self.public_endpoint()
        self.caller = Caller(self.endpoint, _authorities(given))
        self.token = None
        if not given.token_file and not self.keyless:
            self.token = self.tokens.of(self.cluster)
        ignored = given.ignored_namespaces
        if ignored is None:
            ignored = self.stack.ignored_namespaces if self.stack else "kube-system"
        self.ignored = namespaces.parse(ignored)

    @cached_property
    def version(self):
        """The current version of the token secret, or None where that is not read."""
        return None if self.given.token_file or not self.stack else versions.current(self.stack)

    @cached_property
    def previous_version(self):
        """The version of the token secret before that, or None."""
        return versions.previous(self.stack)

    @property
    def tokens(self):
        """Those of the current version."""
        if self.version is None:
            raise Problem("--token-file has the token of one cluster only; omit it to check several")
        return self.version.tokens

    @cached_property
    def cluster(self):
        """The cluster with whose token the endpoint is checked: with --context the first one that has a token."""
        if self.given.cluster:
            return self.given.cluster
        return next((one.cluster for one in self.contexts if self.tokens.get(one.cluster)), CLUSTER)

    @property
    def key(self):
        """The key of the cluster, where one is checked and the token is known."""
        return UrlKey.of(self.token) if self.given.eks and self.token else None

    @property
    def calls(self):
        """How the cluster of the current context calls."""
        return Calls(self.endpoint, self.key, self.keyless, private=self.door is not None)

    @cached_property
    def door_of_stack(self):
        """The private door of the stack, or None where it has none."""
        return PrivateDoor.of(self.stack)

    @property
    def keyless_clusters(self):
        """Those for which a VPC endpoint stands."""
        return list(self.door_of_stack.clusters.values()) if self.door_of_stack else []

    @property
    def is_only_keyless(self):
        """Whether no token opens anything: every call comes through an endpoint that stands for a cluster."""
        return bool(self.keyless_clusters) and not self.stack.has_public_endpoint

    def public_endpoint(self):
        """The endpoint that can be called from here. Raises Problem where there is none."""
        return Endpoint.parse(self.given.url or self.stack.endpoint)

    def read_token(self):
        """Reads the token file."""
        self.token = Token.read(self.given.token_file)
        return f"{self.given.token_file} has a token"

    def registries(self):
        """Those of the stack, or None where they are not known."""
        later = self.stack.later if self.stack else {}
        if not {"RegistryIdsInForce", "RegistryRegionInForce"} <= later.keys():
            return None
        return Registries.parse(later["RegistryIdsInForce"], later["RegistryRegionInForce"])


def _authorities(given):
    """The authorities to trust: those of --ca-file, else those in the files of --config."""
    if given.ca_file or not given.config:
        return authorities.read(given.ca_file)
    path = given.config / "validating-webhook.yaml"
    bundles = [webhook.ca_pem for webhook in rendered.webhooks_in(path)]
    return next((authorities.parse(pem, f"the caBundle in {path}") for pem in bundles if pem), None)
