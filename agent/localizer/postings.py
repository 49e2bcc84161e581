"""Who speaks of a term, and since when: an index that can be asked about any past.

Entries are grouped by term and ordered by time within it, so the state before any
change is a prefix of each group, and no state has to be rebuilt to look at the past.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Gathered",
    "Postings",
    "group_entries",
    "merge_postings",
    "rarity",
    "totals",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Entries of several terms, one after the other."""

    row: Ints
    """Position of the entry's term among the terms asked for."""
    place: NDArray[np.int32]
    plus: NDArray[np.float32]
    minus: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Postings:
    """Entries (term, place, plus, minus); places are numbered by time."""

    starts: Ints
    """First entry of each term; one more at the end."""
    place: NDArray[np.int32]
    plus: NDArray[np.uint16]
    minus: NDArray[np.uint16]

    def gather(self, terms: Sequence[int], before: int) -> Gathered:
        """Entries of some terms at places before one.

        Args:
            terms: Term numbers; those that this index never saw find nothing.
            before: The first place that is still in the future.
        """
        spans: list[Ints] = []
        rows: list[Ints] = []
        for row, term in enumerate(terms):
            if term >= len(self.starts) - 1:
                continue
            first, end = int(self.starts[term]), int(self.starts[term + 1])
            end = first + int(np.searchsorted(self.place[first:end], before))
            if end > first:
                spans.append(np.arange(first, end))
                rows.append(np.full(end - first, row))
        if not spans:
            none = np.zeros(0, np.int64)
            empty = np.zeros(0, np.float32)
            return Gathered(none, none.astype(np.int32), empty, empty)
        at = np.concatenate(spans)
        return Gathered(
            row=np.concatenate(rows),
            place=self.place[at],
            plus=self.plus[at].astype(np.float32),
            minus=self.minus[at].astype(np.float32),
        )

    def count(self, term: int, before: int) -> int:
        """Entries of one term at places before one."""
        first, end = int(self.starts[term]), int(self.starts[term + 1])
        return int(np.searchsorted(self.place[first:end], before))

    def by_place(self, places: int) -> tuple[Ints, NDArray[np.int32]]:
        """The same entries the other way round: which terms each place has.

        Returns:
            First position of each place (one more at the end), and the terms.
        """
        counts = np.diff(self.starts)
        terms = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        order = np.argsort(self.place, kind="stable")
        starts = np.searchsorted(self.place[order], np.arange(places + 1))
        return starts, terms[order]


def group_entries(
    term: Ints, place: Ints, plus: Ints, minus: Ints, terms: int
) -> Postings:
    """Postings of unordered entries; equal (term, place) are added up."""
    width = int(place.max()) + 1 if len(place) else 1
    key = term * width + place
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else order
    limit = np.iinfo(np.uint16).max
    added = np.minimum(np.add.reduceat(plus[order], first), limit) if len(key) else plus
    gone = (
        np.minimum(np.add.reduceat(minus[order], first), limit) if len(key) else minus
    )
    counts = np.bincount(key[first] // width, minlength=terms)
    return Postings(
        starts=np.r_[0, np.cumsum(counts)].astype(np.int64),
        place=(key[first] % width).astype(np.int32),
        plus=added.astype(np.uint16),
        minus=gone.astype(np.uint16),
    )


def merge_postings(old: Postings, new: Postings) -> Postings:
    """Both together, where every place of the new one is later than the old one's."""
    terms = max(len(old.starts), len(new.starts)) - 1
    counts = [
        np.pad(np.diff(one.starts), (0, terms + 1 - len(one.starts)))
        for one in (old, new)
    ]
    starts = np.r_[0, np.cumsum(counts[0] + counts[1])].astype(np.int64)
    fresh = np.arange(len(new.place)) - np.repeat(new.starts[:-1], np.diff(new.starts))
    padded = np.arange(terms)
    row = np.repeat(padded, counts[1])
    at = starts[row] + counts[0][row] + fresh
    taken = np.ones(int(starts[-1]), dtype=bool)
    taken[at] = False

    def merged(before: NDArray[Any], after: NDArray[Any]) -> NDArray[Any]:
        both = np.empty(len(taken), before.dtype)
        both[taken] = before
        both[at] = after
        return both

    return Postings(
        starts=starts,
        place=merged(old.place, new.place),
        plus=merged(old.plus, new.plus),
        minus=merged(old.minus, new.minus),
    )


def rarity(strength: NDArray[Any]) -> Floats:
    """How rare each term is: the logarithm that BM25 has, never below zero.

    Args:
        strength: Terms by files; above zero where a file has a term. Any: numbers of
            every width.
    """
    spread = (strength > 0).sum(1)
    rare: Floats = np.log1p((strength.shape[1] - spread + 0.5) / (spread + 0.5))
    return rare


def totals(place: NDArray[Any], weight: NDArray[Any], places: int) -> Floats:
    """Sum of the weights at each place. Any: numbers of every width."""
    return np.bincount(place, weight, minlength=places).astype(np.float64)
