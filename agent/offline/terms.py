"""What a description is about: its words, by weight, and the paths that it names."""

import re
from collections import defaultdict
from collections.abc import Iterable

from agent.code_tokens import identifiers, telling_words

__all__ = ["named_paths", "stem", "weigh_terms"]

_TITLE_WEIGHT = 2.0
_BODY_WEIGHT = 1.0
_CODE_WEIGHT = 1.5
"""Factor for what is written like code: `quoted`, snake_case, CamelCase, --option."""
_PATH = re.compile(r"(?:[\w.-]+/)*[\w-][\w.-]*\.[A-Za-z]{1,5}\b")
_QUOTED = re.compile(r"`([^`\n]{2,80})`")
_OPTION = re.compile(r"--([a-z][\w-]+)")
_SUFFIXES = ("ations", "ation", "ings", "ing", "ers", "ies", "ed", "er", "es", "s")
_SHORTEST_STEM = 4


def weigh_terms(title: str, body: str) -> dict[str, float]:
    """Terms of a description in lower case, each with its weight, heaviest first."""
    weights: dict[str, float] = defaultdict(float)
    for text, weight in ((title, _TITLE_WEIGHT), (body, _BODY_WEIGHT)):
        for term in dict.fromkeys(telling_words(text)):
            weights[term] += weight
    code_like = _code_like(f"{title}\n{body}")
    for term in list(weights):
        if term in code_like:
            weights[term] *= _CODE_WEIGHT
    order = {term: position for position, term in enumerate(weights)}
    ranked = sorted(weights, key=lambda term: (-weights[term], order[term]))
    return {term: weights[term] for term in ranked}


def named_paths(text: str) -> list[str]:
    """What looks like a file's path or name."""
    return list(dict.fromkeys(_PATH.findall(text)))


def stem(word: str) -> str:
    """A word without its ending, so that `models` meets `model`."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)]
    return word


def _code_like(text: str) -> frozenset[str]:
    """Terms that the text writes as code."""
    spelled: Iterable[str] = (*_QUOTED.findall(text), *_OPTION.findall(text))
    mixed = (
        word
        for word in identifiers(text)
        if "_" in word.strip("_")
        or (word[1:] != word[1:].lower() and not word.isupper())
    )
    return frozenset(
        token for word in (*spelled, *mixed) for token in telling_words(word)
    )
