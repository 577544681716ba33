"""deploy/render-config: the webhook configurations."""

import base64
import hashlib
import re
import ssl
import subprocess

from ecr_admission import rendered
from project import tools
from project.loopback import make_certificate

from . import ROOT
from .rendering import HOST, Rendering, yaml_of

SPEC_CHANGED = {
    "name": "spec-changed",
    "expression": "request.operation == 'CREATE' || object.spec != oldObject.spec",
}
# From the oldest with stable matchConditions to the newest that the schemas have.
KUBERNETES = ("1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")


class RenderWebhooks(Rendering):
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
            ["--ignored-namespaces", ""],
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
        program = (
            "import sys, yaml, kubernetes_validate as k\n"
            "k.validate(yaml.safe_load(open(sys.argv[1])), '1.37', strict=True)\n"
        )
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
        for expected, given in (("Fail", []), ("Fail", ["Fail"]), ("Ignore", ["Ignore"])):
            self.from_url(*(["--failure-policy", *given] if given else []))
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
            self.from_url(*([] if given is None else ["--ignored-namespaces", given]))
            pods, controllers = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
            by_namespace = {"name": "namespace-not-ignored", "expression": expected}
            self.assertEqual(controllers["matchConditions"], [by_namespace])
            self.assertEqual(pods["matchConditions"], [by_namespace, SPEC_CHANGED])
        self.from_url("--ignored-namespaces", "")
        pods, controllers = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
        self.assertEqual(pods["matchConditions"], [SPEC_CHANGED])
        self.assertNotIn("matchConditions", controllers)

    def test_the_bundle_is_the_certificates_of_the_file(self):
        certificate = self.folder / "ca.pem"
        make_certificate(self.folder / "key.pem", certificate)
        # Text between the certificates, as `openssl x509 -text` writes it, is not for the apiserver.
        certificate.write_text(f"Issuer: someone\n{certificate.read_text()}")
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

    def test_what_doctor_reads_is_what_a_yaml_reader_reads(self):
        self.from_url("--ignored-namespaces", "kube-system,ci")
        path = self.out / "validating-webhook.yaml"
        for read, webhook in zip(rendered.webhooks_in(path), yaml_of(path)["webhooks"]):
            self.assertEqual(read.name, webhook["name"])
            self.assertEqual(read.url, webhook["clientConfig"]["url"])
            self.assertEqual(read.expressions, [one["expression"] for one in webhook["matchConditions"]])
            self.assertEqual(read.failure_policy, webhook["failurePolicy"])
        self.assertEqual(rendered.users_in(self.out / "webhook-kubeconfig.yaml"), {HOST: "/etc/t/token"})
