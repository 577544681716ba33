"""Starts ministack with the part of Lambda that it lacks: the Extensions API.

The functions register an internal extension for no events, since Lambda sends SIGTERM only to sandboxes
that have one. ministack's Runtime API answers 404 to that. Run by ministack's own Python.
"""

import json
import sys
import time

from ministack.app import main
from ministack.core.lambda_runtime import ProvidedWorker

_build = ProvidedWorker._build_handler_class


def _with_extensions(worker, generation, pending):
    class Handler(_build(worker, generation, pending)):
        def do_POST(self):
            if not self.path.endswith("/extension/register"):
                super().do_POST()
                return
            self._read_body()
            body = json.dumps({"functionName": worker.func_name, "functionVersion": "$LATEST", "handler": ""})
            self.send_response(200)
            self.send_header("Lambda-Extension-Identifier", f"extension-{generation}")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def do_GET(self):
            if not self.path.endswith("/extension/event/next"):
                super().do_GET()
                return
            # No events were asked for, so none ever comes.
            while not worker._stopping and generation == worker._generation:
                time.sleep(0.5)
            self._stopped()

    return Handler


ProvidedWorker._build_handler_class = _with_extensions
sys.exit(main())
