"""The one way a script ends badly: a sentence for a person, and exit code 1."""

import sys


class Problem(Exception):
    """What was got, what is accepted, and what to do. Never holds a token."""


def run(main):
    """Runs `main`, turning a Problem into its sentence on stderr and exit code 1."""
    try:
        sys.exit(main())
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
