"""deploy/render-config --eks and --admission-policy: the key in the URLs, the bundle, and when deny is refused."""

import json
import os
import subprocess

from ecr_admission import render, rendered
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey
from project import tools

from . import ROOT
from .rendering import HOST, Rendering, yaml_of
from .test_render_webhooks import KUBERNETES

TOKEN = "A" * 64
KEY = UrlKey.of(Token(TOKEN)).reveal()
WITH_KEYS = {
    "UrlKeysInForce": "true",
    "RegistryIdsInForce": "123456789012,210987654321",
    "RegistryRegionInForce": "eu-west-1,cn-north-1",
    "PolicySecretInForce": "",
}
POLICY_SECRET = {"PolicySecretInForce": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:policy-AbCdEf"}
# Answers as `ecr-admission policy check` does, by what the document is, and writes down how it was called.
FAKE_READER = """#!/bin/sh
echo "$@" > "$0.called"
stat -c %a "$3" >> "$0.called"
case "$(cat "$3")" in
  denies) echo "a page"; exit 0 ;;
  loose) echo "$3: ecr-registry does not always deny: breakGlass" >&2; exit 1 ;;
  *) echo "cargo is not installed" >&2; exit 2 ;;
esac
"""


class RenderEks(Rendering):
    def from_stack(self, *arguments, code=0, policy="", **outputs):
        environment = self.fake_aws(json.dumps({"default": TOKEN}), policy, **{**WITH_KEYS, **outputs})
        result = self.render("--stack", "EcrAdmission", "--eks", *arguments, code=code, **environment)
        for secret in (TOKEN, KEY):
            self.assertNotIn(secret, result.stdout + result.stderr)
        return result

    def written(self):
        return sorted(path.name for path in self.out.iterdir())

    def reader(self):
        reader = self.folder / "ecr-admission"
        reader.write_text(FAKE_READER)
        reader.chmod(0o755)
        return reader

    def test_only_the_webhook_configurations_with_the_key_in_their_urls(self):
        result = self.from_stack()
        self.assertEqual(self.written(), ["mutating-webhook.yaml", "validating-webhook.yaml"])
        for name, route in (("validating", "validate"), ("mutating", "mutate")):
            path = self.out / f"{name}-webhook.yaml"
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            for webhook in yaml_of(path)["webhooks"]:
                self.assertEqual(webhook["clientConfig"], {"url": f"https://{HOST}/{route}/{KEY}"})
            text = path.read_text()
            self.assertNotIn(TOKEN, text)
            self.assertIn("# THIS FILE IS A SECRET: each URL ends with the key", text)
            self.assertIn(f"#   kubectl create -f {path.name} ", text)
            self.assertIn(f"#   kubectl replace -f {path.name} ", text)
            self.assertNotIn("kubectl apply -f", text)
            self.assertTrue(all(len(line) <= 120 for line in text.splitlines() if KEY not in line))
            self.assertIn(f"wrote {path} (mode 0600; the key of the cluster is in it)", result.stdout)
            self.assertIn(f"kubectl create -f {path}", result.stdout)
        self.assertNotIn("kubectl apply -f", result.stdout)
        webhooks = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
        self.assertEqual([one["failurePolicy"] for one in webhooks], ["Fail", "Ignore"])
        self.assertIn("'kube-system', 'ci'", webhooks[0]["matchConditions"][0]["expression"])

    def test_without_the_stack_the_token_is_read_here(self):
        token = self.folder / "token"
        token.write_text(f"{TOKEN}\n")
        self.render("--url", f"https://{HOST}", "--eks", "--token-file", str(token))
        self.assertEqual(self.written(), ["mutating-webhook.yaml", "validating-webhook.yaml"])
        (webhook, _) = rendered.webhooks_in(self.out / "validating-webhook.yaml")
        self.assertEqual(webhook.url, f"https://{HOST}/validate/{KEY}")
        missing = self.render("--url", f"https://{HOST}", "--eks", "--token-file", "/none", code=1)
        self.assertIn("cannot read the token file /none", missing.stderr)

    def test_a_file_that_others_could_read_is_replaced(self):
        self.from_url()
        self.assertEqual((self.out / "validating-webhook.yaml").stat().st_mode & 0o777, 0o644)
        self.from_stack()
        self.assertEqual((self.out / "validating-webhook.yaml").stat().st_mode & 0o777, 0o600)

    def test_a_stack_without_keys_is_refused(self):
        result = self.from_stack(code=1, UrlKeysInForce="false")
        self.assertIn('has no key URLs (UrlKeys is "false"); deploy it with UrlKeys true', result.stderr)
        environment = self.fake_aws(json.dumps({"default": TOKEN}))
        result = self.render("--stack", "EcrAdmission", "--eks", code=1, **environment)
        self.assertIn("has no output UrlKeysInForce; deploy the stack again", result.stderr)
        self.assertFalse(self.out.exists())

    def test_ignore_is_the_bundle(self):
        result = self.from_stack("--failure-policy", "Ignore")
        self.assertEqual(self.written(), ["admission-policy.yaml", "mutating-webhook.yaml", "validating-webhook.yaml"])
        text = (self.out / "admission-policy.yaml").read_text()
        self.assertNotIn(KEY, text)
        self.assertEqual((self.out / "admission-policy.yaml").stat().st_mode & 0o777, 0o644)
        pods, binding, controllers, warning = self.policies()
        self.assertEqual(binding["spec"]["validationActions"], ["Warn", "Audit"])
        self.assertEqual(warning["spec"]["validationActions"], ["Warn"])
        for policy in (pods, controllers):
            self.assertEqual(policy["spec"]["failurePolicy"], "Fail")
            self.assertEqual(len(policy["spec"]["validations"]), 4)
        self.assertIn("as in deploy/samples/policy-audit.yaml, this denies nothing", result.stdout)
        self.assertTrue((ROOT / "deploy/samples/policy-audit.yaml").exists())
        self.assertIn(f"kubectl apply -f {self.out}/admission-policy.yaml", result.stdout)
        (webhook, _) = yaml_of(self.out / "validating-webhook.yaml")["webhooks"]
        self.assertEqual(webhook["failurePolicy"], "Ignore")

    def policies(self):
        python = tools.bin_of("kubernetes") / "python"
        program = (
            "import json, sys, yaml, kubernetes_validate as k\n"
            "found = list(yaml.safe_load_all(open(sys.argv[1])))\n"
            f"[k.validate(one, version, strict=True) for one in found for version in {KUBERNETES!r}]\n"
            "print(json.dumps(found))\n"
        )
        command = [python, "-c", program, self.out / "admission-policy.yaml"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr[-1000:])
        return json.loads(result.stdout)

    def test_deny_without_a_policy_document(self):
        result = self.from_stack("--admission-policy", "deny")
        _, binding, _, warning = self.policies()
        self.assertEqual(binding["spec"]["validationActions"], ["Deny"])
        self.assertEqual(warning["spec"]["validationActions"], ["Warn"])
        self.assertNotIn("policy-audit.yaml", result.stdout)

    def test_deny_asks_the_reader_of_the_policy_document(self):
        reader = self.reader()
        given = ("--admission-policy", "deny", "--ecr-admission", str(reader))
        self.from_stack(*given, policy="denies", **POLICY_SECRET)
        called, mode = reader.with_suffix(".called").read_text().splitlines()
        self.assertRegex(called, r"^policy check /\S+/policy\.yaml --require-deny ecr-registry$")
        self.assertEqual(mode, "600")
        for document, expected in (
            (
                "loose",
                "error: --admission-policy deny needs a policy document in force under which ecr-registry denies for"
                " everyone, everywhere: the policy document: ecr-registry does not always deny: breakGlass; change the"
                " document, or use --admission-policy audit\n",
            ),
            (
                "unreadable",
                "error: cannot check the policy document (cargo is not installed); --admission-policy deny needs that:"
                " install cargo, or pass --ecr-admission with the path of a built ecr-admission\n",
            ),
        ):
            for path in self.out.iterdir():
                path.unlink()
            result = self.from_stack(*given, code=1, policy=document, **POLICY_SECRET)
            self.assertEqual(result.stderr, expected)
            self.assertEqual(self.written(), [])
        result = self.from_stack(
            "--admission-policy", "deny", "--ecr-admission", "/none", code=1, policy="denies", **POLICY_SECRET
        )
        self.assertIn("cannot run /none: No such file or directory; check --ecr-admission", result.stderr)

    def test_audit_asks_for_no_document(self):
        reader = self.reader()
        given = ("--admission-policy", "audit", "--ecr-admission", str(reader))
        self.from_stack(*given, policy="loose", **POLICY_SECRET)
        self.assertFalse(reader.with_suffix(".called").exists())

    def test_the_admission_policy_without_the_stack(self):
        registries = ("--registry-ids", "123456789012", "--registry-region", "us-east-1")
        self.from_url("--admission-policy", "deny", "--policy", "", *registries)
        names = {*render.WEBHOOKS, *render.CREDENTIALS, "admission-policy.yaml"}
        self.assertEqual(set(self.written()), names)
        self.assertEqual(self.policies()[1]["spec"]["validationActions"], ["Deny"])
        document = self.folder / "policy.yaml"
        document.write_text("loose")
        given = ("--admission-policy", "deny", "--policy", str(document), "--ecr-admission", str(self.reader()))
        self.assertIn("breakGlass", self.from_url(*given, *registries, code=1).stderr)
        for arguments, expected in (
            (("--admission-policy", "audit"), "needs --registry-ids and --registry-region with --url"),
            (("--admission-policy", "deny", *registries), "needs --policy with --url"),
            (("--admission-policy", "audit", *registries[:3], "east"), "'east' is not a Region"),
            (("--eks", "--failure-policy", "Ignore"), "needs --registry-ids and --registry-region with --url"),
            (("--eks", "--install-dir", "/x"), "omit --install-dir"),
        ):
            code = 1 if "east" in arguments else 2
            self.assertIn(expected, self.from_url(*arguments, code=code).stderr)

    def test_what_comes_from_the_stack_is_not_given(self):
        for option in ("--registry-ids", "--registry-region", "--policy", "--ignored-namespaces"):
            result = self.render("--stack", "S", option, "x", code=2, **os.environ)
            self.assertIn(f"omit {option}: with --stack", result.stderr)
        result = self.render("--stack", "S", "--eks", "--token-file", "x", code=2)
        self.assertIn("omit --token-file", result.stderr)
