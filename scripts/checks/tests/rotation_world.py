"""The world of deploy/rotate-token, in memory: the aws CLI, an endpoint with its caches, and a clock."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from ecr_admission import aws, rotation
from ecr_admission.problem import Problem
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey

from . import ROOT

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tokens-AbCdEf"
CACHE_SECONDS = 60
# How long the authorizer uses a copy of the secret, and how often an unknown token makes it read again.
COPY_SECONDS = 70
READ_AGAIN_SECONDS = 10


class Secret:
    """One secret, with the rules and messages of Secrets Manager for versions and staging labels."""

    def __init__(self, text, now):
        self.versions = {"v0": (text, now)}
        self.labels = {"AWSCURRENT": "v0"}

    def put(self, text, version, labels, now):
        self.versions[version] = (text, now)
        for label in labels:
            self._attach(label, version)

    def move(self, label, to, remove_from):
        holder = self.labels.get(label)
        if remove_from is not None and holder != remove_from:
            raise Refusal("InvalidParameterException", f"The staging label {label} is not attached to that version.")
        if to is None:
            del self.labels[label]
        elif holder is not None and remove_from is None:
            raise Refusal("InvalidParameterException", "The parameter RemoveFromVersionId can't be empty.")
        else:
            self._attach(label, to)

    def _attach(self, label, version):
        loser = self.labels.get(label)
        self.labels[label] = version
        if label == "AWSCURRENT" and loser not in (None, version):
            self.labels["AWSPREVIOUS"] = loser

    def text(self, label="AWSCURRENT"):
        return self.versions[self.labels[label]][0]


class Refusal(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class World:
    """Runs deploy/rotate-token; `calls` is what was done, in order."""

    def __init__(self, by_cluster):
        self.now = 1_800_000_000.0
        self.secret = Secret(json.dumps(by_cluster), self.now)
        self.copy = (self.now, self._read_secret())
        self.answers = {}
        self.calls = []
        self.commands = []
        self.reset_allowed = True
        # By operation, what happens just before it is carried out.
        self.before = {}
        # The operations that are carried out, but whose answer is lost.
        self.lost = set()
        # Further outputs of the stack.
        self.outputs = {}
        # Whether AllowedSources refuses this machine, and whether the key authorizer refuses everyone.
        self.refuses_address = self.key_door_is_stuck = False
        # Metric -> {time: count}, of the cluster that rotates.
        self.metrics = {}

    def rotate_token(self, *arguments, folder):
        """Runs the script; returns its exit code, stdout and stderr."""
        argv = ["rotate-token", "--stack", "s", "--out", str(Path(folder) / "token"), *arguments]
        out, err = io.StringIO(), io.StringIO()
        path = ROOT / "deploy" / "rotate-token"
        loader = importlib.machinery.SourceFileLoader("rotate_token", str(path))
        script = importlib.util.module_from_spec(importlib.util.spec_from_loader("rotate_token", loader))
        clock = SimpleNamespace(monotonic=lambda: self.now, time=lambda: self.now, sleep=self._sleep)
        bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(sys, "argv", argv))
            stack.enter_context(mock.patch.object(aws.shutil, "which", lambda _name: "/usr/bin/aws"))
            stack.enter_context(mock.patch.object(aws.subprocess, "run", self._run))
            stack.enter_context(mock.patch.object(rotation, "time", clock))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            loader.exec_module(script)
            stack.enter_context(mock.patch.object(script, "Caller", lambda *_: self._caller()))
            try:
                code = script.main()
            except Problem as problem:
                code = 1
                err.write(f"error: {problem}\n")
            finally:
                sys.dont_write_bytecode = bytecode
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())

    def _sleep(self, seconds):
        self.now += seconds

    # The endpoint: a sandbox with a copy of the secret, behind API Gateway's cache.

    def _read_secret(self):
        tokens = {}
        for label in ("AWSPREVIOUS", "AWSCURRENT"):
            if label in self.secret.labels:
                values = json.loads(self.secret.text(label)).values()
                tokens.update({token: label for token in values if isinstance(token, str)})
        return tokens

    def _caller(self):
        return SimpleNamespace(review=self._review, endpoint=None)

    def _review(self, _body, token, route="/validate"):
        if self.refuses_address:
            return self._answered(403)
        if route != "/validate":
            return self._review_by_key(token, route)
        header = token.header()
        status, until = self.answers.get(header, (0, 0))
        if self.now >= until:
            status = 200 if self._authorized(token.reveal()) else 403
            self.answers[header] = (status, self.now + CACHE_SECONDS)
        return self._answered(status)

    def _review_by_key(self, token, route):
        """Another function, without a cache of answers."""
        assert token is None, "one credential at a time"
        tokens = [text for text in self._read_secret() if UrlKey.of(Token(text)).route("/validate") == route]
        authorized = tokens and not self.key_door_is_stuck
        return self._answered(200 if authorized else 403, "review by key")

    def _answered(self, status, call="review"):
        self.calls.append((call, status))
        return SimpleNamespace(status=status)

    def _authorized(self, token):
        read, tokens = self.copy
        # The worst case: the authorizer uses a copy for as long as it may.
        old = self.now - read >= COPY_SECONDS
        unknown = token not in tokens and self.now - read >= READ_AGAIN_SECONDS
        if old or unknown:
            self.copy = (self.now, self._read_secret())
        return token in self.copy[1]

    # The aws CLI.

    def _run(self, command, input, env, **_options):
        service, operation = command[1:3]
        options = dict(zip(command[3::2], command[4::2]))
        self.commands.append(command)
        self.calls.append((operation, options.get("--version-stage") or options.get("--version-stages")))
        happens = self.before.pop(operation, None)
        if happens:
            happens()
        try:
            answer = getattr(self, f"_{operation.replace('-', '_')}")(options, input)
            if operation in self.lost:
                raise Refusal("InvalidParameterException", "The staging label is not attached to that version.")
        except Refusal as refusal:
            text = f"An error occurred ({refusal.code}) when calling the {operation} operation: {refusal}"
            return subprocess.CompletedProcess(command, 255, "", f"\n{text}\n")
        return subprocess.CompletedProcess(command, 0, json.dumps(answer), "")

    def _describe_stacks(self, _options, _input):
        outputs = {
            "Endpoint": "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "TokenSecretArn": ARN,
            "IgnoredNamespacesInForce": "kube-system",
            "MetricsNamespaceInForce": "EcrAdmission",
            "AuthorizerCacheSecondsInForce": str(CACHE_SECONDS),
            **self.outputs,
        }
        # An output that is None is not there.
        pairs = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items() if value is not None]
        stack_id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1"
        return {"Stacks": [{"StackId": stack_id, "Outputs": pairs}]}

    def _get_metric_statistics(self, options, _input):
        start, end = (datetime.fromisoformat(options[name]).timestamp() for name in ("--start-time", "--end-time"))
        by_minute = {}
        for at, count in self.metrics.get(options["--metric-name"], {}).items():
            if start <= at < end and at <= self.now:
                minute = at // 60 * 60
                by_minute[minute] = by_minute.get(minute, 0) + count
        return {"Datapoints": [{"Timestamp": minute, "Sum": count} for minute, count in by_minute.items()]}

    def _describe_secret(self, _options, _input):
        stages = {}
        for label, version in self.secret.labels.items():
            stages.setdefault(version, []).append(label)
        return {"ARN": ARN, "VersionIdsToStages": stages}

    def _get_secret_value(self, options, _input):
        version = options.get("--version-id") or self.secret.labels.get(options["--version-stage"])
        text, created = self.secret.versions[version]
        date = datetime.fromtimestamp(created, timezone.utc).isoformat()
        return {"VersionId": version, "SecretString": text, "CreatedDate": date}

    def _put_secret_value(self, options, input):
        assert options["--secret-string"] == "file:///dev/stdin"
        labels = [options["--version-stages"]] if "--version-stages" in options else ["AWSCURRENT"]
        self.secret.put(input, options["--client-request-token"], labels, self.now)
        return {"VersionId": options["--client-request-token"]}

    def _update_secret_version_stage(self, options, _input):
        label = options["--version-stage"]
        self.secret.move(label, options.get("--move-to-version-id"), options.get("--remove-from-version-id"))
        return {}

    def _reset_authorizers_cache(self, options, _input):
        assert options["--api-id"] == "a1b2c3d4e5" and options["--stage-name"] == "$default", options
        if not self.reset_allowed:
            raise Refusal("AccessDeniedException", "User is not authorized to perform: apigateway:DELETE")
        self.answers.clear()
        return {}

    def _flush_stage_authorizers_cache(self, options, _input):
        assert options["--rest-api-id"] == "rest123456" and options["--stage-name"] == "v1", options
        return {}
