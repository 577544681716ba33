"""The command line of deploy/doctor."""

import argparse
from pathlib import Path

# A query reads the whole time, and costs accordingly.
MOST_HOURS = 168


def parse(description, argv=None):
    """What the user asks for; exits with 2 where that cannot be."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", metavar="NAME", help="the CloudFormation stack to check")
    parser.add_argument("--region", help="Region of the stack (default: that of the aws CLI)")
    parser.add_argument(
        "--cluster",
        help="the cluster with whose token the endpoint is checked (default: the first of --context that has one, or default)",
    )
    parser.add_argument(
        "--eks",
        action="store_true",
        help="check the endpoint and the webhooks with the cluster's key in the URL, and that nothing else opens it",
    )
    parser.add_argument(
        "--vpc-endpoint", metavar="VPCE", help="check the private door of the stack, and this VPC endpoint (VpcEndpointIds)"
    )
    parser.add_argument(
        "--eks-cluster", metavar="NAME", help="with --stack: also check the network of this Amazon EKS cluster"
    )
    parser.add_argument(
        "--in-cluster",
        action="store_true",
        help="with --vpc-endpoint: print Pods that must not be able to call the private door, and exit",
    )
    parser.add_argument("--url", help="the endpoint (default: the stack's output Endpoint)")
    parser.add_argument(
        "--token-file", metavar="PATH", help="the token (default: the cluster's in the stack's secret)"
    )
    parser.add_argument("--ca-file", metavar="PEM", help="trust only these authorities for the endpoint")
    parser.add_argument(
        "--ignored-namespaces", metavar="A,B", help="default: those of the stack; without --stack kube-system"
    )
    parser.add_argument("--image", help="also check that this image is admitted")
    parser.add_argument(
        "--audit",
        action="store_true",
        help="the policy document has every rule in audit: expect reports, not denials",
    )
    parser.add_argument(
        "--config", metavar="DIR", type=Path, help="also check these files of deploy/render-config"
    )
    parser.add_argument(
        "--live", action="store_true", help="also check the webhooks and the admission policies in the cluster"
    )
    parser.add_argument(
        "--context",
        metavar="NAME[=CLUSTER]",
        action="append",
        help="with --stack: do what --live does in the cluster of this context of the kubeconfig; repeat it, or separate"
        " contexts by commas. CLUSTER is its name in the token secret or in VpcEndpointClusters (default: NAME)",
    )
    parser.add_argument(
        "--traffic",
        metavar="HOURS",
        type=_hours,
        help=f"with --stack: also check that each cluster has sent a review in the last HOURS (1 to {MOST_HOURS})",
    )
    parser.add_argument(
        "--expect-silent",
        metavar="A,B",
        type=_words,
        default=[],
        help="with --traffic: clusters that need not send a review",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines (deploy/watch.md)")
    given = parser.parse_args(argv)
    if not given.stack and not (given.url and given.token_file):
        parser.error("pass --stack, or --url and --token-file")
    if given.vpc_endpoint and (given.url or not given.stack):
        parser.error("--vpc-endpoint needs --stack, and no --url: the stack says where its private door is")
    if given.in_cluster and not given.vpc_endpoint:
        parser.error("--in-cluster needs --vpc-endpoint: the public endpoint is there for everyone")
    if given.eks_cluster and not given.stack:
        parser.error("--eks-cluster needs --stack")
    for name in ("context", "traffic"):
        if getattr(given, name) and not given.stack:
            parser.error(f"--{name} needs --stack")
    if given.context and given.token_file:
        parser.error("--context reads the tokens of the clusters from the stack; omit --token-file")
    if given.expect_silent and not given.traffic:
        parser.error("--expect-silent needs --traffic")
    if given.in_cluster and given.json:
        parser.error("--in-cluster prints YAML; omit --json")
    return given


def _hours(text):
    hours = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= hours <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"expected a number of hours from 1 to {MOST_HOURS}, got {text!r}")
    return hours


def _words(text):
    return [word.strip() for word in text.split(",") if word.strip()]
