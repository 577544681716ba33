"""The policy document in force: whether the apiserver may enforce what it says of registries."""

import subprocess
import tempfile
from pathlib import Path

from . import aws, files
from .problem import Problem

# Python has no reader for YAML. This is the reader of the admission function.
READER = Path(__file__).resolve().parents[2] / "policy"
RULE = "ecr-registry"


def of(stack):
    """The text of the stack's policy document, or None where the parameters are the whole policy."""
    secret = stack.output("PolicySecretInForce")
    if not secret:
        return None
    answer = aws.call("secretsmanager", "get-secret-value", ["--secret-id", secret], stack.region)
    return answer.get("SecretString", "")


def require_deny(text, program=None):
    """Raises Problem unless the rule ecr-registry denies for everyone, everywhere, in the document `text`.

    `program` is a built `ecr-admission`; without one, deploy/policy builds it.
    """
    if text is None:
        # The default mode of every rule is deny.
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.yaml"
        files.write(path, text, files.SECRET)
        command = [program, "policy"] if program else [str(READER)]
        command += ["check", str(path), "--require-deny", RULE]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        except OSError as error:
            raise Problem(f"cannot run {command[0]}: {error.strerror}; check --ecr-admission") from error
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    why = (lines[-1] if lines else "no message").replace(str(path), "the policy document")
    if result.returncode == 1:
        raise Problem(
            f"--admission-policy deny needs a policy document in force under which {RULE} denies for everyone,"
            f" everywhere: {why}; change the document, or use --admission-policy audit"
        )
    if result.returncode != 0:
        raise Problem(
            f"cannot check the policy document ({why}); --admission-policy deny needs that: install cargo, or pass"
            " --ecr-admission with the path of a built ecr-admission"
        )
