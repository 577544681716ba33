"""What a release consists of: everything that an installation needs, without the checkout and without Rust."""

import json
import re
import subprocess
from pathlib import Path

from ecr_admission.problem import Problem

from . import sums, tarballs
from .tools import ROOT

FUNCTIONS = ("admission", "authorizer")
TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
# What git tracks of these goes into the release, at the same place: commands and pages are the same in both.
FOLDERS = ("deploy", "infra")
PAGES = ("LICENSE", "SECURITY.md", "functions/admission/README.md", "functions/lambda/README.md")
# The sources of the command-line tool, the text that becomes INSTALL.md, and what only scripts/ and cdk/ read.
LEFT_OUT = ("deploy/tools/cli/", "deploy/tools/catalogue/", "infra/INSTALL.md", "infra/application.json")
LEFT_OUT += ("infra/parameters.json", "infra/regions.json")
# The application for the Serverless Application Repository runs on this one.
SAR_ARCHITECTURE = "arm64"
SAR_TEMPLATE = "infra/template.yaml"
PLAIN_TEMPLATE = "infra/cloudformation.yaml"
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
PARTIAL = """\
> **Not for publication.** This release has packages for {architectures} only, as tests use it. Every command needs
> `Architecture={architectures}`.

"""


def name(architectures):
    """What the folder is called: that of a release with some architectures only says so."""
    partial = "" if set(architectures) == set(TARGETS) else f"-{'-'.join(architectures)}-only"
    return f"{tarballs.EXECUTABLE}-{tarballs.version()}{partial}"


def contents(packages, architectures):
    """The files of the release: path -> (content, mode). `packages` has what scripts/build made."""
    version = tarballs.version()
    uploads = f"s3/{tarballs.EXECUTABLE}/{version}"
    files = {path: (read(path), mode) for path, mode in tracked()}
    files[f"{uploads}/cloudformation.yaml"] = files[PLAIN_TEMPLATE]
    for architecture in architectures:
        for path, place in packages_of(architecture).items():
            files[place.format(uploads=uploads)] = ((packages / path).read_bytes(), 0o644)
    if SAR_ARCHITECTURE in architectures:
        files[SAR_TEMPLATE] = (sar_template(files[SAR_TEMPLATE][0].decode(), uploads).encode(), 0o644)
    else:
        del files[SAR_TEMPLATE]
    files["INSTALL.md"] = (install_page(version, architectures).encode(), 0o644)
    notes = release_notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    files["RELEASE_NOTES.md"] = (notes.encode(), 0o644)
    for path, (content, mode) in files.items():
        if path.endswith(".md"):
            files[path] = (without_dead_links(path, content.decode(), files).encode(), mode)
    listing = sums.listing({path: sums.digest_of(content) for path, (content, _) in files.items()})
    files[sums.NAME] = (listing.encode(), 0o644)
    return files


def packages_of(architecture):
    """What scripts/build made for `architecture`, in its folder -> where it is in the release."""
    places = {}
    for function in FUNCTIONS:
        places[f"{architecture}/{function}.zip"] = f"{{uploads}}/{function}-{architecture}.zip"
        places[f"{architecture}/{function}.cdx.json"] = f"sbom/{function}-{architecture}.cdx.json"
    tool = tarballs.name(TARGETS[architecture])
    places[f"cli/{tool}.tar.gz"] = f"cli/{tool}.tar.gz"
    places[f"cli/{tool}.cdx.json"] = f"sbom/{tool}.cdx.json"
    return places


def check(packages, architectures):
    """Raises Problem unless every package is there, is the one of its digest, and is of this version."""
    version = tarballs.version()
    for architecture in architectures:
        places = packages_of(architecture)
        again = f"run scripts/build --arch {architecture} --sbom and scripts/build --cli --arch {architecture} --sbom"
        try:
            of_functions = [Path(path).name for path in places if path.startswith(f"{architecture}/")]
            sums.check(packages / architecture, of_functions)
            # Of both architectures and of this version, or there would be others in the folder.
            sums.check(packages / "cli", [path.name for path in (packages / "cli").glob(f"{tarballs.EXECUTABLE}-*")])
            for path in places:
                if not (packages / path).is_file():
                    raise Problem(f"{packages / path} does not exist")
                if path.endswith(".cdx.json"):
                    check_version(packages / path, version)
        except Problem as found:
            raise Problem(f"{found}; {again}") from None


def check_version(bill, version):
    """Raises Problem unless this bill of materials is of the version."""
    described = json.loads(bill.read_text(encoding="utf-8"))["metadata"]["component"]["version"]
    if described != version:
        raise Problem(f"{bill} is of version {described}; expected {version}")


def tracked():
    """The files of the release that are in the checkout as they are: path and mode."""
    command = ["git", "-C", str(ROOT), "ls-files", "--stage", "-z", "--", *FOLDERS, *PAGES]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Problem(f"git ls-files failed: {answer.stderr.strip()}; run scripts/release in a checkout")
    for line in answer.stdout.split("\0")[:-1]:
        described, path = line.split("\t", 1)
        if not path.startswith(LEFT_OUT):
            yield path, 0o755 if described.startswith("100755") else 0o644


def read(path):
    try:
        return (ROOT / path).read_bytes()
    except OSError as error:
        raise Problem(f"cannot read {path}: {error.strerror}") from error


def sar_template(text, uploads):
    """The template of the Serverless Application Repository, with the packages of the release."""
    for function in FUNCTIONS:
        old = f"CodeUri: ../dist/{SAR_ARCHITECTURE}/{function}.zip\n"
        if old not in text:
            raise Problem(f'{SAR_TEMPLATE}: expected "{old.strip()}", got no such line')
        text = text.replace(old, f"CodeUri: ../{uploads}/{function}-{SAR_ARCHITECTURE}.zip\n")
    return text


def install_page(version, architectures):
    """The text of INSTALL.md."""
    text = (ROOT / "infra" / "INSTALL.md").read_text(encoding="utf-8").replace("VERSION", version)
    if set(architectures) == set(TARGETS):
        return text
    heading, rest = text.split("\n\n", 1)
    return f"{heading}\n\n{PARTIAL.format(architectures=', '.join(architectures))}{rest}"


def release_notes(changelog, version):
    """The section of CHANGELOG.md about this version, as a page."""
    section = re.search(rf"^## ({re.escape(version)}(?: [^\n]*)?)\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not section:
        raise Problem(f"CHANGELOG.md has no section about {version}; add one: it becomes the release notes")
    return f"# {tarballs.EXECUTABLE} {section[1]}\n\n{section[2].strip()}\n"


def without_dead_links(page, text, files):
    """`text` with the words alone where a link leads to a file that is not in the release."""
    folders = {parent.as_posix() for path in files for parent in Path(path).parents}

    def kept(link):
        words, target, _ = link.groups()
        if re.match(r"[a-z]+:", target):
            return link[0]
        place = (ROOT / page).parent.joinpath(target).resolve().relative_to(ROOT).as_posix()
        return link[0] if place in files or place in folders else words

    return LINK.sub(kept, text)
