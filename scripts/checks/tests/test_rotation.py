"""deploy/rotate-token: which version is current when, two rotations at a time, and that no token is shown."""

import json
import tempfile
import unittest
from pathlib import Path

from ecr_admission import rotation, versions
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey

from .rotation_world import CACHE_SECONDS, Refusal, World

OLD = "o" * 64
OTHER = "p" * 64


class Rotation(unittest.TestCase):
    """Runs deploy/rotate-token, and checks that it shows no token and no key."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.world = World({"default": OLD, "blue": OTHER})

    def run_it(self, *arguments, code=0):
        result = self.world.rotate_token(*arguments, folder=self.folder)
        self.assertEqual(result.code, code, result.out + result.err)
        shown = result.out + result.err + json.dumps(self.world.commands)
        for text, _created in self.world.secret.versions.values():
            for token in json.loads(text).values() if text.startswith("{") else [text]:
                if isinstance(token, str) and len(token) >= 32:
                    self.assertNotIn(token, shown)
                    self.assertNotIn(UrlKey.of(Token(token)).reveal(), shown)
        return result

    def tokens(self, label="AWSCURRENT"):
        return json.loads(self.world.secret.text(label))


class RotateToken(Rotation):
    def test_a_rotation_stores_the_version_before_it_moves_the_label(self):
        self.run_it()
        new = Token.read(self.folder / "token").reveal()
        self.assertEqual((self.folder / "token").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.tokens(), {"default": new, "blue": OTHER})
        self.assertEqual(self.tokens("AWSPREVIOUS"), {"default": OLD, "blue": OTHER})
        self.assertEqual(set(self.world.secret.labels), {"AWSCURRENT", "AWSPREVIOUS"}, "no other label remains")
        done = [call for call in self.world.calls if call[0] in ("put-secret-value", "update-secret-version-stage")]
        self.assertEqual(
            done,
            [
                ("put-secret-value", versions.PENDING),
                ("update-secret-version-stage", "AWSCURRENT"),
                ("update-secret-version-stage", versions.PENDING),
            ],
        )
        self.assertEqual([call for call in self.world.calls if call[0] == "review"], [("review", 200)])

    def test_the_slower_of_two_changes_nothing_and_names_the_current_version(self):
        for step in ("put-secret-value", "update-secret-version-stage"):
            with self.subTest(f"the other one is faster before {step}"):
                self.setUp()
                winner = World.__new__(World)
                winner.__dict__ = {**self.world.__dict__, "before": {}, "calls": [], "commands": []}
                with tempfile.TemporaryDirectory() as folder:
                    self.world.before[step] = lambda: winner.rotate_token("--cluster", "blue", folder=folder)
                    result = self.run_it(code=1)
                    new = Token.read(Path(folder) / "token").reveal()
                in_force = self.world.secret.labels["AWSCURRENT"]
                self.assertRegex(
                    result.err,
                    rf"error: another rotation was faster: version {in_force}, created 2027-01-15 08:00:\d\d UTC, is"
                    " current, and this rotation changed nothing",
                )
                self.assertEqual(self.tokens(), {"default": OLD, "blue": new})
                self.assertEqual(self.tokens("AWSPREVIOUS"), {"default": OLD, "blue": OTHER})
                self.assertEqual(set(self.world.secret.labels), {"AWSCURRENT", "AWSPREVIOUS"})
                self.assertFalse((self.folder / "token").exists(), "the slower one writes no token")

    def test_a_label_that_cannot_be_moved_changes_nothing(self):
        moved = self.world.secret.move

        def move(label, *arguments):
            if label == "AWSCURRENT":
                raise Refusal("AccessDeniedException", "not authorized")
            moved(label, *arguments)

        self.world.secret.move = move
        result = self.run_it(code=1)
        self.assertRegex(result.err, r"AccessDenied.*nothing has changed: version v0, created .*, is still current")
        self.assertEqual(self.world.secret.labels, {"AWSCURRENT": "v0"})
        self.assertFalse((self.folder / "token").exists())

    def test_a_file_that_cannot_be_written_changes_nothing(self):
        result = self.run_it("--out", str(self.folder / "missing" / "token"), code=1)
        self.assertRegex(result.err, "error: cannot write .*/missing/token: No such file or directory; choose another")
        self.assertEqual(self.world.secret.labels, {"AWSCURRENT": "v0"})

    def test_a_rotation_succeeds_though_the_answer_is_lost(self):
        self.world.lost.add("update-secret-version-stage")
        self.run_it()
        self.assertEqual(self.tokens()["default"], Token.read(self.folder / "token").reveal())

    def test_revoking_waits_for_copies_then_resets_the_cache_then_tests_the_token(self):
        self.run_it()
        began, self.world.calls = self.world.now, []
        # A cluster with the old token, or a thief, keeps calling, so its answer is in the cache.
        self.world._review(None, Token(OLD))
        result = self.run_it("--revoke", "--force")
        self.assertEqual(result.out, "the endpoint refuses the previous token of cluster default\n")
        after = self.world.calls[self.world.calls.index(("update-secret-version-stage", "AWSPREVIOUS")) :]
        self.assertEqual(
            after,
            [
                ("update-secret-version-stage", "AWSPREVIOUS"),
                ("reset-authorizers-cache", None),
                ("review", 403),
            ],
        )
        self.assertEqual(self.world.now - began, 70)
        self.assertEqual(result.err.count("more seconds until no copy of the secret has the previous token"), 7)

    def test_revoking_without_the_permission_waits_for_the_cache(self):
        self.run_it()
        self.world.reset_allowed = False
        began = self.world.now
        result = self.run_it("--revoke", "--force")
        expected = "warning: cannot reset API Gateway's cache of the authorizer's answers, so they have to expire: aws "
        self.assertIn(f"{expected}apigatewayv2", result.err)
        self.assertEqual(self.world.now - began, 70 + CACHE_SECONDS)
        self.assertEqual(self.world.calls[-1], ("review", 403))

    def test_revoking_works_even_if_the_previous_version_has_no_tokens(self):
        self.run_it()
        version = self.world.secret.labels["AWSPREVIOUS"]
        self.world.secret.versions[version] = ("no object", self.world.now)
        result = self.run_it("--revoke", "--force")
        self.assertNotIn("AWSPREVIOUS", self.world.secret.labels)
        self.assertIn("there is none to test", result.out)

    def test_revoking_twice_says_how_long_the_token_still_works(self):
        self.run_it()
        self.run_it("--revoke", "--force")
        result = self.run_it("--revoke", "--force", code=1)
        expected = "there is no previous token to revoke.*stops working 130 seconds after it at the latest"
        self.assertRegex(result.err, expected)

    def test_a_bad_entry_does_not_stop_a_rotation_and_stays_as_it_is(self):
        bad = {"lab": ["x"], "weak": "short", "number": 7, "none": None, "t" * 64: "swapped"}
        self.world = World({"default": OLD, **bad})
        result = self.run_it()
        self.assertEqual({**self.tokens(), "default": None}, {**bad, "default": None})
        self.assertIn('warning: the token of cluster "lab" is not a string, so it never authorizes', result.err)
        self.assertIn('warning: the token of cluster "weak" is shorter than 32 characters', result.err)
        self.assertIn("(a name of 64 characters that may be a token)", result.err)
        self.assertNotIn("t" * 64, result.err)

    def test_an_empty_secret_has_no_cluster(self):
        self.world = World({})
        self.assertIn("(it has none); pass --add", self.run_it(code=1).err)
        self.run_it("--add")
        self.assertEqual(list(self.tokens()), ["default"])


class OfAKey(Rotation):
    """Of a cluster that has its key in the URLs."""

    def setUp(self):
        super().setUp()
        self.world.outputs = {"UrlKeysInForce": "true", "AllowedSourcesInForce": "", "TokenOverlapHoursInForce": "24"}

    def reviews(self, name, *seconds):
        """Counts a review of the cluster in this metric, so many seconds after now."""
        for after in seconds:
            self.world.metrics.setdefault(name, {})[self.world.now + after] = 1

    def test_it_exits_when_a_review_with_the_new_key_was_seen(self):
        began = self.world.now
        # Before that, those of the tool itself and of an authorizer with an old copy of the secret.
        self.reviews("CurrentUrlKey", 5, 30, 90, 400)
        self.reviews("PreviousToken", 200)
        result = self.run_it("--eks")
        self.assertIn("cluster default sends reviews with its current key", result.out)
        self.assertGreaterEqual(self.world.now - began, 400 + rotation.METRICS_SECONDS)
        self.assertLess(self.world.now - began, 400 + 300)
        self.assertFalse((self.folder / "token").exists(), "the cluster has no use for the token")
        for line in (
            "deploy/render-config --eks --stack s --cluster default --out ecr-admission\n",
            "kubectl replace -f ecr-admission/validating-webhook.yaml\n",
        ):
            self.assertIn(line, result.out)
        self.assertNotIn("kubectl apply", result.out)
        self.assertIn(("review by key", 200), self.world.calls)

    def test_without_such_a_review_it_fails_and_says_until_when_the_old_key_works(self):
        began = self.world.now
        self.reviews("PreviousToken", *range(0, 3600, 60))
        result = self.run_it("--eks", "--wait", "20", code=1)
        self.assertRegex(
            result.err,
            "error: no review with the current key of cluster default was seen within 20 minutes; the previous key works"
            r" until 2027-01-16 08:00 UTC\. Replace the webhooks .*, and run this again with --seen",
        )
        self.assertGreaterEqual(self.world.now - began, 20 * 60)
        self.assertEqual(set(self.world.secret.labels), {"AWSCURRENT", "AWSPREVIOUS"}, "both keys work")

    def test_seen_only_waits(self):
        self.run_it("--eks", "--wait", "1", code=1)
        self.world.calls.clear()
        self.reviews("CurrentUrlKey", 100)
        self.assertIn("sends reviews with its current key", self.run_it("--eks", "--seen").out)
        self.assertFalse([call for call in self.world.calls if call[0].startswith(("put", "update", "review"))])
        self.run_it("--eks", "--seen", "--cluster", "green", code=1)

    def test_a_first_key_waits_for_nothing(self):
        result = self.run_it("--eks", "--add", "--cluster", "green")
        self.assertIn("kubectl create -f ecr-admission/validating-webhook.yaml", result.out)
        self.assertIn("green", self.tokens())

    def test_a_new_key_that_is_refused_fails(self):
        self.world.key_door_is_stuck = True
        result = self.run_it("--eks", code=1)
        self.assertRegex(result.err, "expected 200 .* got 403; see the authorizer's log, and keep the old key in the web")

    def test_revoking_proves_that_both_are_refused(self):
        self.run_it()
        self.world.calls.clear()
        result = self.run_it("--eks", "--revoke", "--force")
        refused = [f"the endpoint refuses the previous {what} of cluster default" for what in ("token", "key")]
        self.assertEqual(result.out.splitlines(), refused)
        self.assertEqual(self.world.calls[-2:], [("review", 403), ("review by key", 403)])

    def test_a_refused_address_proves_nothing(self):
        self.run_it()
        self.world.outputs["AllowedSourcesInForce"] = "203.0.113.0/24"
        self.world.refuses_address = True
        result = self.run_it("--revoke", "--force", code=1)
        self.assertRegex(result.err, r"its 403 would prove nothing here\. AllowedSources \(203\.0\.113\.0/24\) may not")
        self.assertNotIn("AWSPREVIOUS", self.world.secret.labels)

    def test_a_stack_without_key_urls_is_refused(self):
        self.world.outputs["UrlKeysInForce"] = "false"
        self.assertIn("has no key URLs", self.run_it("--eks", code=1).err)
        self.world.outputs = {}
        self.assertIn("has no output UrlKeysInForce", self.run_it("--eks", code=1).err)
        self.assertEqual(self.world.secret.labels, {"AWSCURRENT": "v0"})


PRIVATE = {"PrivateApiId": "rest123456", "VpcEndpointIdsInForce": "vpce-1", "PublicEndpointInForce": "true"}


class PrivateDoor(Rotation):
    """A door that cannot be called from here."""

    def test_without_a_public_endpoint_nothing_is_tried(self):
        self.world.outputs = {**PRIVATE, "Endpoint": None, "PublicEndpointInForce": "false"}
        rotated = self.run_it()
        self.assertIn("the stack has only a private door, which cannot be called from here: the dashboard shows", rotated.err)
        self.assertIn("mv /etc/kubernetes/ecr-admission/token.new", rotated.out)
        revoked = self.run_it("--revoke", "--force")
        self.assertIn("is refused at the private door; this was not tried from here", revoked.out)
        calls = [name for name, _ in self.world.calls]
        self.assertNotIn("review", calls)
        self.assertNotIn("reset-authorizers-cache", calls)
        self.assertIn("flush-stage-authorizers-cache", calls)

    def test_with_both_doors_the_caches_of_both_are_reset(self):
        self.world.outputs = PRIVATE
        self.run_it()
        self.run_it("--revoke", "--force")
        calls = [name for name, _ in self.world.calls]
        self.assertIn(("review", 403), self.world.calls)
        self.assertIn("reset-authorizers-cache", calls)
        self.assertIn("flush-stage-authorizers-cache", calls)
