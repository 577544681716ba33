"""Python tools, each set in an environment of its own under .tools/ (their pins contradict each other)."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from ecr_admission.problem import Problem

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / ".tools"
REQUIREMENTS = ROOT / "scripts" / "lib" / "requirements"


def bin_of(name):
    """The bin folder of the tools in scripts/lib/requirements/NAME.txt, installed if need be."""
    requirements = REQUIREMENTS / f"{name}.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    folder = TOOLS / name
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"installing {name} tools into {folder.relative_to(ROOT)} (once; up to a minute)")
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "--disable-pip-version-check"]
        # Nothing but files whose hash is written down; and wheels alone, since a source distribution
        # runs code of its own and fetches build tools that no hash covers.
        install = [*pip, "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
        install += ["--requirement", str(requirements)]
        # Then whether the list is complete for this Python.
        for command in (install, [*pip, "check"]):
            # Its stdout is no result of ours.
            result = subprocess.run(command, check=False, stdout=sys.stderr, stderr=sys.stderr)
            if result.returncode != 0:
                raise Problem(f"pip could not install {requirements.name}; see above")
        stamp.write_text(wanted)
    return folder / "bin"


def environment(*names, **extra):
    """This process's environment with the tools of `names` first on PATH."""
    paths = [str(bin_of(name)) for name in names]
    return {**os.environ, "PATH": os.pathsep.join([*paths, os.environ.get("PATH", "")]), **extra}


def run(command, **options):
    """Runs `command`; raises Problem when it fails."""
    result = subprocess.run([str(part) for part in command], check=False, **options)
    if result.returncode != 0:
        raise Problem(f"{Path(command[0]).name} {command[1]} failed with code {result.returncode}; see above")
    return result


def say(text):
    """Progress, on stderr: stdout is for results."""
    print(text, file=sys.stderr, flush=True)
