"""ecr_admission.tokens: one token, its file, and the secret that holds the tokens of all clusters."""

import json
import tempfile
import unittest

from ecr_admission.problem import Problem
from ecr_admission.token import Token
from ecr_admission.tokens import Tokens

TOKEN = "t" * 64


class OneToken(unittest.TestCase):
    def test_it_shows_in_no_form(self):
        token = Token.generate()
        self.assertRegex(token.reveal(), r"^[A-Za-z0-9]{64}$")
        tokens = Tokens({"blue": token})
        for text in (str(token), repr(token), f"{token}", str(tokens), repr(tokens), repr([token])):
            self.assertNotIn(token.reveal(), text)

    def test_one_that_no_header_can_hold_is_not_quoted(self):
        for text in (f"{TOKEN}\n{TOKEN}", f"\ufeff{TOKEN}", f"{TOKEN}\u20ac"):
            with self.assertRaises(Problem) as raised:
                Token(text).header()
            self.assertNotIn(TOKEN, str(raised.exception))


class TokenFile(unittest.TestCase):
    def read(self, content):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            return Token.read(file.name)

    def test_white_space_at_the_ends_does_not_count(self):
        for content in (TOKEN, f"{TOKEN}\n", f" {TOKEN}\r\n\t"):
            self.assertEqual(self.read(content.encode()).reveal(), TOKEN)

    def test_what_no_authorizer_accepts_is_named_and_not_shown(self):
        for content, expected in (
            (TOKEN.encode("utf-8-sig"), r"begins with a byte order mark \(UTF-8\).* plain ASCII"),
            (TOKEN.encode("utf-16"), "is UTF-16 with a byte order mark.* plain ASCII"),
            (b"\xfe\xff" + TOKEN.encode("utf-16-be"), "is UTF-16 with a byte order mark"),
            (TOKEN.encode("utf-32"), "is UTF-16 with a byte order mark"),
            (TOKEN.encode("utf-16-le"), "has NUL bytes"),
            (TOKEN.encode("utf-16-be"), "has NUL bytes"),
            (f"{TOKEN}é".encode(), "not printable ASCII"),
            (f"{TOKEN}\xa0".encode(), "not printable ASCII"),
            (f"{TOKEN}\x1b".encode(), "not printable ASCII"),
            (f"token: {TOKEN}".encode(), "more than one word"),
            (f"{TOKEN}\n{TOKEN}".encode(), "more than one word or line"),
            (b" \n", "is empty"),
        ):
            with self.subTest(expected), self.assertRaisesRegex(Problem, expected) as raised:
                self.read(content)
            self.assertNotIn(TOKEN, str(raised.exception))
            self.assertNotIn("\n", str(raised.exception))
        with self.assertRaisesRegex(Problem, "cannot read the token file /nowhere/token: No such file"):
            Token.read("/nowhere/token")


class TokenSecret(unittest.TestCase):
    def test_what_is_not_an_object_is_refused_and_not_quoted(self):
        objects = (f'{{"a": "{TOKEN}"', f'{{"a": NaN, "b": "{TOKEN}"}}')
        for text in ("", TOKEN, f'"{TOKEN}"', f'["{TOKEN}"]', *objects, "[" * 10**5):
            with self.assertRaises(Problem) as raised:
                Tokens.parse(text)
            self.assertNotIn(TOKEN, str(raised.exception))
            self.assertIn("is not a JSON object of cluster names and tokens", str(raised.exception))

    def test_numbers_that_json_cannot_write_become_null(self):
        huge = "9" * 5000
        tokens = Tokens.parse(f'\ufeff{{"a": 1e999, "b": {huge}, "c": "{TOKEN}"}}')
        self.assertEqual(json.loads(tokens.reveal()), {"a": None, "b": None, "c": TOKEN})
        self.assertEqual(len(tokens.flaws()), 2)

    def test_the_message_of_the_aws_cli_is_redacted(self):
        tokens = Tokens({"default": Token(TOKEN)})
        self.assertEqual(tokens.redact(f"Invalid value: {tokens.reveal()}"), 'Invalid value: {"default": "(redacted)"}')
