"""deploy/render-config: where the apiserver finds the files and the token, --stack, and what it refuses."""

import json
from pathlib import Path

from ecr_admission import rendered
from project import tools

from . import ROOT
from .rendering import HOST, Rendering, yaml_of

TOKEN = "A" * 64


class RenderConfig(Rendering):
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

    def test_from_a_stack(self):
        result = self.render("--stack", "EcrAdmission", **self.fake_aws(json.dumps({"default": TOKEN})))
        self.assertEqual((self.out / "token").read_text(), f"{TOKEN}\n")
        self.assertEqual((self.out / "token").stat().st_mode & 0o777, 0o600)
        self.assertNotIn(TOKEN, result.stdout + result.stderr)
        for webhook in rendered.webhooks_in(self.out / "validating-webhook.yaml"):
            self.assertEqual(webhook.expressions[0], "!(request.namespace in ['kube-system', 'ci'])")
        users = rendered.users_in(self.out / "webhook-kubeconfig.yaml")
        self.assertEqual(users, {HOST: "/etc/kubernetes/ecr-admission/token"})
        calls = (self.folder / "bin" / "aws.calls").read_text()
        # The Region of the stack, even if that of the CLI is another one.
        self.assertIn("secretsmanager get-secret-value", calls)
        self.assertIn("--region eu-west-1", calls)

    def test_a_stack_without_a_usable_token(self):
        for secret, expected in (
            (json.dumps({"default": "short"}), "shorter than 32 characters"),
            (json.dumps({"blue": TOKEN}), 'has no cluster "default" (it has "blue")'),
            (TOKEN, "not a JSON object"),
        ):
            with self.subTest(expected):
                environment = self.fake_aws(secret)
                result = self.render("--stack", "EcrAdmission", code=1, **environment)
                self.assertIn(expected, result.stderr)
                self.assertNotIn(TOKEN, result.stderr)
                self.assertFalse(self.out.exists())

    def test_without_the_aws_cli(self):
        # Only Python: the rest of PATH may have an aws.
        python = self.folder / "python3"
        python.symlink_to(tools.bin_of("kubernetes") / "python")
        environment = self.folder / "env"
        environment.symlink_to("/usr/bin/env")
        result = self.render("--stack", "EcrAdmission", code=1, PATH=str(self.folder))
        self.assertIn("the aws CLI is not on PATH", result.stderr)

    def test_refused(self):
        for url, expected in (
            ("http://example.com", "which is not an https URL"),
            ("https://user@example.com", "a URL with a user, query or fragment"),
            ("https://example.com?x=1", "a URL with a user, query or fragment"),
            ("https://example.com:port", "(Port could not be cast"),
            ("https://exa mple.com", "white space, a quote or a backslash"),
        ):
            self.assertIn(expected, self.from_url(url=url, code=1).stderr)
        self.assertIn("expected names of namespaces", self.from_url("--ignored-namespaces", "a']", code=1).stderr)
        self.assertIn("cannot read none.pem: No such file", self.from_url("--ca-file", "none.pem", code=1).stderr)
        self.assertIn("invalid choice: 'Sometimes'", self.from_url("--failure-policy", "Sometimes", code=2).stderr)
        self.assertIn("needs --token-file", self.render("--url", f"https://{HOST}", code=2).stderr)
        both = self.render("--stack", "S", "--ignored-namespaces", "a", code=2)
        self.assertIn("come from the stack", both.stderr)
        self.assertFalse(self.out.exists())
