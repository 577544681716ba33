"""The smaller parts: zips, links, tokens, and what doctor says of an ill endpoint."""

import contextlib
import hashlib
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import zipfile
from pathlib import Path
from unittest import mock

from ecr_admission import checks, files, rendered
from ecr_admission.endpoint import Endpoint
from ecr_admission.problem import Problem
from ecr_admission.tokens import Token, Tokens
from project import links, tools, zips

from . import ROOT
from .front import make_certificate


class Zips(unittest.TestCase):
    def test_the_same_executable_gives_the_same_zip_whenever(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            executable = folder / "admission"
            executable.write_bytes(b"\x7fELF" + bytes(range(256)) * 64)
            zips.write(folder / "a" / "one.zip", executable)
            time.sleep(2.1)  # A zip counts in steps of two seconds.
            executable.touch()
            executable.chmod(0o600)
            zips.write(folder / "b" / "two.zip", executable)
            one, two = (folder / "a" / "one.zip"), (folder / "b" / "two.zip")
            self.assertEqual(one.read_bytes(), two.read_bytes())
            with zipfile.ZipFile(one) as archive:
                (entry,) = archive.infolist()
            self.assertEqual(entry.filename, "bootstrap")
            self.assertEqual(entry.external_attr >> 16, 0o100755)


class Files(unittest.TestCase):
    def test_a_device_is_never_replaced(self):
        # A pipe stands for the devices: a failure must not cost the machine its /dev/null.
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(f"{folder}/pipe")
            with self.assertRaisesRegex(Problem, "not a plain file"):
                files.write(f"{folder}/pipe", "token", files.SECRET)

    def test_a_secret_is_narrow_even_where_the_file_was_wide(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "token"
            path.write_text("old")
            path.chmod(0o644)
            files.write(path, "new", files.SECRET)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertEqual(list(Path(folder).iterdir()), [path])


class TokensDoNotShow(unittest.TestCase):
    def test_in_no_form(self):
        token = Token.generate()
        self.assertRegex(token.reveal(), r"^[A-Za-z0-9]{64}$")
        tokens = Tokens({"blue": token})
        for text in (str(token), repr(token), f"{token}", str(tokens), repr(tokens), repr([token])):
            self.assertNotIn(token.reveal(), text)
        with self.assertRaises(Problem) as raised:
            Tokens.parse(f'{{"blue": "{token.reveal()}"')
        self.assertNotIn(token.reveal(), str(raised.exception))


class TokenFiles(unittest.TestCase):
    TOKEN = "t" * 64

    def read(self, content):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            return Token.read(file.name)

    def test_blanks_at_the_ends_do_not_count(self):
        for content in (self.TOKEN, f"{self.TOKEN}\n", f" {self.TOKEN}\r\n\t"):
            self.assertEqual(self.read(content.encode()).reveal(), self.TOKEN)

    def test_what_no_authorizer_accepts_is_named_and_not_shown(self):
        for content, expected in (
            (self.TOKEN.encode("utf-8-sig"), r"begins with a byte order mark \(UTF-8\).* plain ASCII"),
            (self.TOKEN.encode("utf-16"), "is UTF-16 with a byte order mark.* plain ASCII"),
            (b"\xfe\xff" + self.TOKEN.encode("utf-16-be"), "is UTF-16 with a byte order mark"),
            (self.TOKEN.encode("utf-32"), "is UTF-16 with a byte order mark"),
            (self.TOKEN.encode("utf-16-le"), "holds NUL bytes"),
            (self.TOKEN.encode("utf-16-be"), "holds NUL bytes"),
            (f"{self.TOKEN}é".encode(), "not printable ASCII"),
            (f"{self.TOKEN}\xa0".encode(), "not printable ASCII"),
            (f"{self.TOKEN}\x1b".encode(), "not printable ASCII"),
            (f"token: {self.TOKEN}".encode(), "more than one word"),
            (f"{self.TOKEN}\n{self.TOKEN}".encode(), "more than one word or line"),
            (b" \n", "is empty"),
        ):
            with self.subTest(expected), self.assertRaisesRegex(Problem, expected) as raised:
                self.read(content)
            self.assertNotIn(self.TOKEN, str(raised.exception))
            self.assertNotIn("\n", str(raised.exception))
        with self.assertRaisesRegex(Problem, "cannot read the token file /nowhere/token: No such file"):
            Token.read("/nowhere/token")


class Tools(unittest.TestCase):
    def test_every_package_of_the_tools_is_pinned_by_hash(self):
        files = sorted(tools.REQUIREMENTS.glob("*.txt"))
        self.assertGreaterEqual(len(files), 8)
        for file in files:
            text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE)
            one = r"[A-Za-z0-9._-]+==[^\s;]+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
            self.assertRegex(text, rf"\A(?:{one})+\Z", file.name)

    def test_nothing_is_installed_whose_hash_is_not_written_down(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            wheel = folder / "harmless-1.0-py3-none-any.whl"
            with zipfile.ZipFile(wheel, "w") as archive:
                archive.writestr("harmless.py", "")
                archive.writestr("harmless-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n")
                archive.writestr("harmless-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                archive.writestr("harmless-1.0.dist-info/RECORD", "")
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            with mock.patch.multiple(tools, REQUIREMENTS=folder, TOOLS=folder / "tools", ROOT=folder):
                for line, refusal in (
                    (f"{wheel}", "Hashes are required"),
                    (f"{wheel} --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES"),
                ):
                    (folder / "mine.txt").write_text(f"{line}\n")
                    with open(folder / "log", "w+", encoding="utf-8") as log:
                        with contextlib.redirect_stderr(log):
                            with self.assertRaisesRegex(Problem, "pip could not install mine.txt"):
                                tools.bin_of("mine")
                        log.seek(0)
                        self.assertIn(refusal, log.read())
                (folder / "mine.txt").write_text(f"{wheel} --hash=sha256:{digest}\n")
                with open(folder / "log", "w", encoding="utf-8") as log, contextlib.redirect_stderr(log):
                    installed = tools.bin_of("mine").parent
                self.assertEqual(len(list(installed.glob("lib/python*/site-packages/harmless.py"))), 1)


class Secrets(unittest.TestCase):
    def test_git_ignores_tokens_and_rendered_folders(self):
        # Each as the documentation's commands write it, in the checkout or below it.
        written = ["token", "ecr-admission/token", "ecr-admission/validating-webhook.yaml", "deploy/token"]
        written += ["ecr-admission/webhook-kubeconfig.yaml", "clusters/blue/ecr-admission/token"]
        command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", *written]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout.splitlines(), written)

    def test_git_ignores_nothing_that_is_ours(self):
        tracked = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
        ).stdout
        command = ["git", "-C", str(ROOT), "check-ignore", "--no-index", "--stdin"]
        result = subprocess.run(command, input=tracked, capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout, "")


class Links(unittest.TestCase):
    # The Regions that have a Serverless Application Repository, as its documentation lists them.
    REGIONS = """us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-central-1 eu-west-1
        eu-west-2 eu-west-3 eu-north-1 ap-east-1 ap-south-1 ap-northeast-1 ap-northeast-2 ap-southeast-1
        ap-southeast-2 me-south-1 cn-north-1 cn-northwest-1 us-gov-east-1 us-gov-west-1""".split()

    def test_every_region_has_a_row_or_a_word(self):
        table = links.table()
        for region in self.REGIONS:
            self.assertIn(f"`{region}`", table)
        found = re.findall(r"\[Deploy\]\((.+?)\)", table)
        self.assertEqual(len(found), 18)
        for url in found:
            parts = urllib.parse.urlsplit(url)
            region = parts.hostname.split(".")[0]
            self.assertIn(region, self.REGIONS)
            self.assertEqual(parts.path, "/lambda/home")
            arn = parts.fragment.partition("applicationId=")[2]
            self.assertRegex(arn, r"^arn:aws:serverlessrepo:us-east-1:\d{12}:applications/ecr-admission$")
        self.assertIn("need a publication of their own", table)

    def test_the_readmes_are_current(self):
        self.assertEqual(links.outdated(), {}, "run scripts/checks/links")

    def test_a_table_without_its_markers_is_refused(self):
        for text in ("", links.BEGIN, f"{links.END}{links.BEGIN}", f"{links.BEGIN}{links.BEGIN}{links.END}"):
            with self.assertRaisesRegex(Problem, "README.md needs one line"):
                links.rewrite(text, "README.md")

    def test_a_publication_in_china_gets_its_own_console(self):
        arn = "arn:aws-cn:serverlessrepo:cn-north-1:111122223333:applications/ecr-admission"
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "regions.json"
            copy.write_text(links.REGIONS.read_text(encoding="utf-8"), encoding="utf-8")
            original, links.REGIONS = links.REGIONS, copy
            try:
                links.set_application(arn)
                table = links.table()
                changed = json.loads(copy.read_text(encoding="utf-8"))
            finally:
                links.REGIONS = original
        self.assertIn("https://cn-northwest-1.console.amazonaws.cn/lambda/home#/create/app?applicationId=arn:aws-cn:", table)
        self.assertEqual([one["application"] == arn for one in changed["partitions"]], [False, True, False])


class Ill:
    """An HTTPS endpoint that answers each POST with what `answer(token, body)` gives: status and text."""

    def __init__(self, answer):
        self._folder = tempfile.TemporaryDirectory()
        key, self.ca_file = (Path(self._folder.name) / name for name in ("key.pem", "ca.pem"))
        make_certificate(key, self.ca_file)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, text = answer(self.headers.get("Authorization"), body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()


def reviewed(body, **response):
    """An AdmissionReview in answer to `body`."""
    response = {"uid": body["request"]["uid"], **response}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})


class Doctor(unittest.TestCase):
    TOKEN = "t" * 64

    def doctor(self, answer, *arguments, trusted=True, token=TOKEN.encode()):
        ill = Ill(answer)
        self.addCleanup(ill.stop)
        with tempfile.TemporaryDirectory() as folder:
            token_file = Path(folder) / "token"
            token_file.write_bytes(token)
            command = [sys.executable, str(ROOT / "deploy" / "doctor"), "--url", ill.url]
            command += ["--token-file", str(token_file), *arguments]
            command += ["--ca-file", str(ill.ca_file)] if trusted else []
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertNotIn(self.TOKEN, result.stdout + result.stderr)
        return result

    def well(self, authorization, body):
        """As a well endpoint answers."""
        if authorization is None:
            return 401, '{"message":"Unauthorized"}'
        if authorization != f"Bearer {self.TOKEN}":
            return 403, '{"message":"Forbidden"}'
        ignored = body["request"]["namespace"] == "kube-system"
        if body["request"]["operation"] == "DELETE" or ignored:
            return 200, reviewed(body, allowed=True)
        return 200, reviewed(body, allowed=False, status={"message": "from elsewhere [ecr-registry]"})

    def test_a_well_endpoint(self):
        result = self.doctor(self.well)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("all is well", result.stdout)

    def test_a_token_file_that_an_editor_spoiled_is_one_failure(self):
        for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
            with self.subTest(encoding):
                result = self.doctor(self.well, token=self.TOKEN.encode(encoding))
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stderr, "")
                failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
                self.assertEqual(len(failed), 1, result.stdout)
                self.assertRegex(failed[0], r"^FAIL  token file: .*; write it again as plain ASCII: ")
                # What needs no token is checked all the same.
                self.assertIn("ok    wrong token: 403", result.stdout)

    def render(self, folder, *arguments):
        command = [sys.executable, str(ROOT / "deploy" / "render-config"), "--out", folder, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def test_ignore_is_accepted_and_explained(self):
        with tempfile.TemporaryDirectory() as folder:
            ill = Ill(self.well)
            self.addCleanup(ill.stop)
            where = ["--url", ill.url, "--token-file", "/etc/t/token"]
            self.render(folder, *where, "--failure-policy", "Ignore")
            webhooks = rendered.webhooks_in(f"{folder}/validating-webhook.yaml")
        endpoint = Endpoint.parse(ill.url)
        said = checks.webhook_configuration(webhooks, endpoint, ["kube-system"])
        self.assertIn("failurePolicy Ignore: whenever a call fails", said)
        self.assertIn("admitted unchecked", said)
        # A cluster that was changed behind the rendered files' back.
        with self.assertRaisesRegex(Problem, "has failurePolicy Ignore, but Fail was rendered"):
            checks.webhook_configuration(webhooks, endpoint, ["kube-system"], "Fail")
        webhooks[0].failure_policy = "ignore"
        with self.assertRaisesRegex(Problem, "has failurePolicy 'ignore', not Fail or Ignore"):
            checks.webhook_configuration(webhooks, endpoint, ["kube-system"])

    def test_the_token_file_of_the_kubeconfig_is_read_where_it_is_at_hand(self):
        with tempfile.TemporaryDirectory() as folder:
            token_file = Path(folder) / "token"
            token_file.write_bytes(self.TOKEN.encode("utf-16"))
            token_file.chmod(0o600)
            self.render(folder, "--url", "https://example.com", "--token-file", str(token_file))
            kubeconfig = Path(folder) / "webhook-kubeconfig.yaml"
            endpoint = Endpoint.parse("https://example.com")
            with self.assertRaisesRegex(Problem, "is UTF-16 with a byte order mark"):
                checks.webhook_kubeconfig(kubeconfig, endpoint)
            token_file.write_text(self.TOKEN)
            self.assertIn("goes to example.com alone", checks.webhook_kubeconfig(kubeconfig, endpoint))

    def test_a_certificate_that_nobody_knows(self):
        result = self.doctor(self.well, trusted=False)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"FAIL  certificate: .*pass --ca-file")

    def test_what_is_ill_is_named(self):
        def changed(name):
            def answer(authorization, body):
                status, text = self.well(authorization, body)
                if name == "open":
                    return 200, reviewed(body, allowed=True)
                if name == "authorizer fails":
                    return (401, text) if status == 401 else (500, "{}")
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
            "authorizer fails": ["wrong token: 500: the authorizer failed"],
            "stale token": ["right token: 403: the token is not accepted"],
            "another program": ["right token: the answer is no AdmissionReview"],
            "admits all": ["denied sample: a Pod with docker.io"],
            "ignores nothing": ["admitted sample: a Pod in the ignored namespace kube-system was denied"],
        }.items():
            with self.subTest(name):
                result = self.doctor(changed(name))
                self.assertEqual(result.returncode, 1)
                for text in expected:
                    self.assertIn(f"FAIL  {text}", result.stdout)

    def test_files_that_disagree_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            arguments = ["--url", "https://other.example.com", "--token-file", "/etc/t/token", "--out", folder]
            script = [sys.executable, str(ROOT / "deploy" / "render-config"), *arguments]
            subprocess.run(script, check=True, capture_output=True)
            result = self.doctor(self.well, "--config", folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("FAIL  rendered webhooks: pods.ecr-admission.internal calls https://other", result.stdout)
        self.assertRegex(result.stdout, r"FAIL  kubeconfig: .* names other\.example\.com; expected exactly 127")


if __name__ == "__main__":
    unittest.main()
