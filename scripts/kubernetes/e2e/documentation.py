"""What the other tests have seen, and a person cannot act on without an explanation, is explained."""

from project.tools import ROOT

GUIDE = "deploy/README.md"
EXPLAINED = {
    # 403. An HTTP API's answers are JSON, which kube-apiserver does not show.
    "failed to call webhook: unknown": GUIDE,
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
    for words, page in EXPLAINED.items():
        there = words in (ROOT / page).read_text(encoding="utf-8")
        world.report.check(f"documentation: {page} explains: {words}", there, "no such text", words)
