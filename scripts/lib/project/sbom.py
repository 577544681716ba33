"""The software bill of materials of what ships: CycloneDX 1.5, with every crate that is linked into it.

cargo itself lists the crates, for one package and one target, so that nothing is in the list that only tests or another
program need. There is no time and no serial number in it: the same sources give the same bytes.
"""

import json
import re
import subprocess

from ecr_admission.problem import Problem

from . import sums
from .tools import ROOT

CRATE = re.compile(r"(?P<depth>\d+) (?P<name>\S+) v(?P<version>\S+)(?: \(.+\))?\|(?P<license>[^|]*?)(?: \(\*\))?")
LOCKED = re.compile(r'^name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"$', re.MULTILINE)


def write(path, package, target, packed):
    """Writes the bill of materials of `package`, built for `target` and packed in the file `packed`."""
    text = json.dumps(document(package, target, sums.digest(packed)), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def document(package, target, digest):
    """The bill of materials as JSON, for the package with this digest."""
    crates, needs = linked(package, target)
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    checksums = {(name, version): checksum for name, version, checksum in LOCKED.findall(lock)}
    main, *others = (component(*crate, terms, checksums.get(crate)) for crate, terms in crates.items())
    main.update(type="application", hashes=[sha256(digest)])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": main},
        "components": sorted(others, key=lambda one: one["bom-ref"]),
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(map(reference_to, needs[crate]))}
            for reference, crate in sorted((reference_to(crate), crate) for crate in needs)
        ],
    }


def reference_to(crate):
    return "@".join(crate)


def component(name, version, terms, checksum):
    """One crate. Only a crate from the registry has a package URL and a checksum."""
    described = {
        "type": "library",
        "bom-ref": reference_to((name, version)),
        "name": name,
        "version": version,
        # The older form of cargo has a slash for OR.
        "licenses": [{"expression": re.sub(r" ?/ ?", " OR ", terms)}],
    }
    if checksum:
        described["purl"] = f"pkg:cargo/{name}@{version}"
        described["hashes"] = [sha256(checksum)]
    return described


def sha256(digest):
    return {"alg": "SHA-256", "content": digest}


def linked(package, target):
    """What is linked into `package`, itself first: (name, version) -> license, and -> what it needs."""
    command = ["cargo", "tree", "--locked", "--package", package, "--target", target, "--prefix", "depth"]
    # Without build scripts and macros: they run while the program is built, but are not linked into it.
    command += ["--edges", "normal,no-proc-macro", "--format", " {p}|{l}"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise Problem(f"cargo tree failed: {result.stderr.strip()}")
    crates, needs, above = {}, {}, []
    for line in result.stdout.splitlines():
        found = CRATE.fullmatch(line)
        if not found or not found["license"]:
            raise Problem(f'expected a crate and its license from cargo tree, got "{line}"')
        key = (found["name"], found["version"])
        crates[key] = found["license"]
        needs.setdefault(key, set())
        del above[int(found["depth"]) :]
        if above:
            needs[above[-1]].add(key)
        above.append(key)
    return crates, needs
