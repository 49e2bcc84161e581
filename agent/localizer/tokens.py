"""Words of code and of prose, so that both sides of a search speak alike.

An identifier counts as its parts and as itself: `InputOutput`, `input_output` and
`--input-output` share the parts `input` and `output` and the compound `=inputoutput`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

__all__ = [
    "IDENTIFIER",
    "STOP_WORDS",
    "count_terms",
    "strip_hosts",
    "strip_noise",
    "terms_of",
]

IDENTIFIER = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)*")
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Letters of Chinese, Japanese and Korean, which do not put words apart."""
_PART = re.compile(
    r"[A-Z]+(?=[A-Z][a-z])"
    rf"|[A-Z]?[^\W\d_A-Z{_UNSPACED}]+|[A-Z]+|[{_UNSPACED}]+|\d+"
)
_RUN_TOGETHER = re.compile(f"[{_UNSPACED}]")
_NOISE = re.compile(
    r"^[^\w\n]*(?:co-authored-by|signed-off-by|reviewed-by|change-id)\b.*$"
    r"|^.*(?:pre-commit[.-]ci|for more information, see|\[skip ci\]).*$"
    r"|^[^\w\n]*merge (?:remote-tracking )?branch\b.*$"
    r"|^[^\w\n]*merge pull request\b.*$"
    # What a template tells the author
    r"|<!--(?:(?!<!--)[\s\S])*?-->",
    re.I | re.M,
)
_HOST = re.compile(r"\bhttps?://[\w.:-]+", re.I)
_LONGEST_IDENTIFIER = 60
_SHORTEST_PLURAL = 4
_STEM = re.compile(r"\w{4}|(?=.*[aeiouy])\w{3}")
"""What may be left of a word: `typ` of typing, and not `str` of string."""

_STOP_WORDS_TEXT = """
    a an and are as at be been but by can could did do does for from had has have he her
    his how i if in into is it its just like make may more most my need no not now of on
    one only or our out so some such than that the their them then there these they this
    those to too up us use used using via was we were what when where which while who
    will with would you your also any all pr pull request merge branch commit
    com github www org
"""
STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())


def terms_of(identifier: str) -> tuple[str, ...]:
    """Index terms of one identifier: its stemmed parts, and the compound of many."""
    if len(identifier) > _LONGEST_IDENTIFIER:
        pieces = identifier.split("-")
        if len(pieces) == 1:
            return ()
        return tuple(dict.fromkeys(word for one in pieces for word in terms_of(one)))
    parts = [part.lower() for part in _PART.findall(identifier)]
    words = [word for part in parts if len(part) > 1 for word in _words_of(part)]
    if len(parts) > 1:
        words.append("=" + "".join(parts))
    return tuple(dict.fromkeys(words))


def strip_noise(text: str) -> str:
    """Leave out what machines and templates wrote, and the hosts of addresses."""
    return strip_hosts(_NOISE.sub("", text))


def strip_hosts(text: str) -> str:
    """Leave out where addresses lead; what they lead to there may be a path."""
    return _HOST.sub("", text)


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


def _words_of(part: str) -> tuple[str, ...]:
    """A part as it is searched for: stemmed, or as pairs where words run together."""
    if _RUN_TOGETHER.match(part):
        return tuple(map("".join, pairwise(part)))
    return (_stem(part),)


def _stem(word: str) -> str:
    """Fold the commonest English endings, which is all that code comments need."""
    if len(word) >= _SHORTEST_PLURAL and word[-1] == "s" and word[-2] not in "su":
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and _STEM.match(word.removesuffix(ending)):
            word = word.removesuffix(ending)
            return word[:-1] if word[-1] == word[-2] else word
    if len(word) >= _SHORTEST_PLURAL and word[-1] == "e":
        word = word[:-1]
    return word
