"""Waits for what another program does in its own time."""

import time

POLL_SECONDS = 0.2


def until(ask, is_enough, seconds=30):
    """Asks until `is_enough(answer)`, at most for `seconds`; returns the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if is_enough(answer) or time.monotonic() > deadline:
            return answer
        time.sleep(POLL_SECONDS)
