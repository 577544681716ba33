"""deploy/doctor --eks: the endpoint that one key opens, and the cluster that must not show it."""

import copy
import ipaddress
import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from ecr_admission import configuration, live
from ecr_admission.caller import Answer
from ecr_admission.doctor import public
from ecr_admission.problem import Problem
from ecr_admission.release import VERSION
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey
from project import tools
from project.loopback import Server

from . import ROOT
from .rendering import FAKE_AWS, STACK
from .test_doctor import TOKEN as WEAK
from .test_doctor import healthy, reviewed

# As deploy/rotate-token writes them.
TOKEN = "q3Zr8Wm1Xk7Pv0Ny5Tg2Hc9Jd4Lf6Sb" * 2
TOKEN = TOKEN[:40] + "B7uQx2MzEo5Aw1KpRi8VtYs3"
OLD = TOKEN[::-1]
KEY, OLD_KEY = (UrlKey.of(Token(text)).reveal() for text in (TOKEN, OLD))
DENIAL = (
    'Error from server (Forbidden): error when creating "STDIN": admission webhook "pods.ecr-admission.internal" denied'
    " the request: docker.io/library/busybox:latest is not in Amazon ECR [ecr-registry]"
)
# Answers like kubectl, from the file beside it: the words of a command that begin a key of it -> [code, out, err].
FAKE_KUBECTL = """#!{python}
import json, sys, yaml
words = " ".join(sys.argv[1:])
if "--dry-run=client" in words:
    items = [one for one in yaml.safe_load_all(sys.stdin) if one]
    print("\\n".join(json.dumps(one, indent=1) for one in items))
    sys.exit(0)
if "--dry-run=server" in words:
    words += " " + json.load(sys.stdin)["spec"]["containers"][0]["image"]
answers = json.load(open(__file__ + ".answers"))
found = next((answers[key] for key in answers if words.startswith(key)), None)
if found is None:
    sys.exit("unexpected: kubectl " + words)
code, out, err = found
sys.stdout.write(out if isinstance(out, str) else json.dumps(out))
sys.stderr.write(err)
sys.exit(code)
"""


def endpoint(request):
    """Status and text, as a healthy endpoint with key URLs answers."""
    path, _, query = request.path.partition("?")
    assert query == "timeout=5s"
    body, header = json.loads(request.body), request.headers.get("Authorization")
    if path in ("/validate", "/mutate"):
        return healthy(header and header.replace(TOKEN, WEAK), body)
    words = path.split("/")
    if len(words) != 3 or words[:2] not in (["", "validate"], ["", "mutate"]) or not words[2]:
        return 404, '{"message":"Not Found"}'
    if urllib.parse.unquote(words[2]) not in (KEY, OLD_KEY):
        return 403, '{"message":"Forbidden"}'
    return healthy(f"Bearer {WEAK}", body)


class DoctorEks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One endpoint for all tests, and the objects of a cluster that calls it."""

        def respond(request):
            status, text = cls.answer(request)
            return status, {"ecr-admission-version": VERSION} if status == 200 else {}, text.encode()

        cls.server = Server(respond, secure=True)
        cls.addClassCleanup(cls.server.stop)
        with tempfile.TemporaryDirectory() as folder:
            cls.objects = rendered_objects(cls.server.url, Path(folder))

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.outputs = {**STACK, "UrlKeysInForce": "true", "IgnoredNamespacesInForce": "kube-system"}
        self.previous = None

    def doctor(self, *arguments, answer=endpoint, token=TOKEN, code=0, stack=True):
        """The lines of doctor, of which none shows the token or the key."""
        type(self).answer = staticmethod(answer)
        token_file = self.folder / "token"
        token_file.write_text(token)
        command = [sys.executable, str(ROOT / "deploy" / "doctor"), "--eks", "--url", self.server.url]
        command += ["--ca-file", str(self.server.ca_file), *(str(word) for word in arguments)]
        command += ["--stack", "s"] if stack else ["--token-file", str(token_file)]
        environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"}
        if stack:
            self.fake_aws(token)
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        for secret in (token, UrlKey.of(Token(token)).reveal(), OLD, OLD_KEY):
            self.assertNotIn(secret, result.stdout + result.stderr)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout + result.stderr

    def fake_aws(self, token):
        pairs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        stack_id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1"
        script = FAKE_AWS.replace('*) cat "$0.secret" ;;', "*) exec python3 \"$0.py\" \"$@\" ;;")
        (self.bin / "aws").write_text(script)
        (self.bin / "aws").chmod(0o755)
        (self.bin / "aws.stack").write_text(json.dumps({"Stacks": [{"StackId": stack_id, "Outputs": pairs}]}))
        stages = {"v1": ["AWSCURRENT"], **({"v0": ["AWSPREVIOUS"]} if self.previous else {})}
        secrets = {"v0": self.previous, "v1": token}
        (self.bin / "aws.py").write_text(
            "import json, sys\n"
            f"stages, secrets = {stages!r}, {secrets!r}\n"
            "words = sys.argv\n"
            "version = words[words.index('--version-id') + 1] if '--version-id' in words else 'v1'\n"
            "text = json.dumps({'default': secrets[version]})\n"
            "value = {'VersionId': version, 'CreatedDate': 1795176000, 'SecretString': text}\n"
            "print(json.dumps({'VersionIdsToStages': stages} if 'describe-secret' in words else value))\n"
        )

    def test_a_healthy_endpoint(self):
        for stack in (True, False):
            said = self.doctor(stack=stack)
            for name in ("right key", "wrong key", "other paths", "key and token", "mutating webhook", "denied sample"):
                self.assertIn(f"\nok    {name}: ", said)
            self.assertIn("no decision for /validate/, //validate/K, /Validate/K, /validate/K/, /validate/K%2Fx", said)
            self.assertIn("all checks passed", said)
            self.assertNotIn("warn", said)

    def test_each_fault_is_named(self):
        def faulty(fault):
            def answer(request):
                path, body = request.path.partition("?")[0], json.loads(request.body)
                header = request.headers.get("Authorization") or ""
                open_paths = {
                    "any key": path.startswith("/validate/") and len(path) == len(f"/validate/{KEY}") and KEY not in path,
                    "empty key": path == "/validate/",
                    "two slashes": path.startswith("//"),
                    "capital": path.startswith("/Validate/"),
                    "slash at the end": path == f"/validate/{KEY}/",
                    "encoded slash": path.endswith("%2Fx"),
                    "key as token": header == f"Bearer {KEY}",
                    "token as key": path == f"/validate/{TOKEN}",
                    "token beside key": header == f"Bearer {TOKEN}" and path.startswith("/validate/"),
                }
                if open_paths.get(fault):
                    return 200, reviewed(body, allowed=True)
                if path.startswith("/validate/") and fault in ("old key", "no routes", "throttled", "fails"):
                    return {"old key": 403, "no routes": 404, "throttled": 429, "fails": 500}[fault], "{}"
                if path.endswith("%2Fx") and fault == "authorizer fails":
                    return 500, "{}"
                return endpoint(request)

            return answer

        for fault, expected in {
            "any key": "wrong key: expected 403, got 200: any key opens the endpoint",
            "empty key": "other paths: POST /validate/: expected 4xx, got 200 with a decision",
            "two slashes": "other paths: POST //validate/K: expected 4xx, got 200 with a decision",
            "capital": "other paths: POST /Validate/K: expected 4xx, got 200",
            "slash at the end": "other paths: POST /validate/K/: expected 4xx, got 200",
            "encoded slash": "other paths: POST /validate/K%2Fx: expected 4xx, got 200",
            "authorizer fails": "other paths: POST /validate/K%2Fx: expected 4xx, got 500 without a decision",
            "key as token": "key and token: the key in the header: expected 4xx, got 200",
            "token as key": "key and token: the token in the path: expected 4xx, got 200",
            "token beside key": "key and token: a wrong key beside the right token: expected 4xx, got 200",
            "old key": "right key: expected 200, got 403: the endpoint refuses this key; the cluster has another one",
            "no routes": "right key: expected 200, got 404",
            "throttled": "right key: expected 200, got 429",
            "fails": "right key: expected 200, got 500",
        }.items():
            with self.subTest(fault):
                said = self.doctor(answer=faulty(fault), code=1)
                self.assertIn(f"FAIL  {expected}", said)
                self.assertRegex(said, "2 checks failed" if fault == "any key" else "1 check failed")

    def test_the_previous_key_works_until_the_overlap_ends(self):
        self.previous = OLD
        self.outputs["TokenOverlapHoursInForce"] = "100000"
        self.assertRegex(self.doctor(), r"ok    previous key: still works until 20\d\d-\d\d-\d\d \d\d:\d\d UTC, or until")
        del self.outputs["TokenOverlapHoursInForce"]
        self.assertIn("still works until TokenOverlapHours after 2026-11-20 12:00 UTC", self.doctor())
        self.outputs["TokenOverlapHoursInForce"] = "1"
        expected = "FAIL  previous key: expected 403, got 200: the previous key should have stopped working at 2026-11-20"
        self.assertIn(expected, self.doctor(code=1))
        self.previous = OLD[::-1][1:] + "x"
        self.assertIn("ok    previous key: refused with 403", self.doctor())

    def test_a_token_that_a_person_chose_is_a_warning(self):
        chosen = "my-own-token-for-the-production-cluster"

        def answers(request):
            path = request.path.replace(UrlKey.of(Token(chosen)).reveal(), KEY)
            header = request.headers.get("Authorization")
            del request.headers["Authorization"]
            if header:
                request.headers["Authorization"] = header.replace(chosen, TOKEN)
            return endpoint(type(request)(request.method, path, request.headers, request.body))

        said = self.doctor(answer=answers, token=chosen)
        self.assertIn("warn  token: it looks as if a person chose it (it reads like words); anyone who has the key", said)
        self.assertIn("all checks passed", said)

    def test_audit_expects_reports(self):
        def audits(request):
            status, text = endpoint(request)
            body = json.loads(request.body)
            if '"allowed": false' in text:
                report = {"audited": "from elsewhere [ecr-registry]"}
                return 200, reviewed(body, allowed=True, auditAnnotations=report)
            return status, text

        said = self.doctor("--audit", answer=audits)
        self.assertIn("ok    denied sample: admitted, and reported: from elsewhere [ecr-registry]", said)
        said = self.doctor("--audit", code=1)
        self.assertIn("got a denial: from elsewhere [ecr-registry]; set the mode of every rule to audit", said)
        self.assertIn("pass --audit while it is in audit", self.doctor(answer=audits, code=1))

    def test_an_address_that_allowed_sources_refuses_is_named(self):
        refused = SimpleNamespace(credential="key", review=lambda *_: Answer(403, '{"message":"Forbidden"}'))
        for allowed, expected in (
            ("203.0.113.0/24", r"expected 200, got 403: AllowedSources \(203.* the address of this machine, 198.51.100.7;"),
            ("198.51.100.0/24", "expected 200, got 403: the endpoint refuses this key"),
            ("", "expected 200, got 403: the endpoint refuses this key"),
        ):
            world = SimpleNamespace(stack=SimpleNamespace(allowed_sources=allowed))
            address = ipaddress.ip_address("198.51.100.7")
            with mock.patch.object(public.sources, "own_address", lambda: address):
                with self.assertRaisesRegex(Problem, expected):
                    public.right(world, refused, None)

    def test_the_rendered_files_have_the_current_key_and_only_their_owner_reads_them(self):
        out = self.folder / "out"
        render(self.server.url, self.folder, out)
        said = self.doctor("--config", out)
        self.assertIn("ok    rendered webhooks: two webhooks call https://127.0.0.1:", said)
        self.assertIn("ok    rendered key: ", said)
        self.assertNotIn("kubeconfig", said)
        path = out / "validating-webhook.yaml"
        path.chmod(0o640)
        self.assertIn("has mode 0640, so others can read the key in it; run: chmod 600", self.doctor("--config", out, code=1))
        path.write_text(path.read_text().replace(KEY, OLD_KEY))
        path.chmod(0o600)
        said = self.doctor("--config", out, code=1)
        self.assertIn("FAIL  rendered webhooks: pods.ecr-admission.internal: the key in its URL is not the current", said)

    def test_a_key_is_not_shown_to_a_doctor_that_expects_none(self):
        path = f"https://host/validate/{KEY}"
        with self.assertRaises(Problem) as raised:
            configuration.same_url("w", path, "https://host/validate")
        expected = 'w: expected the URL https://host/validate, got "https://host/validate/(key)"; pass --eks if the key'
        self.assertTrue(str(raised.exception).startswith(expected), raised.exception)

    # The cluster.

    def live(self, *arguments, code=0, change=None, **answers):
        """doctor --live with a kubectl; `change` changes the objects of the cluster, by their file."""
        self.outputs.update(RegistryIdsInForce="123456789012", RegistryRegionInForce="eu-west-1")
        files = copy.deepcopy(self.objects)
        if change:
            change(files)
        good = {
            "get validatingwebhookconfiguration ecr-admission": files["validating-webhook.yaml"][0],
            "get mutatingwebhookconfiguration ecr-admission": (files["mutating-webhook.yaml"] or [""])[0],
            "get clusterroles": items(role("admin", "*", "*", "*"), role("pods", "", "pods", "get")),
            "get clusterrolebindings": items(binding("admin", "Group", "system:masters"), binding("pods", "User", "x")),
            "get events --all-namespaces --field-selector reason=FailedCreate": items(event("Forbidden: quota")),
            "get replicasets.apps": items({"metadata": {"namespace": "shop", "name": "web"}, "status": {}}),
        }
        for one in files["admission-policy.yaml"]:
            good[f"get {one['kind'].lower()} {one['metadata']['name']} "] = one
        everything = {
            **answers,
            **{key: [0, value, ""] for key, value in good.items()},
            "auth can-i get validatingwebhookconfigurations --as=system:serviceaccount:default:default": [1, "no\n", ""],
            "create --dry-run=server -f - docker.io/library/busybox:latest": [1, "", f"{DENIAL}\n"],
        }
        # The first one that fits is the answer.
        everything.update(answers)
        kubectl = self.bin / "kubectl"
        kubectl.write_text(FAKE_KUBECTL.replace("{python}", str(tools.bin_of("kubernetes") / "python")))
        kubectl.chmod(0o755)
        Path(f"{kubectl}.answers").write_text(json.dumps(everything))
        return self.doctor("--live", *arguments, code=code)

    def test_a_healthy_cluster(self):
        said = self.live()
        for expected in (
            "live webhooks: two webhooks call https://127.0.0.1:",
            "/validate/(key)",
            "live admission policies: as the stack has them; for Pods: Deny",
            "live mutating webhook: calls https://127.0.0.1:",
            "copies of the key: no object has the annotation kubectl.kubernetes.io/last-applied-configuration",
            "readers of the key: by RBAC: Group system:masters; system:serviceaccount:default:default may not; on",
            "key in events: 1 events of reason FailedCreate and the ReplicaSets show no key",
            "dry run: Error from server (Forbidden): error when creating",
            "all checks passed",
        ):
            self.assertIn(expected, said)

    def test_each_fault_of_the_cluster_is_named(self):
        url = f"https://127.0.0.1/validate/{KEY}"
        annotated = {live.ANNOTATION: "{}"}

        def webhook(**client):
            return lambda files: files["validating-webhook.yaml"][0]["webhooks"][1]["clientConfig"].update(client)

        def annotate(name):
            return lambda files: files[name][0]["metadata"].update(annotations=annotated)

        def spec(index, **values):
            return lambda files: files["admission-policy.yaml"][index]["spec"].update(values)

        def cheaper(files):
            files["admission-policy.yaml"][0]["spec"]["validations"][2]["expression"] = "true"

        def other_key(files):
            for name, route in (("validating-webhook.yaml", "validate"), ("mutating-webhook.yaml", "mutate")):
                for one in files[name][0]["webhooks"]:
                    one["clientConfig"]["url"] = one["clientConfig"]["url"].replace(KEY, OLD_KEY)

        dry_run = "create --dry-run=server -f -"
        everyone = items(binding("admin", "Group", "system:authenticated"))
        for name, change, answers, expected in (
            ("old key", other_key, {}, "live webhooks: pods.ecr-admission.internal: the key in its URL is not the curre"),
            ("old key of /mutate", other_key, {}, "live mutating webhook: mutation.ecr-admission.internal: the key in"),
            ("no key", webhook(url="https://a/validate"), {}, "live webhooks: controllers.ecr-admission.internal: expec"),
            ("annotation", annotate("validating-webhook.yaml"), {}, "copies of the key: the validatingwebhookconfigurat"),
            ("another", annotate("mutating-webhook.yaml"), {}, "copies of the key: the mutatingwebhookconfiguration ecr"),
            ("everyone", None, {"get clusterrolebindings": [0, everyone, ""]}, "readers of the key: Group system:authen"),
            ("Pods", None, {"auth can-i": [0, "yes\n", ""]}, "readers of the key: system:serviceaccount:default:default"),
            ("event", None, {"get events": [0, items(event(f"Post {url}: EOF")), ""]}, "key in events: the event shop/web"),
            ("status", None, {"get replicasets.apps": [0, items(failing(url)), ""]}, "key in events: the ReplicaSet shop/web"),
            ("created", None, {dry_run: [0, "pod/x created", ""]}, "dry run: a Pod with an image that must be denied"),
            ("other", None, {dry_run: [1, "", f"Post {url}: EOF\n"]}, "dry run: expected a denial by pods.ecr-adm"),
            ("check", cheaper, {}, "live admission policies: the ValidatingAdmissionPolicy pods.ecr-admission.internal"
             " differs from that of the stack in spec.validations[2].expression; run deploy/render-config with"),
            ("parameter", spec(0, paramKind={"kind": "X"}), {}, "live admission policies: the ValidatingAdmissionPolicy"),
            ("scope", spec(1, matchResources={"a": 1}), {}, "in spec.matchResources; run"),
            ("actions", spec(1, validationActions=["Warn"]), {}, "in spec.validationActions"),
            ("policy", spec(0, failurePolicy="Ignore"), {}, "in spec.failurePolicy"),
            ("missing", None, {"get validatingadmissionpolicybinding controllers.": [0, "", ""]}, "the ValidatingAdmissionPolicyBinding controllers.ecr-admission.internal is missing"),
        ):
            with self.subTest(name):
                said = self.live(change=change, code=1, **answers)
                failed = [line for line in said.splitlines() if line.startswith("FAIL")]
                self.assertTrue(any(expected in line for line in failed), said)
                self.assertNotIn(OLD_KEY, said)

    def test_no_admission_policies_and_no_mutating_webhook_are_fine(self):
        def nothing(files):
            files["mutating-webhook.yaml"] = []
            files["admission-policy.yaml"] = []

        empty = {f"get validatingadmissionpolic{end}": [0, "", ""] for end in ("y", "ybinding")}
        said = self.live(change=nothing, **empty)
        self.assertIn("live admission policies: none installed", said)
        self.assertIn("live mutating webhook: none installed", said)

    def test_who_may_not_create_pods_gets_no_dry_run(self):
        refused = 'Error from server (Forbidden): error when creating "STDIN": pods is forbidden: User "watch" cannot create'
        refused += ' resource "pods" in API group "" in the namespace "default"\n'
        said = self.live(**{"create --dry-run=server -f -": [1, "", refused]})
        self.assertIn("ok    dry run: skipped: you may not create Pods in namespace default", said)

    def test_the_webhook_is_reached_behind_a_policy_that_denies(self):
        refused = "Error from server (Forbidden): ValidatingAdmissionPolicy 'pods.ecr-admission.internal' denied request\n"
        looked_up = DENIAL.replace("docker.io/library/busybox:latest is not in Amazon ECR [ecr-registry]", "none [image-a]")
        said = self.live(
            **{
                "create --dry-run=server -f - docker.io/": [1, "", refused],
                "create --dry-run=server -f - 123456789012.dkr.ecr.eu-west-1.amazonaws.com/": [1, "", f"{looked_up}\n"],
            }
        )
        self.assertRegex(said, r"ok    dry run: Error from server .* denied the request: none \[image-a\]")


def render(url, folder, out):
    """Runs deploy/render-config with everything that it can write for Amazon EKS."""
    token_file = folder / "token"
    token_file.write_text(TOKEN)
    command = [sys.executable, str(ROOT / "deploy" / "render-config"), "--eks", "--out", str(out), "--url", url]
    command += ["--token-file", str(token_file), "--admission-policy", "deny", "--policy", ""]
    command += ["--registry-ids", "123456789012", "--registry-region", "eu-west-1"]
    subprocess.run(command, check=True, capture_output=True)


def rendered_objects(url, folder):
    """File -> objects, as deploy/render-config writes them and the apiserver fills them in."""
    render(url, folder, folder)
    program = "import json, sys, yaml; print(json.dumps([list(yaml.safe_load_all(open(p))) for p in sys.argv[1:]]))"
    names = ("validating-webhook.yaml", "mutating-webhook.yaml", "admission-policy.yaml")
    read = [tools.bin_of("kubernetes") / "python", "-c", program, *(folder / name for name in names)]
    output = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    files = dict(zip(names, json.loads(output)))
    for one in files["admission-policy.yaml"]:
        if one["kind"] == "ValidatingAdmissionPolicy":
            one["spec"]["matchConstraints"].update(namespaceSelector={}, objectSelector={})
            one["status"] = {"observedGeneration": 1}
    return files


def items(*objects):
    return {"kind": "List", "items": list(objects)}


def role(name, group, resource, verb):
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    return {"metadata": {"name": name}, "rules": [rule]}


def binding(role_name, kind, subject):
    subjects = [{"kind": kind, "name": subject}]
    return {"metadata": {"name": f"b-{role_name}"}, "roleRef": {"name": role_name}, "subjects": subjects}


def event(message):
    return {"metadata": {"namespace": "shop", "name": "web"}, "message": message}


def failing(url):
    conditions = [{"type": "ReplicaFailure", "message": f'failed calling webhook: Post "{url}": EOF'}]
    return {"metadata": {"namespace": "shop", "name": "web"}, "status": {"conditions": conditions}}
