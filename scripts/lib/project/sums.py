"""SHA256SUMS beside the packages: who builds the same sources compares it, or checks what was downloaded with sha256sum."""

import hashlib

from ecr_admission.problem import Problem

NAME = "SHA256SUMS"


def digest(path):
    return digest_of(path.read_bytes())


def digest_of(content):
    return hashlib.sha256(content).hexdigest()


def write(folder, names):
    """Writes the digests of these files of `folder`, in the form that sha256sum checks."""
    (folder / NAME).write_text(listing({name: digest(folder / name) for name in names}), encoding="utf-8")


def listing(digests):
    """name -> digest in the form that sha256sum checks."""
    return "".join(f"{written}  {name}\n" for name, written in sorted(digests.items()))


def check(folder, names):
    """Raises Problem unless SHA256SUMS has exactly these files of `folder`, each with the digest that it has now."""
    for name in (NAME, *names):
        if not (folder / name).is_file():
            raise Problem(f"{folder / name} does not exist")
    lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    listed = {name: written for written, name in (line.split("  ", 1) for line in lines)}
    if sorted(listed) != sorted(names):
        raise Problem(f"{folder / NAME} lists {', '.join(sorted(listed))}; expected {', '.join(sorted(names))}")
    for name, written in listed.items():
        if digest(folder / name) != written:
            raise Problem(f"{folder / name} has SHA-256 {digest(folder / name)}; expected {written}, as in {NAME}")
