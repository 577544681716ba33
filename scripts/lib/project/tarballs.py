"""Tarballs of the command-line tool: the same files give the same bytes, at any time and on any machine."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

from ecr_admission.problem import Problem

from .tools import ROOT

PACKAGE = "ecr-admission-cli"
EXECUTABLE = "ecr-admission"
# The oldest C library that the tool runs with. It is also the oldest that Rust supports.
GLIBC = "2.17"
README = """\
ecr-admission {version} for {target}, with glibc {glibc} or later.
License: Apache-2.0, see LICENSE. Start with: ./ecr-admission --help
"""


def name(target):
    """What the tarball for `target` is called, and the folder in it."""
    return f"{EXECUTABLE}-{version()}-{target}-glibc{GLIBC}"


def version():
    """The version of the tool."""
    command = ["cargo", "pkgid", "--locked", "--package", PACKAGE]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Problem(f"cargo pkgid failed: {answer.stderr.strip()}")
    return answer.stdout.strip().rsplit("@", 1)[1]


def pack(folder, target, executable):
    """Packs the tool into `folder` and returns the tarball."""
    path = Path(folder) / f"{name(target)}.tar.gz"
    readme = README.format(version=version(), target=target, glibc=GLIBC)
    write(
        path,
        {
            "LICENSE": ((ROOT / "LICENSE").read_bytes(), 0o644),
            "README": (readme.encode(), 0o644),
            EXECUTABLE: (Path(executable).read_bytes(), 0o755),
        },
    )
    return path


def write(path, files):
    """Writes `path` with a folder of the same name, and in it `files`: name -> (content, mode)."""
    folder = path.name[: -len(".tar.gz")]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.part")
    with open(temporary, "wb") as raw:
        # Neither a time nor the name of the file: both would be in the header.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
                for entry_name, (content, mode) in sorted(files.items()):
                    # Owned by root, since 1970.
                    entry = tarfile.TarInfo(f"{folder}/{entry_name}")
                    entry.size, entry.mode = len(content), mode
                    archive.addfile(entry, io.BytesIO(content))
    temporary.replace(path)
