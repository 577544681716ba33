"""ecr_admission.configuration: whether the rendered files and the live objects agree with the endpoint."""

import json
import os
from unittest import mock

from ecr_admission import configuration, rendered
from ecr_admission.endpoint import Endpoint
from ecr_admission.kubectl import Cluster
from ecr_admission.problem import Problem

from .rendering import HOST, Rendering, yaml_of

ENDPOINT = Endpoint.parse(f"https://{HOST}")
IGNORED = ["kube-system"]
TOKEN = "t" * 64


class Configuration(Rendering):
    def webhooks(self, *arguments):
        self.from_url(*arguments)
        return rendered.webhooks_in(self.out / "validating-webhook.yaml")

    def test_the_rendered_webhooks_agree(self):
        found = configuration.webhooks(self.webhooks(), ENDPOINT, IGNORED, "Fail")
        self.assertEqual(found, f"two webhooks call https://{HOST}/validate")

    def test_each_difference_is_named(self):
        def change(**values):
            def changed(webhooks):
                for name, value in values.items():
                    setattr(webhooks[0], name, value)

            return changed

        name = "pods.ecr-admission.internal"
        for difference, expected in (
            (change(url="https://a/validate"), f'^{name}: expected the URL https://{HOST}/validate, got "https://a/'),
            (change(expressions=[]), rf"^{name}: expected the matchConditions \[.*\], got \[\]; run deploy/"),
            (change(selectors=["objectSelector"]), f"^{name} has objectSelector, so anyone who may set such labels"),
            (change(name="another"), f"^the webhook {name} is missing; run deploy/render-config and kubectl apply"),
            (change(failure_policy="Ignore"), f'^{name}: expected failurePolicy Fail, got "Ignore"; run deploy/'),
            (change(failure_policy="ignore"), f'^{name}: expected failurePolicy Fail or Ignore, got "ignore"'),
        ):
            webhooks = self.webhooks()
            difference(webhooks)
            with self.subTest(expected), self.assertRaisesRegex(Problem, expected):
                configuration.webhooks(webhooks, ENDPOINT, IGNORED, "Fail")

    def test_ignore_is_accepted_and_explained(self):
        found = configuration.webhooks(self.webhooks("--failure-policy", "Ignore"), ENDPOINT, IGNORED)
        self.assertIn("failurePolicy Ignore: whenever a call fails", found)
        self.assertIn("admitted unchecked", found)

    def kubectl(self, script):
        """Puts a kubectl on PATH that runs `script`."""
        kubectl = self.folder / "bin" / "kubectl"
        kubectl.parent.mkdir(exist_ok=True)
        kubectl.write_text(f"#!/bin/sh\n{script}\n")
        kubectl.chmod(0o755)
        return mock.patch.dict(os.environ, PATH=f"{kubectl.parent}:{os.environ['PATH']}")

    def test_the_live_webhooks_are_those_of_kubectl(self):
        written = self.webhooks()
        live = yaml_of(self.out / "validating-webhook.yaml")
        # As the apiserver fills them in.
        live["webhooks"][0].update(namespaceSelector={}, objectSelector={})
        live["webhooks"][1]["objectSelector"] = {"matchLabels": {"a": "b"}}
        (self.folder / "live.json").write_text(json.dumps(live))
        with self.kubectl(f"cat {self.folder}/live.json"):
            found = rendered.webhooks_live(Cluster())
        self.assertEqual(found[0], written[0])
        self.assertEqual(found[1].selectors, ["objectSelector"])

    def test_an_error_of_kubectl_is_shown(self):
        with self.kubectl("echo 'Error from server (NotFound): no such object' >&2; exit 1"):
            with self.assertRaisesRegex(Problem, r"\(Error from server \(NotFound\): no such object\); check the"):
                rendered.webhooks_live(Cluster())

    def test_the_kubeconfig_has_only_this_host(self):
        self.from_url()
        path = self.out / "webhook-kubeconfig.yaml"
        found = configuration.kubeconfig(path, ENDPOINT)
        self.assertEqual(found, f"the token in /etc/t/token goes only to {HOST}")
        expected = f'expected only the user "another", got "{HOST}"; otherwise the apiserver sends no token'
        with self.assertRaisesRegex(Problem, expected):
            configuration.kubeconfig(path, Endpoint.parse("https://another"))

    def test_the_token_file_of_the_kubeconfig_is_read_if_it_exists(self):
        token_file = self.folder / "token"
        token_file.write_bytes(TOKEN.encode("utf-16"))
        token_file.chmod(0o640)
        self.render("--url", f"https://{HOST}", "--token-file", str(token_file))
        path = self.out / "webhook-kubeconfig.yaml"
        with self.assertRaisesRegex(Problem, f"has mode 0640, so others can read it; run: chmod 600 {token_file}"):
            configuration.kubeconfig(path, ENDPOINT)
        token_file.chmod(0o600)
        with self.assertRaisesRegex(Problem, "is UTF-16 with a byte order mark"):
            configuration.kubeconfig(path, ENDPOINT)
        token_file.write_text(TOKEN)
        self.assertIn(f"goes only to {HOST}", configuration.kubeconfig(path, ENDPOINT))
