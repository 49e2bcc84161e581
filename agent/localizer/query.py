"""What a described change talks about."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.localizer.tokens import (
    IDENTIFIER,
    STOP_WORDS,
    count_terms,
    strip_hosts,
    strip_noise,
    terms_of,
)

__all__ = ["Query", "read_query"]

_PART = r"(?:[\w.@+$~-]|\[[\w.]+\]|\([\w.]+\))"
"""Frameworks name files `[id].tsx`, `(shop)`, `+page.svelte`."""
_PATH = re.compile(
    rf"(?<![\w.@+$~-])(?:{_PART}{{0,200}}(?:/{_PART}+)+"
    r"|\.?[\w@+$-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,10}\b)"
)
_PREFIX = re.compile(
    r"^\s*(?:feat(?:ure)?|fix|docs?|chore|refactor|tests?|ci|build|perf|style|revert"
    r"|deps?|enh(?:ancement)?|bug|maint|wip)(\([^)\n]*\))?!?:\s",
    re.I,
)
"""A kind of change, as conventional titles begin; any other word is a component."""
_AROUND = re.compile(r"^(?:\.*/|~/|@/?)+|(?<=\w)@\w+$")
"""Before a path: where it is relative to; behind it: the revision that is meant."""
_MOST_PATHS = 40
_TEXT_LIMIT = 20_000
_MOST_TERMS = 160
_TITLE_WEIGHT = 3.0
_SATURATION = 5.0


@dataclass(frozen=True, slots=True)
class Query:
    """Terms of a title and a body, weighted."""

    title: str
    body: str
    terms: Mapping[str, float]
    """Title and body together; the heaviest, at most 160."""
    title_terms: Mapping[str, float]
    words: Mapping[str, str]
    """A word of the text for each term, as it is spelled there."""
    paths: tuple[str, ...]
    """Paths and file names that the text spells out."""


def read_query(title: str, body: str = "") -> Query:
    """Read a title and a body as a maintainer would skim them: the title counts more.

    A conventional prefix (`feat:`) and a number (`(#12)`) are no part of a title.
    """
    title, body = title[:_TEXT_LIMIT], strip_noise(body[:_TEXT_LIMIT])
    spoken = _PREFIX.sub(r"\1 ", strip_hosts(title))
    spoken = re.sub(r"\(?#\d+\)?", " ", spoken)
    title_terms = count_terms([(spoken, 1.0)])
    both = count_terms([(spoken, _TITLE_WEIGHT), (body, 1.0)])
    heaviest = sorted(both, key=lambda term: (-both[term], term))[:_MOST_TERMS]
    paths = dict.fromkeys(map(_cleaned, _PATH.findall(f"{title}\n{body}")))
    return Query(
        title=title,
        body=body,
        terms={term: min(both[term], _SATURATION) for term in heaviest},
        title_terms=title_terms,
        words=_spelling(f"{spoken}\n{body}"),
        paths=_likeliest(path for path in paths if path and path not in STOP_WORDS),
    )


def _cleaned(path: str) -> str:
    """A path as the index spells it, without the ends of a sentence."""
    return _AROUND.sub("", path.rstrip("./-~$")).lower()


def _likeliest(paths: Iterable[str]) -> tuple[str, ...]:
    """The first of them, those with folders before what may be a name with a dot."""
    return tuple(sorted(paths, key=lambda path: "/" not in path)[:_MOST_PATHS])


def _spelling(text: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for identifier in IDENTIFIER.findall(text):
        terms = terms_of(identifier)
        if len(terms) > 1:
            words.setdefault(terms[-1], identifier)
        elif terms:
            words.setdefault(terms[0], identifier.lower())
    return words
