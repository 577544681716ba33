"""The documentation explains the messages that the other tests see and that do not explain themselves."""

from project.tools import ROOT

GUIDE = "deploy/README.md"
EXPLAINED = {
    # 403. The answers of an HTTP API are JSON, which kube-apiserver does not show.
    "failed to call webhook: unknown": GUIDE,
    "refused with `failed to call webhook: unknown`": "deploy/eks.md",
    # 401.
    "the server has asked for the client to provide credentials": GUIDE,
    # 500.
    'an error on the server ("unknown") has prevented the request from succeeding': GUIDE,
    "could not get REST client": GUIDE,
    "x509: certificate signed by unknown authority": GUIDE,
    "context deadline exceeded": GUIDE,
    "failurePolicy Ignore admits silently": "README.md",
}


def run(world):
    for message, page in EXPLAINED.items():
        found = message in (ROOT / page).read_text(encoding="utf-8")
        world.report.check(f"documentation: {page} explains: {message}", found, "no such text", message)
