"""Starts ministack with what it lacks: the Extensions API of Lambda, the resources of CodeDeploy, and templates at the
usual address of a bucket.

The functions register an internal extension for no events, since Lambda sends SIGTERM only to sandboxes
that have one. ministack's Runtime API answers 404 to that.

The resources of CodeDeploy have names, and do nothing: an alias gets its new version at once, as it does at the end of
a deployment. Run by ministack's own Python.
"""

import json
import re
import sys
import time

from ministack.app import main
from ministack.core.lambda_runtime import ProvidedWorker
from ministack.services.cloudformation import helpers, provisioners

_build = ProvidedWorker._build_handler_class
_resolve = helpers._resolve_document
_VIRTUAL_HOST = re.compile(r"https://([a-z0-9.-]+)\.s3\.[a-z0-9-]+\.amazonaws\.com/(.+)")


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
            # The functions register for no events, so none arrives.
            while not worker._stopping and generation == worker._generation:
                time.sleep(0.5)
            self._stopped()

    return Handler


def _by_virtual_host(params, body_key, url_key, label):
    """https://BUCKET.s3.REGION.amazonaws.com/KEY: ministack takes the first part of the path for the bucket."""
    url = helpers._p(params, url_key)
    match = _VIRTUAL_HOST.fullmatch(url or "")
    if match:
        params = {**params, url_key: [f"https://s3.amazonaws.com/{match[1]}/{match[2]}"]}
    return _resolve(params, body_key, url_key, label)


def _named(logical_id, _properties, stack_name):
    return f"{stack_name}-{logical_id}", {}


def _kept(physical_id, _old, _new, _stack_name):
    return physical_id, {}


ProvidedWorker._build_handler_class = _with_extensions
helpers._resolve_document = _by_virtual_host
for _kind in ("Application", "DeploymentGroup"):
    provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{_kind}"] = {
        "create": _named,
        "update": _kept,
        "delete": lambda _physical_id, _properties: None,
    }
sys.exit(main())
