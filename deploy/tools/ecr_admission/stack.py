"""What a deployed stack says of itself: its CloudFormation outputs, and its secret."""

import re
from dataclasses import dataclass
from typing import Optional

from . import aws
from .problem import Problem
from .tokens import Tokens

OUTPUTS = (
    "Endpoint",
    "TokenSecretArn",
    "NamespacesIgnored",
    "MetricsIn",
    "AuthorizerCachedSeconds",
)


@dataclass(frozen=True)
class Stack:
    """One deployment of ecr-admission."""

    name: str
    region: Optional[str]
    endpoint: str
    secret_arn: str
    ignored_namespaces: str
    metrics_namespace: str
    # How long API Gateway reuses an authorizer answer.
    authorizer_cache_seconds: int

    @property
    def api_id(self):
        """The id of the HTTP API, or None where the endpoint does not show it."""
        match = re.match(r"https://([a-z0-9]+)\.execute-api\.", self.endpoint)
        return match.group(1) if match else None


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
            f"the stack {name!r} has no output {', '.join(missing)}; it is not an ecr-admission stack, or its"
            f" deployment has not ended (status {found.get('StackStatus', 'unknown')})"
        )
    return Stack(
        name=name,
        # The Region of the stack's own id, so that later calls go where the stack is even when the
        # Region came from the aws CLI's configuration.
        region=region or _region_of(found.get("StackId", "")),
        endpoint=outputs["Endpoint"],
        secret_arn=outputs["TokenSecretArn"],
        ignored_namespaces=outputs["NamespacesIgnored"],
        metrics_namespace=outputs["MetricsIn"],
        authorizer_cache_seconds=int(outputs["AuthorizerCachedSeconds"]),
    )


def read_tokens(secret, region=None):
    """The current tokens of the secret (its name or ARN)."""
    answer = aws.call("secretsmanager", "get-secret-value", ["--secret-id", secret], region)
    return Tokens.parse(answer.get("SecretString", ""))


def _region_of(stack_id):
    match = re.match(r"arn:[\w-]+:cloudformation:([\w-]+):", stack_id)
    return match.group(1) if match else None
