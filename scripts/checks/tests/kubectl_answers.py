"""A kubectl that answers from a file, by context of the kubeconfig."""

import json
from pathlib import Path

SCRIPT = """#!{python}
import json, sys
words = [word for word in sys.argv[1:] if not word.startswith(("--context=", "--request-timeout="))]
(context,) = [word.partition("=")[2] for word in sys.argv[1:] if word.startswith("--context=")] or [""]
answers = json.load(open(__file__ + ".answers"))
if context not in answers:
    sys.exit(f'error: context "{{context}}" does not exist')
said = " ".join(words)
found = next((answers[context][key] for key in answers[context] if said.startswith(key)), None)
if found is None:
    sys.exit("unexpected: kubectl " + said)
print(found if isinstance(found, str) else json.dumps(found))
"""


def kubectl_in(folder, python, answers):
    """`kubectl` in `folder`. `answers`: context ("" for the current one) -> beginning of a command -> what it prints."""
    path = Path(folder) / "kubectl"
    path.write_text(SCRIPT.format(python=python))
    path.chmod(0o755)
    Path(f"{path}.answers").write_text(json.dumps(answers))
