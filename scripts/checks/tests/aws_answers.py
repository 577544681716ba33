"""An aws CLI that answers from a file, for tests of tools that ask AWS what is there."""

import json
from pathlib import Path

SCRIPT = """#!{python}
import json, sys
words = sys.argv[1:]
with open(__file__ + ".calls", "a") as calls:
    calls.write(" ".join(words) + "\\n")
answers, operation = json.load(open(__file__ + ".answers")), " ".join(words[:2])
special = (f"{{operation}} {{word}}" for word in words[2:])
answer = next((answers[key] for key in special if key in answers), answers.get(operation))
if answer is None:
    sys.exit("An error occurred (AccessDenied) when calling " + " ".join(words[:2]))
if words[:2] == ["apigateway", "get-export"]:
    # The file that it writes is the last argument but for the format.
    json.dump(answer, open(words[words.index("--output") - 1], "w"))
    answer = {{}}
print(json.dumps(answer))
"""


class AwsAnswers:
    """`aws` in `folder`. `answers`: service and operation -> answer; what has none is access denied.

    A key may have one more word, for the calls that have it among their arguments.
    """

    def __init__(self, folder, python, answers):
        self._path = Path(folder) / "aws"
        self._path.write_text(SCRIPT.format(python=python))
        self._path.chmod(0o755)
        self.answers = answers

    def write(self):
        """Writes the answers as they are now."""
        Path(f"{self._path}.answers").write_text(json.dumps(self.answers))

    def calls(self):
        """Service and operation of each call so far."""
        path = Path(f"{self._path}.calls")
        lines = path.read_text().splitlines() if path.exists() else []
        return [" ".join(line.split()[:2]) for line in lines]
