"""The Terraform module: its variables are the parameters of the table, and Terraform accepts and refuses the same values."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import tools

from . import ROOT, terraform

ROWS = [row for row in json.loads((ROOT / "infra" / "parameters.json").read_text()) if "parameter" in row]
TYPES = {"list": "list(string)", "text": "string", "word": "string", "number": "number", "flag": "bool"}
# What the module sets by itself, from the bucket and the release.
OF_THE_MODULE = {"Architecture", "CodeBucket", "CodeBucketPerRegion", "CodeKeyPrefix"}
READ = "import hcl2, json, sys; json.dump([hcl2.load(open(path)) for path in sys.argv[1:]], sys.stdout)"


def name_of(row):
    """registry_regions for registryRegions."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", row["prop"])


def read(*paths):
    """The content of these files."""
    command = [str(tools.bin_of("terraform") / "python"), "-c", READ, *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"cannot read the Terraform module: {result.stderr}")
    return json.loads(result.stdout)


def unquoted(text):
    """The string that a literal stands for, its templates escaped."""
    return re.sub(r"([$%])\1\{", r"\1{", json.loads(text))


def variables(content):
    return {json.loads(name): body for one in content["variable"] for name, body in one.items()}


class Variables(unittest.TestCase):
    """Read without Terraform."""

    @classmethod
    def setUpClass(cls):
        cls.content, main = read(terraform.MODULE / "parameters.tf", terraform.MODULE / "main.tf")
        cls.declared = variables(cls.content)
        (stack,) = [one for one in main["resource"] if '"aws_cloudformation_stack"' in one]
        cls.stack = stack['"aws_cloudformation_stack"']['"ecr_admission"']

    def test_every_file_can_be_read(self):
        paths = sorted(terraform.MODULE.rglob("*.tf"))
        self.assertEqual(len(read(*paths)), len(paths))
        self.assertIn(terraform.MODULE / "examples" / "two-regions" / "main.tf", paths)

    def test_the_parameters_of_the_table_are_the_variables(self):
        self.assertEqual(list(self.declared), [name_of(row) for row in ROWS])

    def test_each_has_the_type_the_default_and_the_meaning_of_its_row(self):
        for row in ROWS:
            with self.subTest(row["parameter"]):
                found = self.declared[name_of(row)]
                self.assertEqual(found["type"].strip("${}"), TYPES[row["type"]])
                self.assertIs(found["nullable"], False)
                meaning = unquoted(found["description"])
                self.assertTrue(meaning.startswith(row["meaning"]), meaning)
                default = found["default"]
                if row["type"] == "list":
                    # AWS::Region and the like: an empty list stands for the value of the stack.
                    expected = [] if isinstance(row["default"], str) else row["default"]
                    self.assertEqual([unquoted(item) for item in default], expected)
                    self.assertIn(" Empty: ", meaning)
                else:
                    text = isinstance(row["default"], str)
                    self.assertEqual(unquoted(default) if text else default, row["default"])
                if "range" in row:
                    low, high = row["range"]
                    self.assertTrue(meaning.endswith(f" {low} to {high} {row['unit']}."), meaning)

    def test_each_but_a_flag_says_what_it_expects(self):
        for row in ROWS:
            with self.subTest(row["parameter"]):
                found = self.declared[name_of(row)].get("validation")
                if row["type"] == "flag":
                    self.assertIsNone(found)
                    continue
                message = unquoted(found[0]["error_message"])
                self.assertTrue(message.startswith(f"{name_of(row)}: expected "), message)
                for part in [row.get("example", ""), *row.get("words", []), *row.get("range", row.get("numbers", []))]:
                    self.assertIn(str(part), message)

    def test_the_stack_gets_every_parameter_of_the_template(self):
        (values,) = [one["parameters"] for one in self.content["locals"]]
        self.assertEqual({row["parameter"] for row in ROWS}, {name for name in values if not name.startswith("__")})
        for row in ROWS:
            self.assertIn(f"var.{name_of(row)}", values[row["parameter"]])
        of_the_module = set(re.findall(r"^\s+(\w+)\s+=", self.written_parameters(), re.MULTILINE))
        self.assertEqual(of_the_module, OF_THE_MODULE)
        self.assertEqual(self.template_parameters(), OF_THE_MODULE | {row["parameter"] for row in ROWS})

    @staticmethod
    def written_parameters():
        text = (terraform.MODULE / "main.tf").read_text(encoding="utf-8")
        return re.search(r"parameters = merge\(local\.parameters, \{\n(.*?)\}\)", text, re.DOTALL)[1]

    @staticmethod
    def template_parameters():
        template = (ROOT / "infra" / "cloudformation.yaml").read_text(encoding="utf-8")
        section = re.search(r"^Parameters:\n((?:  .*\n)+)", template, re.MULTILINE)[1]
        return set(re.findall(r"^  (\w+):$", section, re.MULTILINE))

    def test_the_stack_may_make_roles_and_nothing_more(self):
        self.assertEqual(self.stack["capabilities"], ['"CAPABILITY_IAM"'])


def accepted(row):
    """Two values for a variable: of the ends of a range, and of both forms of a list."""
    kind = row["type"]
    if kind == "list":
        return [row["example"], row["example"]], [row["all"]] if "all" in row else []
    if kind == "text":
        return row["example"], row["default"]
    if kind == "flag":
        return True, False
    values = row.get("words") or row.get("range") or row["numbers"]
    return values[0], values[-1]


def refused(row):
    """Two values that the variable must not have."""
    kind = row["type"]
    if kind == "list":
        # The second is two items, as the parameter of the stack would have them.
        return [f"{row['example']}\n"], [f"{row['example']},{row['example']}"]
    if kind == "text":
        # CloudWatch keeps the second one for itself; nothing else is a namespace of another form.
        return f"{row['example']}\n", "AWS/Lambda" if row["prop"] == "metricsNamespace" else "no"
    if kind == "word":
        return f"{row['words'][0]} ", ""
    low, high = row.get("range") or (row["numbers"][0], row["numbers"][-1])
    return (high + 1, low + 0.5) if "range" in row else (high + 1, low - 1)


@terraform.needs_terraform
class Evaluated(unittest.TestCase):
    """The variables alone, without a provider."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for name in ("parameters.tf", "variables.tf"):
            shutil.copy(terraform.MODULE / name, cls.folder)
        (cls.folder / "outputs.tf").write_text('output "parameters" {\n  value = local.parameters\n}\n')
        terraform.init(cls.folder)

    def given(self, values):
        """The option that gives these values, and the ones that have no default."""
        path = self.folder / "values.tfvars.json"
        path.write_text(json.dumps({"code_bucket": "my-packages", **values}))
        return f"-var-file={path}"

    def plan(self, values):
        return terraform.call(self.folder, "plan", "-input=false", "-json", self.given(values))

    def test_every_file_has_the_format_of_terraform(self):
        result = terraform.call(terraform.MODULE, "fmt", "-check", "-diff", "-recursive")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_the_ends_of_every_range_are_accepted(self):
        for number in (0, 1):
            result = self.plan({name_of(row): accepted(row)[number] for row in ROWS})
            self.assertEqual(result.returncode, 0, terraform.errors(result.stdout))

    def test_the_stack_gets_texts(self):
        values = {"registry_ids": ["123456789012", "210987654321"], "url_keys": True, "cache_seconds": 0}
        terraform.must(self.folder, "apply", "-input=false", "-auto-approve", self.given(values))
        parameters = json.loads(terraform.must(self.folder, "output", "-json"))["parameters"]["value"]
        self.assertEqual(parameters["RegistryIds"], "123456789012,210987654321")
        self.assertEqual(parameters["UrlKeys"], "true")
        self.assertEqual(parameters["CacheSeconds"], "0")
        self.assertEqual(parameters["IgnoredNamespaces"], "kube-system")
        self.assertEqual(parameters["AlarmTopicArn"], "")
        self.assertEqual({type(value) for value in parameters.values()}, {str})

    def test_what_the_table_refuses_is_refused(self):
        rows = [row for row in ROWS if row["type"] != "flag"]
        for number in (0, 1):
            result = self.plan({name_of(row): refused(row)[number] for row in rows})
            found = {error["detail"].split(":", 1)[0] for error in terraform.errors(result.stdout)}
            self.assertEqual(found, {name_of(row) for row in rows})

    def test_a_variable_of_the_module_is_refused_too(self):
        bad = {"name": "1st", "code_key_prefix": "releases", "architecture": "arm"}
        result = self.plan(bad)
        found = {error["detail"].split(":", 1)[0] for error in terraform.errors(result.stdout)}
        self.assertEqual(found, set(bad))


@terraform.needs_provider
class Validated(unittest.TestCase):
    def test_the_provider_accepts_the_module_and_the_example(self):
        with tempfile.TemporaryDirectory() as name:
            module = Path(name) / "terraform"
            shutil.copytree(terraform.MODULE, module, ignore=shutil.ignore_patterns(".terraform*"))
            for folder in (module, module / "examples" / "two-regions"):
                terraform.init(folder)
                terraform.must(folder, "validate")


class Patterns(unittest.TestCase):
    def test_the_refused_values_are_those_that_the_table_refuses(self):
        """So that the tests above test what the table says."""
        for row in ROWS:
            if row["type"] in ("list", "text"):
                for value in refused(row):
                    item = value[0] if row["type"] == "list" else value
                    self.assertIsNone(re.fullmatch(row["pattern"], item), row["parameter"])
