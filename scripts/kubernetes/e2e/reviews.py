"""Reviews that go on while something else happens."""

import http.client
import threading

from .world import FOREIGN_IMAGE, GOOD_IMAGE, pod

PODS = "/api/v1/namespaces/default/pods?dryRun=All"
PAUSE_SECONDS = 0.25


class Reviews:
    """Creates Pods as dry runs, in turn one to be admitted and one to be denied."""

    def __init__(self, apiserver):
        self.done, self.wrong = 0, []
        self._apiserver = apiserver
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def report(self, report, name):
        """Two checks: none failed, and there were many."""
        report.check(f"{name}: no review failed meanwhile", not self.wrong, self.wrong[:3], "201 and 403 in turn")
        report.check(
            f"{name}: there were reviews all the time", self.done > 100, f"{self.done} reviews", "more than 100"
        )

    def _run(self):
        while not self._stop.wait(PAUSE_SECONDS):
            for image, expected in ((GOOD_IMAGE, 201), (FOREIGN_IMAGE, 403)):
                try:
                    status, _warnings, body = self._apiserver.send("POST", PODS, pod("rotation", image))
                except (OSError, http.client.HTTPException) as error:
                    status, body = 0, {"message": str(error)}
                self.done += 1
                message = body.get("message", "")
                if status != expected or (expected == 403 and "[ecr-registry]" not in message):
                    self.wrong.append(f"expected {expected}, got {status}: {message}")
