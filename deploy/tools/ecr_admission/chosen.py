"""Whether a person chose a token: who has a key that is derived from it can search for such a token offline."""

# Of the pairs of letters of English text more than half are these, of a random text a tenth.
COMMON_PAIRS = set(
    "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur"
    " ro ri io ic ne me ec co ma ta ss po wo rd".split()
)
FEWEST_PAIRS = 14
WORDS = 0.35
FEWEST_DIFFERENT = 8
STEPS = 0.5


def why(token):
    """What makes `token` look as if a person chose it, or None."""
    text = token.reveal().lower()
    pairs = [text[at : at + 2] for at in range(len(text) - 1)]
    letters = [pair for pair in pairs if pair.isascii() and pair.isalpha()]
    if len(set(text)) < FEWEST_DIFFERENT:
        return f"it has only {len(set(text))} different characters"
    if any(text[at:] == text[:-at] for at in range(1, len(text) // 2 + 1)):
        return "it repeats itself"
    if sum(abs(ord(pair[0]) - ord(pair[1])) <= 1 for pair in pairs) >= STEPS * len(pairs):
        return "it is mostly sequences such as 123 or aaa"
    if len(letters) >= FEWEST_PAIRS and sum(pair in COMMON_PAIRS for pair in letters) >= WORDS * len(letters):
        return "it reads like words"
    return None
