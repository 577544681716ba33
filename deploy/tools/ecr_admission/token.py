"""One bearer token, and the file that holds it on a control-plane node."""

import codecs
import secrets
import string

from .problem import Problem

LENGTH = 64
# Some editors and shells write one at the start of a file. UTF-32's begins as UTF-16's does.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "begins with a byte order mark (UTF-8)",
    codecs.BOM_UTF16_LE: "is UTF-16 with a byte order mark",
    codecs.BOM_UTF16_BE: "is UTF-16 with a byte order mark",
}


class Token:
    """A bearer token that does not show itself."""

    def __init__(self, text):
        self._text = text

    @classmethod
    def generate(cls):
        """A new one: 64 letters and digits (about 381 bits) from the system's random source."""
        alphabet = string.ascii_letters + string.digits
        return cls("".join(secrets.choice(alphabet) for _ in range(LENGTH)))

    @classmethod
    def read(cls, path):
        """The token in the file `path`, as the apiserver reads it: without white space at the ends.

        Raises Problem where the apiserver would send what no authorizer accepts: a byte order mark or UTF-16,
        as some editors and shells write them. No error quotes the content.
        """
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise Problem(f"cannot read the token file {path}: {error.strerror}; check the path") from error
        encoding = _not_ascii(content)
        if encoding:
            raise Problem(
                f"the token file {path} {encoding}, which the apiserver would send as part of the token; write it"
                " again as plain ASCII: run deploy/render-config --stack, or in PowerShell use Set-Content -Encoding"
                " ascii"
            )
        text = content.decode("ascii").strip()
        if not text:
            raise Problem(f"the token file {path} is empty; write the token into it")
        if any(character.isspace() for character in text):
            raise Problem(f"the token file {path} has more than one word or line; write only the token into it")
        return cls(text)

    def reveal(self):
        """The token itself: only for a header, a pipe or a file of mode 0600."""
        return self._text

    def header(self):
        """The value of an `Authorization` header."""
        # http.client would quote the whole value in its error.
        if not self.is_visible():
            raise Problem("the token has characters other than visible ASCII, so no header can hold it; rotate it")
        return f"Bearer {self._text}"

    def is_visible(self):
        """Whether all its characters are visible ASCII."""
        return all("!" <= character <= "~" for character in self._text)

    def __len__(self):
        return len(self._text)

    def __eq__(self, other):
        return isinstance(other, Token) and secrets.compare_digest(
            self._text.encode("utf-8", "replace"), other._text.encode("utf-8", "replace")
        )

    __hash__ = None

    def __repr__(self):
        return "Token(…)"


def _not_ascii(content):
    """What makes `content` more than printable ASCII and white space, or None."""
    for mark, what in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return what
    if b"\0" in content:
        return "has NUL bytes, as UTF-16 without a byte order mark does"
    if not all(byte in b"\t\n\r" or 0x20 <= byte < 0x7F for byte in content):
        return "has a byte that is not printable ASCII"
    return None
