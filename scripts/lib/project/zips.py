"""Zips for Lambda that are the same whenever and wherever they are made from the same executable."""

import zipfile
from pathlib import Path

# The earliest time that a zip can hold. The real one would make every zip another one.
EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX = 3
EXECUTABLE = 0o100755


def write(path, executable):
    """Writes `path` with `executable` as its only entry, `bootstrap`, which Lambda's runtime starts."""
    entry = zipfile.ZipInfo("bootstrap", date_time=EPOCH)
    entry.create_system = UNIX
    entry.external_attr = EXECUTABLE << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".zip.part")
    with zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(entry, Path(executable).read_bytes(), compresslevel=9)
    temporary.replace(path)
