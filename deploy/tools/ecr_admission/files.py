"""Writing files so that no reader ever sees half of one, or a token with wide permissions."""

import os
import tempfile
from pathlib import Path

from .problem import Problem

PUBLIC = 0o644
SECRET = 0o600


def write(path, text, mode=PUBLIC):
    """Replaces `path` with `text` in one step.

    The temporary file is made with mode 0600 (mkstemp), so a secret is never wider than that, not
    even for the moment between writing and renaming.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        # A rename would put a plain file in the place of a device or a pipe.
        raise Problem(f"{path} is not a plain file; choose another path")
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
