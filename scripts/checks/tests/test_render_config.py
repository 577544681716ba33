"""deploy/render-config: what it writes, and what it refuses."""

import base64
import hashlib
import json
import os
import re
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

from ecr_admission import rendered
from project import tools

from . import ROOT
from .front import make_certificate

HOST = "abcde12345.execute-api.eu-west-1.amazonaws.com"
SPEC_CHANGED = {
    "name": "spec-changed",
    "expression": "request.operation == 'CREATE' || object.spec != oldObject.spec",
}
# The oldest in which matchConditions are stable, and the newest that the schemas know.
KUBERNETES = ("1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
STACK = {
    "Endpoint": f"https://{HOST}",
    "TokenSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tokens",
    "NamespacesIgnored": "kube-system,ci",
    "MetricsIn": "EcrAdmission",
    "AuthorizerCachedSeconds": "60",
}
TOKEN = "A" * 64
# Answers as the aws CLI does, from the files beside it, and keeps what it was asked.
FAKE_AWS = """#!/bin/sh
echo "$*" >> "$0.asked"
case "$1" in
  cloudformation) cat "$0.stack" ;;
  secretsmanager) cat "$0.secret" ;;
  *) echo "An error occurred (AccessDenied)" >&2; exit 254 ;;
esac
"""


def yaml_of(path):
    """The file as an object; through the Python that has a YAML reader."""
    python = tools.bin_of("kubernetes") / "python"
    program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
    output = subprocess.run([python, "-c", program, path], capture_output=True, text=True, check=True).stdout
    return json.loads(output)


class RenderConfig(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.out = self.folder / "out"

    def render(self, *arguments, code=0, **environment):
        result = subprocess.run(
            [str(ROOT / "deploy" / "render-config"), "--out", str(self.out), *arguments],
            env={**os.environ, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def from_url(self, *arguments, url=f"https://{HOST}", code=0):
        return self.render("--url", url, "--token-file", "/etc/t/token", *arguments, code=code)

    def fake_aws(self, secret):
        aws = self.folder / "bin" / "aws"
        aws.parent.mkdir()
        aws.write_text(FAKE_AWS)
        aws.chmod(0o755)
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in STACK.items()]
        stack_id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/EcrAdmission/1"
        stacks = {"Stacks": [{"StackId": stack_id, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}
        Path(f"{aws}.stack").write_text(json.dumps(stacks))
        Path(f"{aws}.secret").write_text(json.dumps({"SecretString": secret}))
        return {"PATH": f"{aws.parent}:{os.environ['PATH']}"}

    def test_the_webhooks_pass_the_schemas_of_kubernetes(self):
        certificate = self.folder / "ca.pem"
        make_certificate(self.folder / "key.pem", certificate)
        program = (
            "import sys, yaml, kubernetes_validate as k\n"
            "for path in sys.argv[2:]:\n"
            "    for version in sys.argv[1].split(','):\n"
            "        k.validate(yaml.safe_load(open(path)), version, strict=True)\n"
            "        print(version)\n"
        )
        python = tools.bin_of("kubernetes") / "python"
        variants = (
            [],
            ["--namespaces-ignored", ""],
            ["--ca-file", str(certificate)],
            ["--mutate-controllers"],
            ["--failure-policy", "Ignore"],
        )
        for variant in variants:
            self.from_url(*variant)
            paths = [str(self.out / f"{half}-webhook.yaml") for half in ("validating", "mutating")]
            command = [python, "-c", program, ",".join(KUBERNETES), *paths]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stderr[-500:])
            self.assertEqual(len(result.stdout.split()), 2 * len(KUBERNETES))

    def test_the_schemas_would_find_a_mistake(self):
        self.from_url()
        path = self.out / "validating-webhook.yaml"
        path.write_text(path.read_text().replace("failurePolicy", "failurePolicies", 1))
        program = "import sys, yaml, kubernetes_validate as k; k.validate(yaml.safe_load(open(sys.argv[1])), '1.37', strict=True)"
        command = [tools.bin_of("kubernetes") / "python", "-c", program, path]
        self.assertNotEqual(subprocess.run(command, capture_output=True, check=False).returncode, 0)

    def test_pods_deny_and_controllers_only_warn(self):
        self.from_url()
        pods, controllers = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
        self.assertEqual((pods["failurePolicy"], pods["timeoutSeconds"]), ("Fail", 5))
        self.assertEqual((controllers["failurePolicy"], controllers["timeoutSeconds"]), ("Ignore", 3))
        (rule,) = pods["rules"]
        self.assertEqual(rule["resources"], ["pods", "pods/ephemeralcontainers"])
        named = {resource for rule in controllers["rules"] for resource in rule["resources"]}
        expected = "deployments replicasets statefulsets daemonsets jobs cronjobs replicationcontrollers podtemplates"
        self.assertEqual(named, set(expected.split()))
        for webhook in (pods, controllers):
            self.assertEqual(webhook["clientConfig"], {"url": f"https://{HOST}/validate"})
            self.assertEqual(webhook["sideEffects"], "None")
            self.assertEqual(webhook["matchPolicy"], "Equivalent")
            self.assertNotIn("namespaceSelector", webhook)
            self.assertNotIn("objectSelector", webhook)
            for rule in webhook["rules"]:
                self.assertEqual(rule["operations"], ["CREATE", "UPDATE"])

    def test_the_failure_policy_of_pods_is_what_was_asked_for(self):
        for given, expected in (([], "Fail"), (["--failure-policy", "Fail"], "Fail"), (["--failure-policy", "Ignore"], "Ignore")):
            self.from_url(*given)
            path = self.out / "validating-webhook.yaml"
            pods, controllers = yaml_of(path)["webhooks"]
            self.assertEqual(pods["failurePolicy"], expected)
            self.assertEqual(controllers["failurePolicy"], "Ignore")
            self.assertEqual(rendered.failure_policy(rendered.webhooks_in(path)), expected)
            self.assertEqual("admitted unchecked" in path.read_text(), expected == "Ignore")

    def test_the_mutating_webhook_never_blocks(self):
        self.from_url()
        (webhook,) = yaml_of(self.out / "mutating-webhook.yaml")["webhooks"]
        self.assertEqual(webhook["failurePolicy"], "Ignore")
        self.assertEqual(webhook["reinvocationPolicy"], "IfNeeded")
        self.assertEqual(webhook["clientConfig"], {"url": f"https://{HOST}/mutate"})

    def test_ignored_namespaces_are_one_condition(self):
        for given, expected in (
            (None, "!(request.namespace in ['kube-system'])"),
            ("b, a,b", "!(request.namespace in ['b', 'a'])"),
        ):
            self.from_url(*([] if given is None else ["--namespaces-ignored", given]))
            pods, controllers = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
            by_namespace = {"name": "namespace-not-ignored", "expression": expected}
            self.assertEqual(controllers["matchConditions"], [by_namespace])
            self.assertEqual(pods["matchConditions"], [by_namespace, SPEC_CHANGED])
        self.from_url("--namespaces-ignored", "")
        pods, controllers = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
        self.assertEqual(pods["matchConditions"], [SPEC_CHANGED])
        self.assertNotIn("matchConditions", controllers)

    def test_the_token_goes_to_the_exact_host(self):
        cases = {
            f"https://{HOST}": HOST,
            f"https://{HOST}:443/": HOST,
            "https://127.0.0.1:8443": "127.0.0.1:8443",
            "https://[::1]:8443": "[::1]:8443",
        }
        for url, host in cases.items():
            self.from_url(url=url)
            expected = {
                "apiVersion": "v1",
                "kind": "Config",
                "users": [{"name": host, "user": {"tokenFile": "/etc/t/token"}}],
            }
            self.assertEqual(yaml_of(self.out / "webhook-kubeconfig.yaml"), expected)

    def test_the_paths_are_absolute(self):
        self.render("--url", f"https://{HOST}", "--token-file", "token")
        users = yaml_of(self.out / "webhook-kubeconfig.yaml")["users"]
        self.assertEqual(users[0]["user"]["tokenFile"], str(self.folder / "token"))
        for install, expected in ((None, self.out), ("/etc/kubernetes/x", Path("/etc/kubernetes/x"))):
            self.from_url(*([] if install is None else ["--install-dir", install]))
            configuration = yaml_of(self.out / "admission-configuration.yaml")
            self.assertEqual(configuration["apiVersion"], "apiserver.config.k8s.io/v1")
            self.assertEqual(configuration["kind"], "AdmissionConfiguration")
            plugins = {plugin["name"]: plugin["configuration"] for plugin in configuration["plugins"]}
            self.assertEqual(set(plugins), {"ValidatingAdmissionWebhook", "MutatingAdmissionWebhook"})
            for plugin in plugins.values():
                expected_plugin = {
                    "apiVersion": "apiserver.config.k8s.io/v1",
                    "kind": "WebhookAdmissionConfiguration",
                    "kubeConfigFile": str(expected / "webhook-kubeconfig.yaml"),
                }
                self.assertEqual(plugin, expected_plugin)

    def test_the_bundle_is_the_certificates_of_the_file(self):
        certificate = self.folder / "ca.pem"
        make_certificate(self.folder / "key.pem", certificate)
        # Text around the certificates, as `openssl x509 -text` leaves it, is not for the apiserver.
        certificate.write_text(f"Issuer: somebody\n{certificate.read_text()}")
        self.from_url("--ca-file", str(certificate))
        for webhook in yaml_of(self.out / "validating-webhook.yaml")["webhooks"]:
            pem = base64.b64decode(webhook["clientConfig"]["caBundle"]).decode()
            self.assertTrue(pem.startswith("-----BEGIN CERTIFICATE-----"))

    def test_amazons_roots_are_what_the_comments_say(self):
        path = ROOT / "deploy" / "amazon-trust-services.pem"
        text = path.read_text()
        found = re.findall(r"# SHA-256 ([0-9a-f]{64})\n(-----BEGIN.+?END CERTIFICATE-----)", text, re.DOTALL)
        self.assertEqual(len(found), text.count("BEGIN CERTIFICATE"))
        for fingerprint, pem in found:
            self.assertEqual(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest(), fingerprint)
        self.from_url("--ca-file", str(path))
        (webhook, _) = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
        bundle = base64.b64decode(webhook["clientConfig"]["caBundle"]).decode()
        self.assertEqual(bundle.count("BEGIN CERTIFICATE"), len(found))

    def test_kubeadm_and_kops_mount_what_is_rendered(self):
        kubeadm = yaml_of(ROOT / "deploy" / "kubeadm" / "cluster-configuration.yaml")["apiServer"]
        kops = yaml_of(ROOT / "deploy" / "kops" / "cluster-spec.yaml")["spec"]
        (argument,), (volume,) = kubeadm["extraArgs"], kubeadm["extraVolumes"]
        self.assertEqual(argument["name"], "admission-control-config-file")
        self.assertEqual(volume["hostPath"], volume["mountPath"])
        for configuration in (argument["value"], kops["kubeAPIServer"]["admissionControlConfigFile"]):
            folder = Path(configuration).parent
            self.from_url("--token-file", str(folder / "token"), "--install-dir", str(folder))
            rendered_text = (self.out / "admission-configuration.yaml").read_text()
            self.assertIn(f"--admission-control-config-file={configuration}", rendered_text)
        self.assertEqual(volume["mountPath"], "/etc/kubernetes/ecr-admission")
        written = {asset["path"]: asset.get("mode") for asset in kops["fileAssets"]}
        expected = {f"{folder}/{name}": None for name in ("admission-configuration.yaml", "webhook-kubeconfig.yaml")}
        self.assertEqual(written, {**expected, f"{folder}/token": "0600"})

    def test_what_doctor_reads_is_what_a_yaml_reader_reads(self):
        self.from_url("--namespaces-ignored", "kube-system,ci")
        path = self.out / "validating-webhook.yaml"
        for read, webhook in zip(rendered.webhooks_in(path), yaml_of(path)["webhooks"]):
            self.assertEqual(read.name, webhook["name"])
            self.assertEqual(read.url, webhook["clientConfig"]["url"])
            self.assertEqual(read.expressions, [one["expression"] for one in webhook["matchConditions"]])
            self.assertEqual(read.failure_policy, webhook["failurePolicy"])
        self.assertEqual(rendered.users_in(self.out / "webhook-kubeconfig.yaml"), {HOST: "/etc/t/token"})

    def test_from_a_stack(self):
        result = self.render("--stack", "EcrAdmission", **self.fake_aws(json.dumps({"default": TOKEN})))
        self.assertEqual((self.out / "token").read_text(), f"{TOKEN}\n")
        self.assertEqual((self.out / "token").stat().st_mode & 0o777, 0o600)
        self.assertNotIn(TOKEN, result.stdout + result.stderr)
        for webhook in rendered.webhooks_in(self.out / "validating-webhook.yaml"):
            self.assertEqual(webhook.expressions[0], "!(request.namespace in ['kube-system', 'ci'])")
        users = rendered.users_in(self.out / "webhook-kubeconfig.yaml")
        self.assertEqual(users, {HOST: "/etc/kubernetes/ecr-admission/token"})
        asked = (self.folder / "bin" / "aws.asked").read_text()
        # The Region of the stack, also where the CLI's own is another one.
        self.assertIn("secretsmanager get-secret-value", asked)
        self.assertIn("--region eu-west-1", asked)

    def test_a_stack_without_a_usable_token(self):
        for secret, expected in (
            (json.dumps({"default": "short"}), "shorter than 32 characters"),
            (json.dumps({"blue": TOKEN}), "names no cluster 'default' (it names: blue)"),
            (TOKEN, "not a JSON object"),
        ):
            with self.subTest(expected):
                environment = self.fake_aws(secret)
                result = self.render("--stack", "EcrAdmission", code=1, **environment)
                self.assertIn(expected, result.stderr)
                self.assertNotIn(TOKEN, result.stderr)
                self.assertFalse(self.out.exists())
                for file in (self.folder / "bin").iterdir():
                    file.unlink()
                (self.folder / "bin").rmdir()

    def test_without_the_aws_cli(self):
        # Python alone: the rest of PATH may hold an aws.
        python = self.folder / "python3"
        python.symlink_to(tools.bin_of("kubernetes") / "python")
        environment = self.folder / "env"
        environment.symlink_to("/usr/bin/env")
        result = self.render("--stack", "EcrAdmission", code=1, PATH=str(self.folder))
        self.assertIn("the aws CLI is not installed", result.stderr)

    def test_refused(self):
        for url, expected in (
            ("http://example.com", "is not an https URL"),
            ("https://user@example.com", "has a user, query or fragment"),
            ("https://example.com?x=1", "has a user, query or fragment"),
            ("https://example.com:port", "cannot be read"),
            ("https://exa mple.com", "blank, a quote or a backslash"),
        ):
            self.assertIn(expected, self.from_url(url=url, code=1).stderr)
        self.assertIn("not a namespace", self.from_url("--namespaces-ignored", "a']", code=1).stderr)
        self.assertIn("cannot read the CA file", self.from_url("--ca-file", "none.pem", code=1).stderr)
        self.assertIn("invalid choice: 'Sometimes'", self.from_url("--failure-policy", "Sometimes", code=2).stderr)
        self.assertIn("needs --token-file", self.render("--url", f"https://{HOST}", code=2).stderr)
        both = self.render("--stack", "S", "--namespaces-ignored", "a", code=2)
        self.assertIn("comes from the stack", both.stderr)
        self.assertFalse(self.out.exists())


if __name__ == "__main__":
    unittest.main()
