"""Transcripts: kubectl commands and the exact text that they print, in transcripts/*.txt.

    ## a heading begins a part, which a test plays as a whole
    $ kubectl create -f DIR/pod.yaml
    Error from server (Forbidden): …
    [1]

A last line [N] is the exit code; without it, the code is 0. A line that begins with # after a blank line is a
comment. DIR stands for the test's folder, and ENDPOINT for the host and port of the local cloud, which differ
from run to run. In a text, <*> stands for one word that is not known before.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "transcripts"
PROMPT = "$ kubectl "


@dataclass(frozen=True)
class Command:
    """One command, and what it must print."""

    line: str
    expected: str


class Transcript:
    """One file. A part that no test plays is an error: see `finish`."""

    def __init__(self, name, report, kubectl, words):
        self.name = name
        self._report, self._kubectl, self._words = report, kubectl, dict(words)
        self._parts = parse((FOLDER / f"{name}.txt").read_text(encoding="utf-8"))
        self._played = set()

    def play(self, part, kubectl=None):
        """Runs the commands of `part`, one check each."""
        self._played.add(part)
        for command in self._parts[part]:
            line = self._fill(command.line)
            output = (kubectl or self._kubectl)(*shlex.split(line))
            got = output.text.rstrip("\n") + (f"\n[{output.code}]" if output.code else "")
            self._report.check(
                f"{self.name}: {part}: kubectl {command.line}",
                matches(self._fill(command.expected), got),
                self._hide(got.lstrip("\n")),
                command.expected,
            )

    def leave_out(self, part):
        """Counts `part` as played: the test has reported that it cannot be."""
        self._played.add(part)

    def finish(self):
        """One check: every part of the file was played."""
        left = [part for part in self._parts if part not in self._played]
        self._report.check(f"{self.name}: every part is played", not left, left, [])

    def lines(self):
        """All commands, without `kubectl`."""
        return [command.line for part in self._parts.values() for command in part]

    def files(self):
        """The -f arguments of all commands."""
        return {word for line in self.lines() for word in shlex.split(line) if word.endswith(".yaml")}

    def _fill(self, text):
        for word, value in self._words.items():
            text = text.replace(word, value)
        return text

    def _hide(self, text):
        for word, value in self._words.items():
            text = text.replace(value, word)
        return text


def parse(text):
    """The commands of each part."""
    parts, commands, current = {}, None, None
    for line in text.splitlines():
        if line.startswith("## "):
            current = None
            commands = parts.setdefault(line[3:], [])
        elif line.startswith(PROMPT):
            current = [line[len(PROMPT) :]]
            commands.append(current)
        elif line.startswith("# ") and current and current[-1] == "":
            current = None
        elif current is not None:
            current.append(line)
    return {
        part: [Command(lines[0], "\n".join(lines[1:]).strip("\n")) for lines in commands]
        for part, commands in parts.items()
    }


def matches(expected, got):
    """Whether `got` is `expected`, in which <*> is one word."""
    pattern = r"\S+".join(re.escape(piece) for piece in expected.split("<*>"))
    return re.fullmatch(pattern, got.strip("\n")) is not None
