"""deploy/doctor, deploy/render-config and deploy/eks-plan with a private door: what they read of AWS, and say."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ecr_admission import eks_cluster, private_checks, stack
from ecr_admission.endpoint import Endpoint
from ecr_admission.private_door import PrivateDoor
from ecr_admission.problem import Problem
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey

from . import ROOT
from .aws_answers import AwsAnswers
from .private_world import API, CLUSTER, OTHER, VPCE, answers, cluster_of
from .rendering import yaml_of

TOKEN = "q3Zr8Wm1Xk7Pv0Ny5Tg2Hc9Jd4Lf6SbB7uQx2MzEo5Aw1KpRi8VtYs3aZ9bY8cX7"
KEY = UrlKey.of(Token(TOKEN)).reveal()
HOST = f"{API}-{VPCE}.execute-api.eu-west-1.amazonaws.com"
# The stand-in for kubectl: it reads nothing.
NO_KUBECTL = "#!/bin/sh\necho 'no cluster' >&2\nexit 1\n"


class Tools(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"
        self.aws = AwsAnswers(self.folder, sys.executable, answers())
        (self.folder / "kubectl").write_text(NO_KUBECTL)
        (self.folder / "kubectl").chmod(0o755)

    def stack(self, **outputs):
        """Another stack, which has a token secret."""
        secret = {"VersionId": "v1", "CreatedDate": 1795176000, "SecretString": json.dumps({"default": TOKEN})}
        self.aws.answers.update(answers(**outputs))
        self.aws.answers["secretsmanager get-secret-value"] = secret

    def run_tool(self, name, *arguments, code=0):
        self.aws.write()
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        command = [sys.executable, str(ROOT / "deploy" / name), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for secret in (TOKEN, KEY):
            self.assertNotIn(secret, result.stdout + result.stderr)
        return result.stdout + result.stderr


class Render(Tools):
    def render(self, *arguments, code=0, **outputs):
        self.stack(**outputs)
        return self.run_tool("render-config", "--stack", "s", "--out", str(self.out), *arguments, code=code)

    def urls(self, name="validating-webhook.yaml"):
        return {webhook["clientConfig"]["url"] for webhook in yaml_of(self.out / name)["webhooks"]}

    def test_with_a_key(self):
        self.render("--eks", "--vpc-endpoint", VPCE)
        self.assertEqual(self.urls(), {f"https://{HOST}/v1/validate/{KEY}"})
        self.assertEqual((self.out / "validating-webhook.yaml").stat().st_mode & 0o777, 0o600)

    def test_keyless_has_no_secret_and_needs_no_key_urls(self):
        names = {"VpcEndpointClustersInForce": "blue,green", "UrlKeysInForce": "false"}
        said = self.render("--eks", "--vpc-endpoint", VPCE, **names)
        self.assertEqual(sorted(path.name for path in self.out.iterdir()), ["mutating-webhook.yaml", "validating-webhook.yaml"])
        self.assertEqual(self.urls(), {f"https://{HOST}/v1/validate"})
        self.assertEqual(self.urls("mutating-webhook.yaml"), {f"https://{HOST}/v1/mutate"})
        text = (self.out / "validating-webhook.yaml").read_text()
        self.assertIn("# The URLs have no secret: ", text)
        self.assertIn("#   kubectl apply -f validating-webhook.yaml", text)
        self.assertNotIn("SECRET", text)
        self.assertEqual((self.out / "validating-webhook.yaml").stat().st_mode & 0o777, 0o644)
        self.assertIn("Next; the files have no secret:\n  kubectl apply -f ", said)
        # The token secret is not read.
        self.assertEqual(self.aws.calls(), ["cloudformation describe-stacks"])

    def test_with_a_token(self):
        self.render("--vpc-endpoint", OTHER)
        kubeconfig = (self.out / "webhook-kubeconfig.yaml").read_text()
        self.assertIn(f'- name: "{API}-{OTHER}.execute-api.eu-west-1.amazonaws.com"', kubeconfig)
        self.assertEqual(self.urls(), {f"https://{API}-{OTHER}.execute-api.eu-west-1.amazonaws.com/v1/validate"})

    def test_by_url(self):
        arguments = ["--url", f"https://{HOST}/v1", "--eks", "--keyless", "--out", str(self.out)]
        self.run_tool("render-config", *arguments)
        self.assertEqual(self.urls(), {f"https://{HOST}/v1/validate"})

    def test_what_is_refused(self):
        for arguments, outputs, code, expected in (
            (["--vpc-endpoint", "vpce-1"], {}, 1, f'does not admit "vpce-1"; expected one of {VPCE}, {OTHER}'),
            (["--vpc-endpoint", VPCE], {"VpcEndpointIdsInForce": ""}, 1, 'the stack "s" has no private door; deploy the stack'),
            ([], {"Endpoint": None, "PublicEndpointInForce": "false"}, 1, "has no public endpoint (PublicEndpoint is false)"),
            (["--eks", "--vpc-endpoint", VPCE], {"UrlKeysInForce": "false"}, 1, "has no key URLs"),
            (["--eks", "--keyless"], {}, 2, "omit --keyless: with --stack"),
        ):
            with self.subTest(arguments):
                self.assertIn(expected, self.render(*arguments, code=code, **outputs))
                self.assertFalse(self.out.exists())
        for arguments, expected in (
            (["--vpc-endpoint", VPCE, "--token-file", "t"], "--vpc-endpoint needs --stack"),
            (["--keyless"], "--keyless needs --eks, and no --token-file"),
            (["--keyless", "--eks", "--token-file", "t"], "--keyless needs --eks, and no --token-file"),
        ):
            self.assertIn(expected, self.run_tool("render-config", "--url", f"https://{HOST}/v1", *arguments, code=2))


class Door(unittest.TestCase):
    """Each check of a private door, with AWS as the answers describe it."""

    def setUp(self):
        self.answers = answers()

    def check(self, check):
        """What `check(door, cluster)` returns, or its problem."""

        def call(service, operation, arguments, region=None, secret=None):
            answer = self.answers[f"{service} {operation}"]
            if operation == "get-export":
                Path(arguments[-1]).write_text(json.dumps(answer))
            return answer

        with mock.patch("ecr_admission.aws.call", call):
            described = stack.describe("s")
            door = PrivateDoor.require(described, VPCE)
            try:
                return check(door, eks_cluster.describe(CLUSTER, "eu-west-1"))
            except Problem as found:
                return f"PROBLEM {found}"

    def assert_says(self, check, expected):
        self.assertRegex(self.check(check), expected)

    def test_the_policy_that_is_deployed(self):
        def check(door, _):
            return private_checks.api(door)

        self.assert_says(check, f"^PRIVATE, and the deployed policy admits {VPCE}, {OTHER} only$")
        deny = self.answers["apigateway get-export"]["x-amazon-apigateway-policy"]["Statement"][1]
        deny["Condition"] = {"StringNotEquals": {"aws:sourceVpce": VPCE}}
        self.assert_says(check, f"^PROBLEM expected a deployed policy that admits {VPCE}, {OTHER}, got {VPCE}: .*create-deployment")
        deny["Condition"] = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
        self.assert_says(check, "^PROBLEM the deployed policy has a Deny of another kind")
        deny["Effect"] = "Allow"
        self.assert_says(check, "^PROBLEM the deployed policy denies nobody")
        self.answers["apigateway get-rest-api"]["endpointConfiguration"]["types"] = ["REGIONAL"]
        self.assert_says(check, "^PROBLEM expected a REST API of type PRIVATE, got REGIONAL")

    def test_the_endpoint(self):
        def check(door, _):
            return private_checks.vpc_endpoint(door, VPCE)

        (found,) = self.answers["ec2 describe-vpc-endpoints"]["VpcEndpoints"]
        self.assert_says(check, f"^{VPCE} is available in eu-west-1a, eu-west-1b$")
        found["State"] = "pendingAcceptance"
        self.assert_says(check, "^PROBLEM expected the state available of .*, got pendingAcceptance")
        found.update(State="Available")
        self.answers["ec2 describe-subnets"]["Subnets"].pop()
        self.assert_says(check, "^PROBLEM .* is in 1 Availability Zone, .*--add-subnet-ids SUBNET$")
        found["ServiceName"] = "com.amazonaws.eu-west-1.s3"
        self.assert_says(check, "^PROBLEM .* is an endpoint for com.amazonaws.eu-west-1.s3; expected one for execute-api")

    def test_private_dns(self):
        def check(door, _):
            return private_checks.private_dns(door, VPCE)

        self.assert_says(check, "^off$")
        self.answers["ec2 describe-vpc-endpoints"]["VpcEndpoints"][0]["PrivateDnsEnabled"] = True
        self.assert_says(check, "^PROBLEM .* has private DNS: every public API .* then answers 403 .*--no-private-dns-enabled$")

    def test_only_the_control_plane_can_connect(self):
        def check(door, cluster):
            return private_checks.only_control_plane(door, VPCE, cluster)

        (rule,) = self.answers["ec2 describe-security-groups"]["SecurityGroups"][0]["IpPermissions"]
        self.assert_says(check, f"^only the interfaces of the control plane of {CLUSTER} carry sg-calls, the only source$")
        for change, expected in (
            ({"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}, "admit 10.0.0.0/16, sg-calls; expected one source"),
            ({"UserIdGroupPairs": []}, "admit nobody; expected one source"),
            ({"FromPort": 80, "ToPort": 90}, "admit nobody; expected one source"),
            ({"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, "admit ::/0, sg-calls; expected one source"),
            ({"UserIdGroupPairs": [{"GroupId": "sg-cluster"}]}, "the cluster security group, which managed nodes carry too"),
            ({"UserIdGroupPairs": [{"GroupId": "sg-none"}]}, "sg-none, which the control plane of shop does not carry"),
        ):
            with self.subTest(change):
                before = dict(rule)
                rule.update(change)
                self.assert_says(check, f"^PROBLEM .*{expected}")
                rule.clear()
                rule.update(before)
        self.answers["ec2 describe-network-interfaces"]["NetworkInterfaces"][1]["Description"] = "a node"
        self.assert_says(check, "^PROBLEM sg-calls is also on eni-2, which can therefore call")

    def test_egress(self):
        def check(_, cluster):
            return private_checks.egress(cluster)

        self.assert_says(check, "^CUSTOMER_ROUTED$")
        options = self.answers["ec2 describe-dhcp-options"]["DhcpOptions"][0]["DhcpConfigurations"][0]
        options["Values"] = [{"Value": "10.0.0.2"}]
        self.assert_says(check, "^PROBLEM the DHCP options of vpc-1 have 10.0.0.2; expected AmazonProvidedDNS")
        del cluster_of(self.answers)["controlPlaneEgressMode"]
        self.assert_says(check, "^PROBLEM expected controlPlaneEgressMode CUSTOMER_ROUTED of shop, got AWS_MANAGED")

    def test_the_trap_of_a_public_endpoint(self):
        def check(_, cluster):
            return private_checks.trap(cluster)

        (found,) = self.answers["ec2 describe-vpc-endpoints"]["VpcEndpoints"]
        self.assert_says(check, "^CUSTOMER_ROUTED, and no VPC endpoint takes over")
        found["PrivateDnsEnabled"] = True
        self.assert_says(check, f"^PROBLEM CUSTOMER_ROUTED, and {VPCE} in vpc-1 has private DNS: the control plane gets 403")
        cluster_of(self.answers)["controlPlaneEgressMode"] = "AWS_MANAGED"
        self.assert_says(check, "^AWS_MANAGED: webhook calls do not use the DNS of the VPC$")

    def test_from_here(self):
        def found(host, *addresses):
            infos = [(None, None, None, "", (address, 443)) for address in addresses]
            with mock.patch("socket.getaddrinfo", return_value=infos):
                try:
                    return private_checks.from_here(Endpoint.parse(f"https://{host}/v1"))
                except Problem as problem:
                    return f"PROBLEM {problem}"

        self.assertRegex(found(HOST, "203.0.114.7"), "^PROBLEM .* resolves to 203.0.114.7; expected private addresses$")
        with mock.patch("socket.create_connection", side_effect=TimeoutError):
            self.assertEqual(found(HOST, "10.0.3.4", "10.0.4.5"), "10.0.3.4, 10.0.4.5: cannot be reached from here")
        with mock.patch("socket.create_connection"):
            self.assertRegex(found(HOST, "10.0.3.4"), "^PROBLEM .* can be reached from this machine; only the control plane")

    def test_the_public_endpoint(self):
        for outputs, calls, expected in (
            ({"PublicEndpointInForce": "false", "Endpoint": None}, True, "^there is none$"),
            ({}, False, "^still there; set PublicEndpoint to false when every cluster"),
            ({}, True, "^PROBLEM the cluster calls the private door, and the public endpoint is still there"),
        ):
            self.answers = answers(**outputs)

            def check(_door, _cluster, calls=calls):
                return private_checks.public_door(stack.describe("s"), calls)

            self.assert_says(check, expected)


class Doctor(Tools):
    def doctor(self, *arguments, code=0, **outputs):
        self.stack(**outputs)
        return self.run_tool("doctor", "--stack", "s", *arguments, code=code)

    def test_a_door_that_cannot_be_reached_from_here_is_not_called(self):
        said = self.doctor("--vpc-endpoint", VPCE, "--eks-cluster", CLUSTER, code=1)
        for name in ("private API", "VPC endpoint", "private DNS", "egress", "who can connect"):
            self.assertIn(f"ok    {name}: ", said)
        # This machine has no DNS for it.
        self.assertIn(f"FAIL  from here: {HOST} does not resolve", said)
        self.assertIn(f"https://{HOST}/v1: 1 check failed", said)
        self.assertNotIn("certificate", said)

    def test_how_the_registry_of_the_stack_is_scanned(self):
        self.stack(RegistryIdsInForce="123456789012", RegistryRegionInForce="eu-west-1,us-east-1")
        answer = {"scanningConfiguration": {"scanType": "BASIC", "rules": []}}
        arguments = ["--stack", "s", "--vpc-endpoint", VPCE]
        refused = self.run_tool("doctor", *arguments, code=1)
        self.assertIn("warn  scanning in us-east-1: aws ecr get-registry-scanning-configuration failed: ", refused)
        self.aws.answers["ecr get-registry-scanning-configuration"] = answer
        said = self.run_tool("doctor", *arguments, code=1)
        for region in ("eu-west-1", "us-east-1"):
            self.assertIn(f"ok    scanning in {region}: basic scanning looks at an image once, ", said)
        # A warning is not a failure.
        self.assertIn("1 check failed", refused)
        # That of another account cannot be read.
        said = self.doctor(*arguments[2:], code=1, RegistryIdsInForce="210987654321")
        self.assertNotIn("scanning in", said)
        self.assertRegex(said, r"\nwarn  registry account: the registry 210987654321 belongs to another account than this stack \(1")

    def test_nothing_but_reads(self):
        self.doctor("--vpc-endpoint", VPCE, "--eks-cluster", CLUSTER, code=1)
        for call in self.aws.calls():
            self.assertRegex(call, r"^\w+ (describe|get|list|simulate)-")

    def test_the_pods_that_must_not_be_able_to_connect(self):
        text = self.doctor("--vpc-endpoint", VPCE, "--in-cluster", VpcEndpointClustersInForce="blue,green")
        head, *pods = text.split("\n---\n")
        self.assertIn("#   kubectl create -n kube-system -f FILE", head)
        found = [json.loads(pod.split("\n", 1)[1]) for pod in pods]
        self.assertEqual([pod["spec"].get("hostNetwork", False) for pod in found], [False, True])
        for pod in found:
            (container,) = pod["spec"]["containers"]
            self.assertIn(f"'https://{HOST}/v1/validate'", container["command"][2])
            # The script is one that a shell can read.
            subprocess.run(["sh", "-n", "-c", container["command"][2]], check=True)

    def test_what_is_refused(self):
        for arguments, expected in (
            (["--vpc-endpoint", VPCE, "--url", "https://a.example"], "--vpc-endpoint needs --stack, and no --url"),
            (["--in-cluster"], "--in-cluster needs --vpc-endpoint"),
        ):
            self.assertIn(expected, self.doctor(*arguments, code=2))


class EksPlan(Tools):
    def plan(self, **outputs):
        self.stack(**outputs)
        text = self.run_tool("eks-plan", CLUSTER, "--stack", "s")
        for call in self.aws.calls():
            self.assertRegex(call, r"^\w+ (describe|get|list|simulate)-")
        return text

    def commands(self, text):
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def test_a_cluster_that_is_not_routed_yet(self):
        self.stack(VpcEndpointIdsInForce="")
        network = cluster_of(self.aws.answers)
        network.update(controlPlaneEgressMode="AWS_MANAGED", securityGroupIds=["sg-old"])
        text = self.run_tool("eks-plan", CLUSTER, "--stack", "s")
        self.assertIn("# Nothing was found that would break.", text)
        self.assertRegex(text, r"# 6\. THIS CANNOT BE UNDONE: .*\naws eks update-cluster-config --region eu-west-1 --name shop")
        self.assertIn("--no-private-dns-enabled --subnet-ids subnet-a subnet-b --security-group-ids $door", text)
        self.assertIn("-c vpcEndpointIds=$vpce -c vpcEndpointClusters=shop)", text)
        groups = next(line for line in self.commands(text) if "securityGroupIds" in line)
        # A shell fills in the new group, and what is left is JSON.
        shown = subprocess.run(
            ["sh", "-c", f"control_plane=sg-new; printf '%s\\n' {groups.partition('--resources-vpc-config ')[2]}"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(json.loads(shown.stdout), {"securityGroupIds": ["sg-old", "sg-new"]})
        script = "\n".join(self.commands(text))
        subprocess.run(["sh", "-n", "-c", script], check=True)

    def test_what_the_stack_has_stays(self):
        text = self.plan(VpcEndpointClustersInForce="blue,green")
        self.assertIn(f"-c vpcEndpointIds={VPCE},{OTHER},$vpce -c vpcEndpointClusters=blue,green,shop)", text)
        self.assertIn("Egress leaves through the VPC already (CUSTOMER_ROUTED): nothing to do", text)
        # Where clusters send a key, the list of names would have to name them all.
        text = self.plan(VpcEndpointClustersInForce="")
        self.assertIn(f"-c vpcEndpointIds={VPCE},{OTHER},$vpce)", text)
        self.assertNotIn("vpcEndpointClusters", text)

    def test_what_would_break(self):
        found = answers()
        found["ec2 describe-vpc-endpoints"]["VpcEndpoints"][0]["PrivateDnsEnabled"] = True
        found["ec2 describe-route-tables"]["RouteTables"][0]["Routes"] = []
        found["ec2 describe-network-acls"]["NetworkAcls"][0]["IsDefault"] = False
        found["ec2 describe-subnets"]["Subnets"][1]["AvailabilityZone"] = "eu-west-1a"
        found["iam simulate-principal-policy"]["EvaluationResults"][0]["EvalDecision"] = "implicitDeny"
        found["eks list-identity-provider-configs"] = {"identityProviderConfigs": [{"type": "oidc", "name": "sso"}]}
        found["ec2 describe-dhcp-options"]["DhcpOptions"][0]["DhcpConfigurations"][0]["Values"] = [{"Value": "10.0.0.2"}]
        found["eks describe-cluster"]["cluster"]["kubernetesNetworkConfig"]["ipFamily"] = "ipv6"
        self.aws.answers = found
        text = self.run_tool("eks-plan", CLUSTER, "--stack", "s")
        for expected in (
            "no default route in subnet-a, subnet-b: after the egress switch",
            f"{VPCE} in vpc-1 has private DNS: after the switch",
            "acl-1: these network ACLs must allow 443 out and 1024-65535 in",
            "the subnets of the cluster are in one Availability Zone",
            "may not ec2:DescribeVpcs: it would not take up changes of DNS",
            "OIDC identity providers (sso) are read through the VPC after the switch",
            "the DHCP options of vpc-1 have 10.0.0.2, not AmazonProvidedDNS",
            "the cluster uses IPv6",
        ):
            self.assertIn(f"#   - {expected}" if not expected.startswith("may") else expected, text)

    def test_webhooks_outside_the_cluster_are_named(self):
        configuration = {
            "webhooks": [
                {"clientConfig": {"url": "https://policy.example.com/a"}},
                {"clientConfig": {"url": "https://a.b.svc:443/a"}},
                {"clientConfig": {"service": {"name": "a"}}},
            ]
        }
        (self.folder / "kubectl").write_text(f"#!/bin/sh\necho '{json.dumps({'items': [configuration]})}'\n")
        text = self.plan()
        self.assertIn("#   - these webhooks are called outside the cluster, and through the VPC after the switch:", text)
        self.assertEqual(re.findall(r"policy\.example\.com|a\.b\.svc", text), ["policy.example.com"])

    def test_a_stack_that_cannot_be_read_is_taken_for_new(self):
        self.stack()
        del self.aws.answers["cloudformation describe-stacks"]
        text = self.run_tool("eks-plan", CLUSTER, "--stack", "s")
        self.assertIn("# The stack is taken for new: aws cloudformation describe-stacks failed", text)
        self.assertIn("-c vpcEndpointIds=$vpce -c vpcEndpointClusters=shop)", text)
