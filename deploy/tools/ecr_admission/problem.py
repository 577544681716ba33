"""How a tool fails: one sentence for a person, and exit code 1."""

import json
import sys

# Of foreign text, an error shows no more characters than this.
LONGEST = 200


class Problem(Exception):
    """What is wrong, and what to do about it. Never holds a token."""


def quoted(text):
    """`text` in double quotes for an error: one line, printable, not too long."""
    shown = str(text)
    return json.dumps(shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…", ensure_ascii=not shown.isprintable())


def run(main):
    """Runs `main`; prints a Problem to stderr and exits with 1."""
    try:
        sys.exit(main())
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
