"""Queries of CloudWatch Logs Insights."""

import time

from . import aws
from .problem import Problem

# How long to wait for a result, and how often to ask for it.
PATIENCE_SECONDS = 120
POLL_SECONDS = 2
UNDER_WAY = ("Scheduled", "Running", "Unknown")


def rows(groups, query, start, end, region):
    """The result of `query` over these log groups, between two times in seconds: a dict of texts for each row."""
    arguments = ["--log-group-names", *groups, "--start-time", str(int(start)), "--end-time", str(int(end))]
    started = aws.call("logs", "start-query", [*arguments, "--query-string", query], region)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = aws.call("logs", "get-query-results", ["--query-id", started["queryId"]], region)
        status = answer.get("status")
        if status == "Complete":
            return [{cell["field"]: cell.get("value", "") for cell in row} for row in answer.get("results", [])]
        if status not in UNDER_WAY:
            raise Problem(f"the query of {', '.join(groups)} ended as {status}; run this again")
        if time.monotonic() > deadline:
            raise Problem(
                f"the query of {', '.join(groups)} has no result after {PATIENCE_SECONDS} seconds; ask for fewer hours"
            )
        time.sleep(POLL_SECONDS)
