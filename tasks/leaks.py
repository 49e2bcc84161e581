"""How much title and body give away: gold files that they name."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["Leak", "find_leak"]

_EDGE = r"[\w.-]"
_ROOT = r"(?:https?://[\w./%@+~-]*/|[ab]/|\./)?"
"""What may stand before a path: where a forge shows it, or a side of a diff."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Gold files that a text names."""

    named: frozenset[str]
    """Gold files whose path, or whose name with its suffix, stands in the text."""
    score: float
    """Share of the gold files that are named, in [0, 1]."""


def find_leak(text: str, gold: AbstractSet[str]) -> Leak:
    """Find gold files that a text names.

    Args:
        text: Title and body.
        gold: Gold files; not empty.
    """
    named = frozenset(path for path in gold if _pattern(path).search(text))
    return Leak(named, len(named) / len(gold))


def _pattern(path: str) -> re.Pattern[str]:
    """A path, any end of it from a folder on, or its name; nothing else around it."""
    parts = PurePosixPath(path).parts
    tails = ["/".join(parts[start:]) for start in range(len(parts))]
    if "." not in parts[-1]:
        # `commands` or `main` is a word before it is a name; `Makefile` is a name.
        tails = [tail for tail in tails if "/" in tail or tail[:1].isupper()]
    choices = "|".join(re.escape(tail) for tail in tails) or r"(?!)"
    return re.compile(rf"(?<![\w./-]){_ROOT}(?:{choices})(?!{_EDGE}*\w)")
