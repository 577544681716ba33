"""ecr_admission.url_key, chosen and sources: the key in a URL, weak tokens, and AllowedSources."""

import ipaddress
import random
import string
import unittest
from unittest import mock

from ecr_admission import chosen, sources, url_key
from ecr_admission.problem import Problem
from ecr_admission.token import Token
from ecr_admission.url_key import UrlKey

# The same vector as in the tests of the authorizer.
TOKEN = Token("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
KEY = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0"


class Key(unittest.TestCase):
    def test_it_is_derived_as_the_authorizer_derives_it(self):
        self.assertEqual(UrlKey.of(TOKEN).reveal(), KEY)
        self.assertEqual(UrlKey.of(TOKEN).route("/mutate"), f"/mutate/{KEY}")
        for key in (UrlKey.of(Token.generate()), UrlKey.generate()):
            self.assertRegex(key.reveal(), r"\A[A-Za-z0-9_-]{43}\Z")

    def test_it_shows_in_no_form(self):
        key = UrlKey(KEY)
        for text in (str(key), repr(key), f"{key}", repr([key])):
            self.assertNotIn(KEY[:12], text)

    def test_it_is_read_from_a_url_and_hidden_in_a_text(self):
        url = f"https://host/validate/{KEY}"
        self.assertEqual(url_key.of_url(url), UrlKey(KEY))
        for other in ("https://host/validate", "https://host/validate/short", f"{url}/x", f"https://host/{KEY}"):
            self.assertIsNone(url_key.of_url(other))
        said = f'Post "{url}?timeout=5s": EOF; https://host/mutate/{KEY[:12]}'
        self.assertEqual(
            url_key.hidden(said), 'Post "https://host/validate/(key)?timeout=5s": EOF; https://host/mutate/(key)'
        )


class Chosen(unittest.TestCase):
    def test_generated_tokens_pass(self):
        source = random.Random(7)
        alphabets = (string.ascii_letters + string.digits, string.ascii_letters + string.digits + "+/", "0123456789abcdef")
        for alphabet in alphabets:
            found = [chosen.why(Token("".join(source.choices(alphabet, k=44)))) for _ in range(500)]
            self.assertLessEqual(sum(why is not None for why in found), 2, found)

    def test_those_of_people_do_not(self):
        for text, why in (
            ("a" * 40, "it has only 1 different characters"),
            (TOKEN.reveal(), "it repeats itself"),
            ("0123456789abcdefghijklmnopqrstuvwxyz", "it is mostly sequences such as 123 or aaa"),
            ("correct-horse-battery-staple-2026!", "it reads like words"),
            ("Production.Cluster.Of.The.Shop.2026", "it reads like words"),
        ):
            self.assertEqual(chosen.why(Token(text)), why)


class Sources(unittest.TestCase):
    def explain(self, allowed, address):
        return sources.explain(allowed, ipaddress.ip_address(address) if address else None)

    def test_an_address_that_is_not_allowed_is_named(self):
        self.assertEqual(
            self.explain("203.0.113.0/24,2001:db8::/32", "198.51.100.7"),
            "AllowedSources (203.0.113.0/24,2001:db8::/32) does not have the address of this machine, 198.51.100.7; run"
            " this from a network that it has, or add the address while you check",
        )
        self.assertIn("2001:db9::1", self.explain("203.0.113.0/24, 2001:db8::/32", "2001:db9::1"))
        for allowed, address in (
            ("", "198.51.100.7"),
            ("203.0.113.0/24", "203.0.113.9"),
            ("203.0.113.9/32", "203.0.113.9"),
            ("203.0.113.0/24, 2001:db8::/32", "2001:db8::1"),
            ("::ffff:203.0.113.0/120", "203.0.113.9"),
        ):
            self.assertIsNone(self.explain(allowed, address))
        self.assertIn("may be the cause", self.explain("203.0.113.0/24", None))
        with self.assertRaisesRegex(Problem, "AllowedSources has an entry that is not a CIDR"):
            self.explain("nowhere", "203.0.113.9")

    def test_the_own_address_is_what_the_mirror_says(self):
        for body, expected in (
            (b"203.0.113.9\n", "203.0.113.9"),
            (b"::ffff:203.0.113.9", "203.0.113.9"),
            (b"2001:db8::1\n", "2001:db8::1"),
            (b"<html>", None),
            (b"\xff", None),
        ):
            with mock.patch.object(sources.http.client, "HTTPSConnection") as connection:
                connection.return_value.getresponse.return_value.read.return_value = body
                found = sources.own_address()
            self.assertEqual(found and str(found), expected)
        with mock.patch.object(sources.http.client, "HTTPSConnection") as connection:
            connection.return_value.request.side_effect = OSError("no route")
            self.assertIsNone(sources.own_address())
