"""The CloudFormation outputs of a deployed stack."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Optional

from . import aws
from .problem import Problem, quoted

OUTPUTS = (
    "TokenSecretArn",
    "IgnoredNamespacesInForce",
    "MetricsNamespaceInForce",
    "AuthorizerCacheSecondsInForce",
)
# Those that not every stack has: older ones lack some, and what a stack does not have is not among its outputs. Only
# what needs one asks for it.
LATER_OUTPUTS = (
    "UrlKeysInForce",
    "AllowedSourcesInForce",
    "RegistryIdsInForce",
    "RegistryRegionInForce",
    "PolicySecretInForce",
    "TokenOverlapHoursInForce",
    "PrivateApiId",
    "VpcEndpointIdsInForce",
    "VpcEndpointClustersInForce",
    "PublicEndpointInForce",
    "RegionalEndpoint",
    "Endpoint",
    "Version",
    "AdmissionLog",
    "AccessLog",
    "RestAccessLog",
    "LogLevelInForce",
)


@dataclass(frozen=True)
class Stack:
    """One deployment of ecr-admission."""

    name: str
    region: Optional[str]
    account: Optional[str]
    secret_arn: str
    ignored_namespaces: str
    metrics_namespace: str
    # How long API Gateway reuses an answer of the authorizer.
    authorizer_cache_seconds: int
    # Output -> value, of LATER_OUTPUTS.
    later: dict = field(default_factory=dict)
    # When it was deployed last, where that is known.
    deployed: Optional[datetime] = None
    # As CloudFormation says it.
    status: str = ""

    def output(self, name):
        """The value of one of LATER_OUTPUTS."""
        if name not in self.later:
            raise Problem(
                f"the stack {quoted(self.name)} has no output {name}; deploy the stack again with the version of this"
                " checkout"
            )
        return self.later[name]

    @property
    def endpoint(self):
        """The URL of the public endpoint: an HTTP API, or else a Regional REST API. Raises Problem where there is none."""
        if self.has_public_endpoint:
            return self.later.get("Endpoint") or self.later["RegionalEndpoint"]
        if self.later.get("PublicEndpointInForce") == "false":
            raise Problem(
                f"the stack {quoted(self.name)} has no public endpoint (PublicEndpoint is false); pass --vpc-endpoint, one of"
                f" {self.later.get('VpcEndpointIdsInForce', 'VpcEndpointIds')}"
            )
        return self.output("Endpoint")

    @property
    def has_public_endpoint(self):
        """Whether it can be called from the internet."""
        return bool(self.later.get("Endpoint") or self.later.get("RegionalEndpoint"))

    @property
    def rest_api_id(self):
        """The id of the REST API behind a private or Regional door, or None where there is none."""
        return self.later.get("PrivateApiId") or _api_of(self.later.get("RegionalEndpoint", ""))

    @property
    def has_url_keys(self):
        """Whether clusters may call it by a key in the URL."""
        return self.later.get("UrlKeysInForce") == "true"

    @property
    def allowed_sources(self):
        """The CIDRs from which it may be called, as text; empty for any."""
        return self.later.get("AllowedSourcesInForce", "")

    def require_url_keys(self):
        """Raises Problem where no cluster can call it by a key in the URL."""
        if self.output("UrlKeysInForce") != "true":
            raise Problem(
                f"the stack {quoted(self.name)} has no key URLs (UrlKeys is {quoted(self.output('UrlKeysInForce'))});"
                " deploy it with UrlKeys true (CDK: urlKeys), see deploy/eks.md"
            )

    @property
    def api_id(self):
        """The id of the HTTP API, or None where the endpoint does not show it."""
        return _api_of(self.later.get("Endpoint", ""))


def describe(name, region=None):
    """Reads the outputs of the CloudFormation stack `name`."""
    arguments = ["--stack-name", name]
    answer = aws.call("cloudformation", "describe-stacks", arguments, region)
    found = answer["Stacks"][0]
    outputs = {
        output["OutputKey"]: output.get("OutputValue", "") for output in found.get("Outputs", [])
    }
    missing = [key for key in OUTPUTS if key not in outputs]
    if missing:
        raise Problem(
            f"the stack {quoted(name)} (status {found.get('StackStatus', 'unknown')}) has no output"
            f" {', '.join(missing)}; wait until its deployment has finished, or check --stack and --region: this may"
            " not be an ecr-admission stack, or one of another version"
        )
    return Stack(
        name=name,
        # The Region of the stack's own id, so that later calls go where the stack is even when the
        # Region came from the aws CLI's configuration.
        region=region or _part_of(found, 3),
        account=_part_of(found, 4),
        secret_arn=outputs["TokenSecretArn"],
        ignored_namespaces=outputs["IgnoredNamespacesInForce"],
        metrics_namespace=outputs["MetricsNamespaceInForce"],
        authorizer_cache_seconds=int(outputs["AuthorizerCacheSecondsInForce"]),
        later={key: outputs[key] for key in LATER_OUTPUTS if key in outputs},
        deployed=_deployed(found),
        status=found.get("StackStatus", ""),
    )


def _deployed(found):
    value = found.get("LastUpdatedTime") or found.get("CreationTime")
    return aws.time(value) if value else None


def _api_of(url):
    match = re.match(r"https://([a-z0-9]+)\.execute-api\.", url)
    return match.group(1) if match else None


def _part_of(found, place):
    """The Region (3) or the account (4) in the id of a stack."""
    match = re.match(r"arn:[\w-]+:cloudformation:[\w-]+:\d+:", found.get("StackId", ""))
    return match.group(0).split(":")[place] if match else None
