"""deploy/render-config --kustomization: what may be in Git, and what a cluster gets from there."""

import json

from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey

from .rendering import HOST, Rendering, yaml_of

TOKEN = "A" * 64
REGISTRIES = ("--registry-ids", "123456789012", "--registry-region", "eu-west-1")


class RenderKustomization(Rendering):
    def written(self):
        return sorted(path.name for path in self.out.iterdir())

    def resources(self):
        kustomization = yaml_of(self.out / "kustomization.yaml")
        self.assertEqual(kustomization["apiVersion"], "kustomize.config.k8s.io/v1beta1")
        self.assertEqual(kustomization["kind"], "Kustomization")
        return kustomization["resources"]

    def test_with_a_token_neither_the_token_nor_a_file_of_a_node_is_written(self):
        result = self.render("--url", f"https://{HOST}", "--kustomization")
        self.assertEqual(self.written(), ["kustomization.yaml", "mutating-webhook.yaml", "validating-webhook.yaml"])
        self.assertEqual(self.resources(), ["validating-webhook.yaml"])
        text = (self.out / "kustomization.yaml").read_text()
        self.assertIn("\n  # - mutating-webhook.yaml\n", text)
        self.assertIn(f"Nothing in {self.out} is a secret. Commit it, or try it: kubectl apply -k {self.out}", result.stdout)

    def test_from_a_stack_no_secret_is_read(self):
        environment = self.fake_aws(json.dumps({"default": TOKEN}))
        self.render("--stack", "EcrAdmission", "--kustomization", **environment)
        self.assertEqual(self.resources(), ["validating-webhook.yaml"])
        self.assertNotIn("secretsmanager", (self.folder / "bin" / "aws.calls").read_text())

    def test_with_a_key_only_the_admission_policy_is_written(self):
        environment = self.fake_aws(
            json.dumps({"default": TOKEN}), UrlKeysInForce="true", RegistryIdsInForce="123456789012",
            RegistryRegionInForce="eu-west-1",
        )
        given = ("--stack", "EcrAdmission", "--eks", "--failure-policy", "Ignore", "--kustomization")
        result = self.render(*given, **environment)
        self.assertEqual(self.written(), ["admission-policy.yaml", "kustomization.yaml"])
        self.assertEqual(self.resources(), ["admission-policy.yaml"])
        key = UrlKey.of(Token(TOKEN)).reveal()
        for path in self.out.iterdir():
            self.assertNotIn(key, path.read_text())
        self.assertIn("The webhooks have the cluster's key", (self.out / "kustomization.yaml").read_text())
        self.assertIn("Nothing in", result.stdout)

    def test_with_a_key_and_no_admission_policy_nothing_may_be_in_git(self):
        result = self.render("--url", f"https://{HOST}", "--eks", "--kustomization", code=1)
        self.assertIn("nothing may be in Git: the webhooks have the key of the cluster in their URLs; pass", result.stderr)
        self.assertFalse(self.out.exists())

    def test_where_the_vpc_endpoint_is_the_cluster_everything_may_be_in_git(self):
        given = ("--eks", "--keyless", "--admission-policy", "audit", *REGISTRIES)
        self.render("--url", f"https://{HOST}", *given, "--kustomization")
        self.assertEqual(self.resources(), ["validating-webhook.yaml", "admission-policy.yaml"])
