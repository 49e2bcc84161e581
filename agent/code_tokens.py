"""Words of source code and of what people write about it.

An identifier counts as itself and as its parts: `InputOutput.read_text` gives
`inputoutput`, `input`, `output`, `read_text`, `read`, `text`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["count_tokens", "identifiers", "split_identifier", "tokenize"]

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PART_OF_OTHER_SCRIPTS = re.compile(r"[^\W_]+")
_LONGEST = 60
"""Characters; longer runs are encoded data, not words."""
_SHORTEST = 2


def tokenize(text: str) -> list[str]:
    """Every token of a text, in order, lower case, repeated as often as it occurs."""
    return [token for word in identifiers(text) for token in split_identifier(word)]


def count_tokens(text: str) -> Counter[str]:
    """How often each token occurs; the same as counting `tokenize`, and faster."""
    counts: Counter[str] = Counter()
    for word, count in Counter(identifiers(text)).items():
        for token in split_identifier(word):
            counts[token] += count
    return counts


def identifiers(text: str) -> Iterator[str]:
    """The identifiers and words of a text as they are written."""
    return (
        word for word in _IDENTIFIER.findall(text) if _SHORTEST <= len(word) <= _LONGEST
    )


@lru_cache(maxsize=200_000)
def split_identifier(word: str) -> tuple[str, ...]:
    """An identifier in lower case, followed by its parts where it has several."""
    whole = word.lower().strip("_")
    pattern = _PART if word.isascii() else _PART_OF_OTHER_SCRIPTS
    parts = [part.lower() for part in pattern.findall(word) if len(part) >= _SHORTEST]
    if len(parts) <= 1:
        return (whole,) if len(whole) >= _SHORTEST else ()
    return (whole, *parts)
