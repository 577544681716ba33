"""deploy/doctor --traffic: each cluster that may call has sent a review, or it is said why that may be."""

import json
import re
import unittest
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from unittest import mock

from ecr_admission import aws, insights, reviews
from ecr_admission.doctor import traffic
from ecr_admission.doctor.report import Report
from ecr_admission.doctor.world import World
from ecr_admission.problem import Problem
from ecr_admission.stack import Stack
from ecr_admission.tokens import Tokens
from ecr_admission.versions import Version

from . import ROOT

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
ENDPOINTS = {
    "PrivateApiId": "abcde12345",
    "VpcEndpointIdsInForce": "vpce-1,vpce-2",
    "VpcEndpointClustersInForce": "north,south",
}
BLUE, GREEN, NEW = "b" * 64, "g" * 64, "n" * 64
SILENT = (
    " sent no review in the last 24 hours, and others did: its webhooks are gone, or its calls are refused; run doctor --context"
    " with its context, and look for 401 and 403 in the access log (a stale token file). If it is meant to be silent,"
    " pass --expect-silent; if no cluster has this token, remove it from the token secret"
)
NOT_YET = (
    "sent no review in the last 24 hours; its token or VPC endpoint is new (2026-11-20 {} UTC), so this is not a failure yet"
)


def ago(hours):
    return NOW - timedelta(hours=hours)


class Traffic(unittest.TestCase):
    latest = "2026-11-20 11:58:07.123"

    def traffic(self, seen, tokens, changed=100, previous=None, before=200, silent=(), hours=24, **outputs):
        """The lines of a stack whose clusters sent these reviews.

        Its secret has `tokens` since `changed` hours, and had `previous` since `before` hours.
        """
        endpoint = {"Endpoint": "https://abcde12345.execute-api.eu-west-1.amazonaws.com"}
        later = {**endpoint, "AdmissionLog": "admission", "LogLevelInForce": "INFO", **outputs}
        world = World.__new__(World)
        world.given = SimpleNamespace(traffic=hours, expect_silent=list(silent), token_file=None)
        deployed = later.pop("deployed", ago(1000))
        later = {name: value for name, value in later.items() if value is not None}
        world.stack = Stack("s", "eu-west-1", "123456789012", "arn", "", "", 60, later, deployed)
        world.version = Version("v1", ago(changed), Tokens.parse(json.dumps(tokens)))
        old = Tokens.parse(json.dumps(previous)) if previous else None
        world.previous_version = Version("v0", ago(before), old) if previous else None
        report = Report()

        def rows(groups, query, start, end, region):
            self.assertEqual((end, start, region), (NOW.timestamp(), ago(hours).timestamp(), "eu-west-1"))
            self.asked = (groups, query)
            return [{"cluster": name, "reviews": str(count), "latest": self.latest} for name, count in seen.items()]

        with mock.patch.object(insights, "rows", rows):
            traffic.check(report, world, NOW)
        self.assertEqual({check.name for check in report.checks}, {"traffic"})
        return [(check.status, check.cluster, check.text) for check in report.checks]

    def test_every_cluster_talks(self):
        latest = "in the last 24 hours, the latest at 2026-11-20 11:58 UTC"
        self.assertEqual(
            self.traffic({"green": 1, "blue": 12345}, {"blue": BLUE, "green": GREEN}),
            [
                ("ok", "blue", f'the cluster "blue" sent 12,345 reviews {latest}'),
                ("ok", "green", f'the cluster "green" sent 1 review {latest}'),
            ],
        )
        # The log of the reviews, without those that this tool sends.
        groups, query = self.asked
        self.assertEqual(groups, ["admission"])
        self.assertIn(f'name != "{reviews.NAME}"', query)

    def test_a_time_in_milliseconds(self):
        self.latest = "1795175887123"
        ((_, _, text),) = self.traffic({"blue": 1}, {"blue": BLUE}, hours=1)
        self.assertEqual(text, 'the cluster "blue" sent 1 review in the last hour, the latest at 2026-11-20 11:58 UTC')

    def test_one_is_silent_while_others_talk(self):
        blue, green = self.traffic({"blue": 2}, {"blue": BLUE, "green": GREEN})
        self.assertEqual(blue[0], "ok")
        self.assertEqual(green, ("fail", "green", f'the cluster "green"{SILENT}'))

    def test_all_are_silent(self):
        (only,) = self.traffic({}, {"blue": BLUE, "green": GREEN})
        self.assertEqual(only[:2], ("fail", None))
        start = 'no cluster sent a review in the last 24 hours, of "blue", "green": look at what they share, not at one cluster: '
        self.assertTrue(only[2].startswith(start), only)
        # A new one changes nothing in that.
        both, new = self.traffic({}, {"blue": BLUE, "new": NEW}, changed=2, previous={"blue": BLUE})
        self.assertEqual((both[0], new[0]), ("fail", "warn"))
        self.assertIn('hours, of "blue": look', both[2])

    def test_a_new_token_is_reported_and_does_not_fail(self):
        previous = {"blue": BLUE, "green": GREEN}
        for name, tokens in (("new", {**previous, "new": NEW}), ("green", {"blue": BLUE, "green": NEW})):
            seen = {other: 1 for other in tokens if other != name}
            found = {cluster: (status, text) for status, cluster, text in self.traffic(seen, tokens, 2, previous)}
            expected = ("warn", f'the cluster "{name}" {NOT_YET.format("10:00")}')
            self.assertEqual(found.pop(name), expected)
            self.assertEqual({rest[0] for rest in found.values()}, {"ok"})
        # It is not new for longer than the hours that are looked at.
        self.assertIn("fail", [one[0] for one in self.traffic({"blue": 1}, {"blue": BLUE, "new": NEW}, 25, {"blue": BLUE})])

    def test_a_token_that_the_last_change_left_alone_is_not_new(self):
        previous = {"blue": BLUE, "green": GREEN}
        tokens = {**previous, "new": NEW}
        found = {cluster: status for status, cluster, _ in self.traffic({"blue": 1, "new": 1}, tokens, 2, previous)}
        self.assertEqual(found, {"blue": "ok", "green": "fail", "new": "ok"})
        # Changed twice within the hours: nobody knows since when.
        found = {cluster: status for status, cluster, _ in self.traffic({"blue": 1, "new": 1}, tokens, 2, previous, before=3)}
        self.assertEqual(found["green"], "warn")

    def test_a_new_stack(self):
        ((status, _, text),) = self.traffic({}, {"default": BLUE}, changed=1)
        self.assertEqual((status, text), ("warn", f'the cluster "default" {NOT_YET.format("11:00")}'))

    def test_vpc_endpoints_that_stand_for_clusters(self):
        # With a public endpoint too, tokens open it.
        found = {cluster: status for status, cluster, _ in self.traffic({"north": 1}, {"blue": BLUE}, **ENDPOINTS)}
        self.assertEqual(found, {"north": "ok", "south": "fail", "blue": "fail"})
        # Without one, the generated token opens nothing.
        closed = {**ENDPOINTS, "Endpoint": "", "PublicEndpointInForce": "false"}
        found = {cluster: status for status, cluster, _ in self.traffic({"north": 1}, {"default": BLUE}, **closed)}
        self.assertEqual(found, {"north": "ok", "south": "fail"})
        # A deployment may have added the endpoint.
        found = self.traffic({"north": 1}, {"default": BLUE}, **closed, deployed=ago(3))
        self.assertEqual(found[1][:2], ("warn", "south"))

    def test_silence_that_is_expected(self):
        _, green = self.traffic({"blue": 1}, {"blue": BLUE, "green": GREEN}, silent=["green"])
        self.assertEqual(green, ("ok", "green", 'the cluster "green" sent no review in the last 24 hours, as expected'))
        self.assertEqual([one[0] for one in self.traffic({}, {"green": GREEN}, silent=["green"])], ["ok"])

    def test_silence_of_a_cluster_that_there_is_not(self):
        typo, green = self.traffic({}, {"green": GREEN}, silent=["gren"])
        self.assertEqual(typo, ("warn", None, '--expect-silent names "gren", but no cluster has this name; correct it'))
        self.assertEqual(green[0], "fail")

    def test_a_cluster_that_talks_without_a_current_token(self):
        *_, old = self.traffic({"blue": 1, "old": 7}, {"blue": BLUE})
        self.assertEqual(old[:2], ("warn", "old"))
        self.assertIn("its calls are refused when the token overlap ends", old[2])

    def test_an_entry_that_never_authorizes(self):
        _, short = self.traffic({"blue": 1}, {"blue": BLUE, "short": "abc"})
        self.assertEqual(short[0], "fail")
        self.assertIn("its token never authorizes; give it another one with deploy/rotate-token", short[2])

    def test_a_name_that_may_be_a_token_is_not_shown(self):
        for lines in (self.traffic({"x": 1}, {NEW: "green"}), self.traffic({NEW: 1}, {"x": BLUE}), self.traffic({}, {NEW: "x"})):
            self.assertNotIn(NEW, str(lines))
            self.assertIn("(a name of 64 characters that may be a token)", str(lines))

    def test_log_levels_without_reviews(self):
        logs = {"LogLevelInForce": "WARN", "AccessLog": "access", "RestAccessLog": "rest"}
        ((status, _, text),) = self.traffic({"blue": 1}, {"blue": BLUE}, **logs)
        self.assertEqual((status, self.asked[0]), ("ok", ["access", "rest"]))
        self.assertTrue(text.endswith(" (from the access log, since LogLevel is WARN: calls of doctor count too)"), text)
        ((status, _, text),) = self.traffic({"blue": 1}, {"blue": BLUE}, LogLevelInForce="ERROR")
        self.assertEqual(status, "fail")
        self.assertTrue(text.startswith("no log has the reviews: LogLevel is ERROR, and the API has no access log; "), text)

    def test_a_stack_of_an_older_version(self):
        ((status, _, text),) = self.traffic({}, {"blue": BLUE}, AdmissionLog=None, LogLevelInForce=None)
        expected = 'the stack "s" has no output AdmissionLog; deploy the stack again with the version of this checkout'
        self.assertEqual((status, text), ("fail", expected))

    def test_the_queries_name_what_the_logs_have(self):
        line = (ROOT / "functions/admission/src/record/line.rs").read_text()
        events = (ROOT / "functions/admission/src/events.rs").read_text()
        for field in ("cluster", "name"):
            self.assertIn(field, traffic.REVIEWS)
            self.assertRegex(line, rf"struct Subject<'a> \{{[^}}]*\n    {field}: Option<")
        for event in re.search(r"event in \[(.*?)\]", traffic.REVIEWS).group(1).replace('"', "").split(", "):
            self.assertIn(f'Event::new("{event}")', events)
        log = (ROOT / "cdk/lib/endpoint.ts").read_text()
        for field in ("cluster", "route"):
            self.assertIn(field, traffic.CALLS)
            self.assertRegex(log, rf"ACCESS_LOG = \{{[^}}]*\n  {field}: '")


class Insights(unittest.TestCase):
    def rows(self, *states):
        """The rows of a query that is in these states, one after another."""
        results = [[{"field": "cluster", "value": "blue"}, {"field": "reviews", "value": "3"}]]
        answers = [{"queryId": "q-1"}, *({"status": state, "results": results} for state in states)]
        self.called = []

        def call(service, operation, arguments, region):
            self.called.append((operation, *arguments))
            self.assertEqual((service, region), ("logs", "eu-west-1"))
            return answers.pop(0) if len(answers) > 1 else answers[0]

        clock = iter(range(0, 10_000, 40))
        with mock.patch.object(aws, "call", call), mock.patch.object(insights, "time") as time:
            time.monotonic = lambda: next(clock)
            return insights.rows(["a", "b"], "fields x", 10.5, 20.9, "eu-west-1")

    def test_a_result_is_waited_for(self):
        self.assertEqual(self.rows("Scheduled", "Running", "Complete"), [{"cluster": "blue", "reviews": "3"}])
        start = ("start-query", "--log-group-names", "a", "b", "--start-time", "10", "--end-time", "20", "--query-string", "fields x")
        self.assertEqual(self.called, [start, *[("get-query-results", "--query-id", "q-1")] * 3])

    def test_a_query_that_ends_without_a_result(self):
        for states, expected in (
            (["Failed"], "the query of a, b ended as Failed; run this again"),
            (["Running", "Timeout"], "the query of a, b ended as Timeout; run this again"),
            (["Running"], "the query of a, b has no result after 120 seconds; ask for fewer hours"),
        ):
            with self.subTest(states), self.assertRaises(Problem) as raised:
                self.rows(*states)
            self.assertEqual(str(raised.exception), expected)
