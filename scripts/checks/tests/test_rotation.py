"""deploy/rotate-token: what is in force when, who wins of two, and that no token is shown."""

import json
import tempfile
import unittest
from pathlib import Path

from ecr_admission import versions
from ecr_admission.problem import Problem
from ecr_admission.tokens import Token, Tokens

from .rotation_world import CACHE_SECONDS, Refusal, World

OLD = "o" * 64
OTHER = "p" * 64


class RotateToken(unittest.TestCase):
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
        return result

    def tokens(self, label="AWSCURRENT"):
        return json.loads(self.world.secret.text(label))

    def test_a_rotation_puts_first_and_moves_the_label_then(self):
        self.run_it()
        new = Token.read(self.folder / "token").reveal()
        self.assertEqual((self.folder / "token").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.tokens(), {"default": new, "blue": OTHER})
        self.assertEqual(self.tokens("AWSPREVIOUS"), {"default": OLD, "blue": OTHER})
        self.assertEqual(set(self.world.secret.labels), {"AWSCURRENT", "AWSPREVIOUS"}, "no label is left over")
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

    def test_the_loser_of_two_puts_nothing_in_force_and_says_who_won(self):
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
                    " in force, and nothing of this rotation is",
                )
                self.assertEqual(self.tokens(), {"default": OLD, "blue": new})
                self.assertEqual(self.tokens("AWSPREVIOUS"), {"default": OLD, "blue": OTHER})
                self.assertEqual(set(self.world.secret.labels), {"AWSCURRENT", "AWSPREVIOUS"})
                self.assertFalse((self.folder / "token").exists(), "the loser has no token to give")

    def test_a_label_that_cannot_be_moved_changes_nothing(self):
        moved = self.world.secret.move

        def move(label, *arguments):
            if label == "AWSCURRENT":
                raise Refusal("AccessDeniedException", "not authorized")
            moved(label, *arguments)

        self.world.secret.move = move
        result = self.run_it(code=1)
        self.assertRegex(result.err, r"AccessDenied.*nothing has changed: version v0, created .* is still in force")
        self.assertEqual(self.world.secret.labels, {"AWSCURRENT": "v0"})
        self.assertFalse((self.folder / "token").exists())

    def test_a_lost_answer_is_no_lost_rotation(self):
        self.world.lost.add("update-secret-version-stage")
        self.run_it()
        self.assertEqual(self.tokens()["default"], Token.read(self.folder / "token").reveal())

    def test_revoking_waits_for_copies_then_resets_the_cache_then_proves(self):
        self.run_it()
        began, self.world.calls = self.world.now, []
        # A cluster that still has the old token, or a thief, calls all the time: its answer is in the cache.
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
        self.assertEqual(result.err.count("more until no copy of the secret has the previous token"), 7)

    def test_revoking_without_the_permission_waits_for_the_cache(self):
        self.run_it()
        self.world.reset_allowed = False
        began = self.world.now
        result = self.run_it("--revoke", "--force")
        self.assertIn("API Gateway's cache could not be reset: aws apigatewayv2", result.err)
        self.assertEqual(self.world.now - began, 70 + CACHE_SECONDS)
        self.assertEqual(self.world.calls[-1], ("review", 403))

    def test_revoking_works_though_the_previous_version_holds_no_tokens(self):
        self.run_it()
        version = self.world.secret.labels["AWSPREVIOUS"]
        self.world.secret.versions[version] = ("no object", self.world.now)
        result = self.run_it("--revoke", "--force")
        self.assertNotIn("AWSPREVIOUS", self.world.secret.labels)
        self.assertIn("nothing to prove", result.out)

    def test_revoking_twice_says_what_remains_of_the_first(self):
        self.run_it()
        self.run_it("--revoke", "--force")
        result = self.run_it("--revoke", "--force", code=1)
        self.assertRegex(result.err, "there is no previous token.*works for 130 s after that at most")

    def test_a_bad_entry_stops_no_rotation_and_stays_as_it_is(self):
        bad = {"lab": ["x"], "weak": "short", "number": 7, "none": None, "t" * 64: "swapped"}
        self.world = World({"default": OLD, **bad})
        result = self.run_it()
        self.assertEqual({**self.tokens(), "default": None}, {**bad, "default": None})
        self.assertIn("warning: the token of cluster lab is not a string, so it never authorizes", result.err)
        self.assertIn("warning: the token of cluster weak is shorter than 32 characters", result.err)
        self.assertIn("(a name of 64 characters that may be a token)", result.err)
        self.assertNotIn("t" * 64, result.err)

    def test_an_empty_secret_names_no_cluster(self):
        self.world = World({})
        self.assertIn("(it names: no cluster); pass --add", self.run_it(code=1).err)
        self.run_it("--add")
        self.assertEqual(list(self.tokens()), ["default"])


class Secrets(unittest.TestCase):
    def test_what_is_no_object_is_refused_without_a_word_of_it(self):
        for text in ("", OLD, f'"{OLD}"', f'["{OLD}"]', f'{{"a": "{OLD}"', f'{{"a": NaN, "b": "{OLD}"}}', "[" * 10**5):
            with self.assertRaises(Problem) as raised:
                Tokens.parse(text)
            self.assertNotIn(OLD, str(raised.exception))
            self.assertIn("is not a JSON object of cluster names and tokens", str(raised.exception))

    def test_entries_that_python_would_write_wrongly(self):
        huge = "9" * 5000
        tokens = Tokens.parse(f'\ufeff{{"a": 1e999, "b": {huge}, "c": "{OLD}"}}')
        self.assertEqual(json.loads(tokens.reveal()), {"a": None, "b": None, "c": OLD})
        self.assertEqual(len(tokens.flaws()), 2)

    def test_a_token_that_no_header_can_hold_is_not_quoted(self):
        for text in (f"{OLD}\n{OLD}", f"\ufeff{OLD}", f"{OLD}\u20ac"):
            with self.assertRaises(Problem) as raised:
                Token(text).header()
            self.assertNotIn(OLD, str(raised.exception))

    def test_what_the_aws_cli_says_is_redacted(self):
        tokens = Tokens({"default": Token(OLD)})
        self.assertEqual(tokens.redact(f"Invalid value: {tokens.reveal()}"), 'Invalid value: {"default": "(redacted)"}')
        self.assertNotIn(OLD, repr(tokens) + str(tokens))


if __name__ == "__main__":
    unittest.main()
