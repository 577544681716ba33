"""deploy/doctor: what it says of a healthy endpoint, of unhealthy ones, and of files that disagree."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ecr_admission.release import VERSION
from project.loopback import Server

from . import ROOT


TOKEN = "t" * 64


def reviewed(body, **response):
    """An AdmissionReview in answer to `body`."""
    response = {"uid": body["request"]["uid"], **response}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})


def healthy(authorization, body):
    """Status and text, as a healthy endpoint answers."""
    if authorization is None:
        return 401, '{"message":"Unauthorized"}'
    if authorization != f"Bearer {TOKEN}":
        return 403, '{"message":"Forbidden"}'
    ignored = body["request"]["namespace"] == "kube-system"
    if body["request"]["operation"] == "DELETE" or ignored:
        return 200, reviewed(body, allowed=True)
    return 200, reviewed(body, allowed=False, status={"message": "from elsewhere [ecr-registry]"})


class Doctor(unittest.TestCase):
    def endpoint(self, answer):
        """An HTTPS server that answers each review with what `answer(authorization, body)` returns."""

        def respond(request):
            status, text = answer(request.headers.get("Authorization"), json.loads(request.body))
            return status, {"ecr-admission-version": VERSION} if status == 200 else {}, text.encode()

        server = Server(respond, secure=True)
        self.addCleanup(server.stop)
        return server

    def doctor(self, answer, *arguments, trusted=True, token=TOKEN.encode()):
        endpoint = self.endpoint(answer)
        with tempfile.TemporaryDirectory() as folder:
            token_file = Path(folder) / "token"
            token_file.write_bytes(token)
            command = [sys.executable, str(ROOT / "deploy" / "doctor"), "--url", endpoint.url]
            command += ["--token-file", str(token_file), *arguments]
            command += ["--ca-file", str(endpoint.ca_file)] if trusted else []
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertNotIn(TOKEN, result.stdout + result.stderr)
        return result

    def test_a_healthy_endpoint(self):
        result = self.doctor(healthy)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("all checks passed", result.stdout)

    def test_a_token_file_in_another_encoding_is_one_failure(self):
        for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
            with self.subTest(encoding):
                result = self.doctor(healthy, token=TOKEN.encode(encoding))
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stderr, "")
                failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
                self.assertEqual(len(failed), 1, result.stdout)
                self.assertRegex(failed[0], r"^FAIL  token file: .*; write it again as plain ASCII: ")
                # The checks that need no token still run.
                self.assertIn("ok    wrong token: refused with 403", result.stdout)

    def test_a_certificate_of_an_unknown_authority(self):
        result = self.doctor(healthy, trusted=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"FAIL  certificate: .*pass --ca-file")
        self.assertIn("1 check failed", result.stdout, "what could only fail for the same reason is not tried")

    def test_a_ca_file_that_is_not_one(self):
        damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        for text, expected in (("", "has no certificate"), (damaged, "has a certificate that cannot be read")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                result = self.doctor(healthy, "--ca-file", file.name, trusted=False)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, f"^error: the CA file {file.name} {expected}")

    def test_each_fault_is_named(self):
        def changed(name):
            def answer(authorization, body):
                status, text = healthy(authorization, body)
                if name == "open":
                    return 200, reviewed(body, allowed=True)
                if name == "authorizer fails":
                    return (401, text) if status == 401 else (500, "{}")
                if name in ("wrong path", "throttled"):
                    return (404 if name == "wrong path" else 429), "{}"
                if name == "stale token":
                    return (401, text) if status == 401 else (403, text)
                if name == "another program" and status == 200:
                    return 200, "<html>"
                if name == "admits all" and status == 200:
                    return 200, reviewed(body, allowed=True)
                if name == "ignores nothing" and status == 200 and body["request"]["operation"] == "CREATE":
                    return 200, reviewed(body, allowed=False, status={"message": "no [ecr-registry]"})
                return status, text

            return answer

        for name, expected in {
            "open": ["no token: expected 401, got 200", "wrong token: expected 403, got 200"],
            "authorizer fails": ["wrong token: expected 403, got 500: the authorizer failed"],
            "wrong path": ["no token: expected 401, got 404: nothing answers at this path"],
            "throttled": ["right token: expected 200, got 429: API Gateway throttles"],
            "stale token": ["right token: expected 200, got 403: the endpoint refuses this token"],
            "another program": ["right token: the answer is not an AdmissionReview for this request"],
            "admits all": ["denied sample: a Pod with docker.io"],
            "ignores nothing": ["admitted sample: a Pod in the ignored namespace kube-system was denied"],
        }.items():
            with self.subTest(name):
                result = self.doctor(changed(name))
                self.assertEqual(result.returncode, 1)
                for text in expected:
                    self.assertIn(f"FAIL  {text}", result.stdout)

    def test_files_for_another_endpoint_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, str(ROOT / "deploy" / "render-config"), "--out", folder]
            command += ["--url", "https://other.example.com", "--token-file", "/etc/t/token"]
            subprocess.run(command, check=True, capture_output=True)
            result = self.doctor(healthy, "--config", folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("FAIL  rendered webhooks: pods.ecr-admission.internal: expected the URL", result.stdout)
        self.assertRegex(result.stdout, "FAIL  kubeconfig: .*: expected only the user")
        self.assertIn("2 checks failed", result.stdout)
