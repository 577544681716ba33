"""Starts ministack with what it lacks: Lambda's Extensions API, templates at the usual address of a bucket, alarms on
metric math, and the resources of CodeDeploy.

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
_alarm = provisioners._cw_metric_alarm_record
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


def _with_metric_math(name, properties):
    """Checks what PutMetricAlarm checks, and keeps the alarm as one on its first metric: nothing here evaluates it."""
    metrics = properties.get("Metrics")
    if not metrics:
        return _alarm(name, properties)
    stats = [metric for metric in metrics if "MetricStat" in metric]
    expressions = [metric for metric in metrics if "Expression" in metric]
    watched = [metric for metric in metrics if str(metric.get("ReturnData", True)).lower() == "true"]
    if len(watched) != 1 or len(stats) > 10 or len(expressions) > 10:
        raise ValueError(f"{name}: {len(watched)} watched, {len(stats)} metrics, {len(expressions)} expressions")
    ids = {metric["Id"] for metric in metrics}
    for expression in expressions:
        unknown = set(re.findall(r"\b[a-z]\w*", expression["Expression"])) - ids
        if unknown:
            raise ValueError(f"{name}: {expression['Expression']} names {sorted(unknown)}")
    first = stats[0]["MetricStat"]
    plain = {key: value for key, value in properties.items() if key != "Metrics"}
    plain.update(first["Metric"], Period=first["Period"], Statistic=first["Stat"])
    return _alarm(name, plain)


def _named(logical_id, _properties, stack_name):
    return f"{stack_name}-{logical_id}", {}


def _kept(physical_id, _old, _new, _stack_name):
    return physical_id, {}


ProvidedWorker._build_handler_class = _with_extensions
helpers._resolve_document = _by_virtual_host
provisioners._cw_metric_alarm_record = _with_metric_math
for _kind in ("Application", "DeploymentGroup"):
    provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{_kind}"] = {
        "create": _named,
        "update": _kept,
        "delete": lambda _physical_id, _properties: None,
    }
sys.exit(main())
