"""deploy/ci.md: its pipelines are what GitHub and GitLab accept, and its role is what the tool needs."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import tarballs, tools

from . import ROOT

PAGE = ROOT / "deploy" / "ci.md"
TO_JSON = """
import json, sys
from ruamel.yaml import YAML
json.dump(YAML(typ="safe", pure=True).load(sys.stdin), sys.stdout)
"""


def blocks(language):
    """The code blocks of the page in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def refused(schema, text):
    """What the schema of this name says against `text`; empty when it is valid."""
    command = [str(tools.bin_of("pipelines") / "check-jsonschema"), "--builtin-schema", schema]
    command += ["--default-filetype", "yaml", "-"]
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def parsed(text):
    command = [str(tools.bin_of("pipelines") / "python"), "-c", TO_JSON]
    return json.loads(subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout)


def unclean(script):
    """What shellcheck says against `script`."""
    command = [str(tools.bin_of("shell") / "shellcheck"), "--shell=bash", "--severity=style", "-"]
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False).stdout


class Pipelines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefetch, cls.github, cls.gitlab = blocks("yaml")

    def test_github_accepts_the_workflow_and_would_refuse(self):
        self.assertEqual(refused("vendor.github-workflows", self.github), "")
        self.assertNotEqual(refused("vendor.github-workflows", self.github.replace("runs-on:", "runs:")), "")

    def test_gitlab_accepts_the_pipeline_and_would_refuse(self):
        self.assertEqual(refused("vendor.gitlab-ci", self.gitlab), "")
        self.assertNotEqual(refused("vendor.gitlab-ci", self.gitlab.replace("script:", "scripts:")), "")

    def test_their_commands_are_sound(self):
        jobs = parsed(self.github)["jobs"]
        scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
        for job in parsed(self.gitlab).values():
            if isinstance(job, dict):
                scripts.append("\n".join([*job.get("before_script", []), *job["script"]]))
        scripts += [step["run"] for step in parsed(self.prefetch)]
        self.assertEqual(len(scripts), 9)
        for script in [*scripts, *blocks("sh")]:
            with self.subTest(script=script):
                self.assertEqual(unclean(script), "")
        self.assertIn("SC2086", unclean("echo $1"))

    def test_the_job_of_a_fork_has_no_credentials_and_is_otherwise_the_same(self):
        jobs = parsed(self.github)["jobs"]
        check, fork = ({step.get("name"): step for step in jobs[name]["steps"]} for name in ("check", "fork"))
        self.assertEqual(jobs["fork"]["permissions"], {"contents": "read"})
        self.assertNotIn("Credentials", fork)
        for step in (None, "Install", "Render"):
            self.assertEqual(check[step], fork[step])

    def test_they_fetch_what_is_built(self):
        name = tarballs.name("x86_64-unknown-linux-gnu")
        self.assertEqual(parsed(self.github)["env"]["RELEASE"], name)
        self.assertEqual(parsed(self.gitlab)["ecr-admission"]["variables"]["RELEASE"], name)


class Role(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.permissions, cls.prefetch, *cls.trust = map(json.loads, blocks("json"))

    def test_it_may_do_what_the_function_may_and_read_the_stack(self):
        function = (ROOT / "cdk" / "lib" / "functions.ts").read_text(encoding="utf-8")
        expected = set(re.findall(r"'((?:ecr|inspector2):\w+)'", function))
        self.assertIn("ecr:DescribeImageScanFindings", expected)
        listed = []
        for statement in self.permissions["Statement"]:
            actions = statement["Action"]
            listed += [actions] if isinstance(actions, str) else actions
        self.assertEqual(len(listed), len(set(listed)))
        self.assertEqual(set(listed), expected | {"cloudformation:DescribeStacks", "secretsmanager:GetSecretValue"})

    def test_prefetch_may_do_what_the_tool_calls_and_imports(self):
        """The calls are in check/aws; ecr:BatchImportUpstreamImage and ecr:CreateRepository are what a pull causes."""
        called = ""
        for path in (ROOT / "deploy/tools/cli/src/check").rglob("*.rs"):
            called += path.read_text(encoding="utf-8")
        allowed = [statement["Action"] for statement in self.prefetch["Statement"]]
        actions = {action for each in allowed for action in ([each] if isinstance(each, str) else each)}
        imports = {"ecr:BatchImportUpstreamImage", "ecr:CreateRepository"}
        self.assertLess(imports, actions)
        for action in actions - imports:
            operation = re.sub(r"(?<!^)(?=[A-Z])", "_", action.removeprefix("ecr:")).lower()
            self.assertIn(f".{operation}()", called)

    def test_only_one_repository_may_assume_it(self):
        self.assertEqual(len(self.trust), 2)
        for policy in self.trust:
            (statement,) = policy["Statement"]
            self.assertEqual(statement["Action"], "sts:AssumeRoleWithWebIdentity")
            provider = statement["Principal"]["Federated"].split("oidc-provider/")[1]
            conditions = {key: value for one in statement["Condition"].values() for key, value in one.items()}
            self.assertEqual(set(conditions), {f"{provider}:aud", f"{provider}:sub"})
            subjects = conditions[f"{provider}:sub"]
            for subject in [subjects] if isinstance(subjects, str) else subjects:
                self.assertRegex(subject, r"\A(repo:example/shop:|project_path:example/shop:)")


class Render(unittest.TestCase):
    def test_the_source_of_an_object_becomes_a_path_of_the_repository(self):
        (command,) = set(re.findall(r"\| (sed '.+?') >", PAGE.read_text(encoding="utf-8")))
        rendered = "---\n# Source: shop/templates/web.yaml\nkind: Deployment\n"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rendered.yaml"
            path.write_text(rendered)
            shell = ["sh", "-c", f"{command} < {path}"]
            answer = subprocess.run(shell, capture_output=True, text=True, check=True).stdout
        self.assertEqual(answer, rendered.replace("shop/templates", "charts/shop/templates"))
