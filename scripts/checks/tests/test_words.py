"""scripts/checks/words: every row of the tables of CONTRIBUTING.md finds what it says, and nothing else.

The words themselves come from the tables, so that this file has none of them.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1] / "words"
# A program without an ending is not imported by name. Nothing of it is left in a folder of its own.
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("words", str(PROGRAM))
words = importlib.util.module_from_spec(importlib.util.spec_from_loader("words", LOADER))
LOADER.exec_module(words)

ROWS = list(words.rows(words.PAGE.read_bytes()))


def written(phrase):
    """A text that the phrase of a table stands for."""
    return " ".join("7" if word == "N" else word for word in phrase.replace("*", "ing").split(" "))


class Run(unittest.TestCase):
    """The program, on files of a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def check(self, *paths):
        """The exit code and the lines of the program, with file names relative to the folder."""
        stdout, stderr = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = words.main([str(path) for path in paths or [self.folder]])
        return code, stdout.getvalue().replace(f"{self.folder}/", "").splitlines(), stderr.getvalue()

    def assert_found(self, expected):
        code, lines, _ = self.check()
        self.assertEqual((code, [line.partition("; write ")[0] for line in lines]), (1, expected))

    def assert_clean(self, files):
        self.assertEqual(self.check(), (0, [f"{files} files: no word that the project does not use"], ""))


class Tables(Run):
    def test_every_word_of_the_tables_fails_a_file_and_says_what_to_write(self):
        self.assertGreater(len(ROWS), 30)
        for avoid, write, _ in ROWS:
            better = " or ".join(f'"{text}"' for text in write)
            for phrase in avoid:
                with self.subTest(phrase):
                    self.write("page.md", f"A first line.\nIt {written(phrase)} x\n")
                    code, lines, stderr = self.check()
                    self.assertEqual(code, 1)
                    self.assertIn(f'page.md:2: "{written(phrase).strip()}"; write {better}', lines)
                    self.assertIn("words to replace; CONTRIBUTING.md says why", stderr)

    def test_what_is_fine_passes(self):
        fine = [written(phrase) for _, _, phrases in ROWS for phrase in phrases]
        self.assertGreater(len(fine), 2)
        self.write("page.md", "\n".join(f"It {text} x" for text in fine))
        self.assert_clean(1)

    def test_no_row_tells_to_write_what_another_one_forbids(self):
        advice = "\n".join(text for _, write, _ in ROWS for text in write).encode()
        self.assertEqual(list(words.Words(words.PAGE.read_bytes()).found(advice)), [])

    def test_a_row_without_its_three_columns_stops_the_check(self):
        for row in ["| `a` | `b` |", "| a | `b` | |", "| `a` | b | |"]:
            page = f"<!-- words:begin -->\n| x | y | z |\n|---|---|---|\n{row}\n<!-- words:end -->\n"
            with self.subTest(row), self.assertRaisesRegex(words.Unusable, "expected three columns"):
                words.Words(page.encode())
        with self.assertRaisesRegex(words.Unusable, "no table of words"):
            words.Words(b"no table")


class Places(Run):
    WORD = "be" + "fall"

    def test_words_inside_identifiers_count_and_parts_of_words_do_not(self):
        for name in [f"{self.WORD}_x", f"x_{self.WORD}s", f"{self.WORD.title()}Ing", f"has{self.WORD.title()}en"]:
            with self.subTest(name):
                self.write("a.rs", f"let {name} = 1;")
                self.assertEqual(self.check()[0], 1)
        self.write("a.rs", f"un{self.WORD} Un{self.WORD}")
        self.assert_clean(1)

    def test_a_phrase_runs_over_the_end_of_a_line_of_a_comment(self):
        first, last = "in", "vain"
        for text in [
            f"{first}\n{last}", f"// {first}\n    // {last}", f"    /// {first}\n    /// {last}", f"# {first}\n# {last}",
            f"> {first}\n> {last}", f'"{first} \\\n    {last}"', f"fn {first}_{last}()", f"{first.upper()} {last.title()}",
        ]:
            with self.subTest(text):
                self.write("a.rs", f"\n{text}\n")
                shown = " ".join(text[text.lower().index(first) : text.lower().index(last) + len(last)].split())
                self.assert_found([f'a.rs:2: "{shown}"'])
        self.write("a.rs", f"{first}. {last}")
        self.assert_clean(1)

    def test_places_are_in_the_order_of_the_file(self):
        self.write("b.md", f"{self.WORD} {self.WORD}s\n\n{self.WORD}\n")
        self.write("a.md", self.WORD)
        self.assert_found(
            [f'a.md:1: "{self.WORD}"', f'b.md:1: "{self.WORD}"', f'b.md:1: "{self.WORD}s"', f'b.md:3: "{self.WORD}"']
        )

    def test_what_others_wrote_and_what_is_not_text_is_left_alone(self):
        for name in ["Cargo.lock", "LICENSE", "x.pem", "sub/go.sum", "requirements/x.txt", "fuzz/seeds/x"]:
            self.write(name, self.WORD)
        self.write("zip", f"\0{self.WORD}")
        self.write("page.md", b"\xff ok")
        self.assert_clean(1)

    def test_the_tables_themselves_are_left_alone_and_the_rest_of_their_page_is_not(self):
        self.write("CONTRIBUTING.md", words.PAGE.read_bytes() + f"\n{self.WORD}\n".encode())
        line = words.PAGE.read_text().count("\n") + 2
        self.assert_found([f'CONTRIBUTING.md:{line}: "{self.WORD}"'])

    def test_git_says_which_files_there_are(self):
        subprocess.run(["git", "init", "-q", str(self.folder)], check=True)
        self.write(".gitignore", "ignored\n")
        self.write("ignored", self.WORD)
        self.write("new", self.WORD)
        self.assert_found([f'new:1: "{self.WORD}"'])

    def test_only_the_paths_that_are_given(self):
        self.write("a.md", self.WORD)
        self.write("b.md", "fine")
        self.assertEqual(self.check(self.folder / "b.md")[0], 0)
        code, lines, stderr = self.check(self.folder / "none")
        self.assertEqual((code, lines), (2, []))
        self.assertIn("does not exist", stderr)


if __name__ == "__main__":
    unittest.main()
