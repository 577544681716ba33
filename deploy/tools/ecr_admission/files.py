"""Reading and writing files: no reader ever sees half a file, or a token that others can read."""

import os
import tempfile
from pathlib import Path

from .problem import Problem

PUBLIC = 0o644
SECRET = 0o600


def read(path, what_to_do="check the path"):
    """The text of the file `path`; `what_to_do` ends the error where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Problem(f"cannot read {path}: {error.strerror}; {what_to_do}") from error
    except UnicodeDecodeError as error:
        raise Problem(f"cannot read {path}: it is not UTF-8; {what_to_do}") from error


def write(path, text, mode=PUBLIC):
    """Replaces `path` with `text` in one step.

    The temporary file has mode 0600 (mkstemp), so a secret is never readable by others, not even for the
    moment between writing and renaming.
    """
    descriptor, temporary = _open_beside(path)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        raise _unwritable(path, error) from error
    except BaseException:
        os.unlink(temporary)
        raise


def check_writable(path):
    """Raises the Problem that `write` would raise; changes nothing."""
    descriptor, temporary = _open_beside(path)
    os.close(descriptor)
    os.unlink(temporary)


def _open_beside(path):
    path = Path(path)
    if path.exists() and not path.is_file():
        # A rename would put a plain file in the place of a device or a pipe.
        raise Problem(f"cannot write {path}: it is not a plain file; choose another path")
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path, error):
    return Problem(f"cannot write {path}: {error.strerror}; choose another path")
