"""Words of code and of prose, so that both sides of a search speak alike.

An identifier counts as its parts and as itself: `InputOutput`, `input_output` and
`--input-output` share the parts `input` and `output` and the compound `=inputoutput`.
"""

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["IDENTIFIER", "STOP_WORDS", "count_terms", "strip_noise", "terms_of"]

IDENTIFIER = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)*")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_A-Za-z]+|\d+")
_NOISE = re.compile(
    r"^\W*(?:co-authored-by|signed-off-by|reviewed-by|change-id)\b.*$"
    r"|^.*(?:pre-commit[.-]ci|for more information, see|\[skip ci\]).*$"
    r"|^\W*merge (?:remote-tracking )?branch\b.*$"
    r"|^\W*merge pull request\b.*$",
    re.I | re.M,
)
_LONGEST_IDENTIFIER = 60
_SHORTEST_PLURAL = 4
_SHORTEST_SUFFIXED = 6

_STOP_WORDS_TEXT = """
    a an and are as at be been but by can could did do does for from had has have he her
    his how i if in into is it its just like make may more most my need no not now of on
    one only or our out so some such than that the their them then there these they this
    those to too up us use used using via was we were what when where which while who
    will with would you your also any all pr pull request merge branch commit https http
    com github www org
"""
STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())


def terms_of(identifier: str) -> tuple[str, ...]:
    """Index terms of one identifier: its stemmed parts, and the compound of many."""
    if len(identifier) > _LONGEST_IDENTIFIER:
        return ()
    parts = [part.lower() for part in _PART.findall(identifier)]
    words = [_stem(part) for part in parts if len(part) > 1]
    if len(parts) > 1:
        words.append("=" + "".join(parts))
    return tuple(dict.fromkeys(words))


def strip_noise(text: str) -> str:
    """Leave out the lines of a message that machines wrote."""
    return _NOISE.sub("", text)


def count_terms(texts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Weighted terms of prose, without stop words.

    Args:
        texts: Each text with the weight of its words.
    """
    weights: Counter[str] = Counter()
    for text, weight in texts:
        for identifier in IDENTIFIER.findall(text):
            for term in terms_of(identifier):
                if term not in STOP_WORDS:
                    weights[term] += weight  # type: ignore[assignment]
    return dict(weights)


def _stem(word: str) -> str:
    """Fold the commonest English endings, which is all that code comments need."""
    if len(word) >= _SHORTEST_SUFFIXED:
        for ending in ("ing", "ed"):
            if word.endswith(ending):
                word = word.removesuffix(ending)
                return word[:-1] if word[-1] == word[-2] else word
    if len(word) >= _SHORTEST_PLURAL and word[-1] == "s" and word[-2] not in "su":
        word = word[:-1]
    if len(word) >= _SHORTEST_PLURAL and word[-1] == "e":
        word = word[:-1]
    return word
