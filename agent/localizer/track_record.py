"""How the first look fared before: what it expected of past examples, what was edited.

A file that was edited more often than its evidence said, in this repository, will be
again; so will a kind of file. What a text alone can never tell (that each feature here
brings a changelog entry, that a page is written by somebody else) is read off the
errors. Each sum is smoothed, and young examples count more.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index, Snapshot
from agent.localizer.paths import FileKind
from agent.localizer.postings import Ints, totals

__all__ = ["MOST_REMEMBERED", "Remembered", "TrackRecord", "add_own", "remember"]

Floats = NDArray[np.float64]

MOST_REMEMBERED = 300
_LEAST_EXPECTED = 0.01
_HALF_LIVES = (20, 100)
_KIND_HALF_LIFE = 30
_FILE_DOUBT = 1.0
_NEAR_DOUBT = 0.6
_KIND_DOUBT = 2.0
_TOTAL_DOUBT = 5.0


@dataclass(frozen=True, slots=True)
class Remembered:
    """One past example: a few of its files, all of its kinds."""

    change: int
    file: Ints
    """Files that were edited, or that were expected to be."""
    expected: Floats
    """Their probabilities by the first look."""
    edited: Floats
    """1 where a file was edited, else 0."""
    kinds_expected: Floats
    """Files of each kind that were expected, in all."""
    kinds_edited: Floats


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Past examples, oldest first."""

    examples: Sequence[Remembered] = field(default_factory=tuple)

    def before(self, change: int) -> Sequence[Remembered]:
        """The newest examples that are older than a change, oldest first."""
        end = bisect_left(self.examples, change, key=lambda one: one.change)
        return self.examples[max(0, end - MOST_REMEMBERED) : end]


def remember(
    index: Index, snapshot: Snapshot, expected: Floats, edited: NDArray[np.bool_]
) -> Remembered:
    """What is kept of an example.

    Args:
        index: The past.
        snapshot: The tree before the example's change.
        expected: Probabilities of the first look, of each candidate.
        edited: Whether the change edited each candidate.
    """
    kind = index.path_kind[snapshot.path[snapshot.candidates]]
    kept = np.flatnonzero((expected >= _LEAST_EXPECTED) | edited)
    return Remembered(
        change=snapshot.change,
        file=snapshot.candidates[kept],
        expected=expected[kept],
        edited=edited[kept].astype(np.float64),
        kinds_expected=totals(kind, expected, len(FileKind)),
        kinds_edited=totals(kind, edited, len(FileKind)),
    )


def add_own(
    index: Index,
    snapshot: Snapshot,
    record: TrackRecord,
    near: tuple[Ints, Floats],
    signals: dict[str, Floats],
) -> None:
    """Add by how much each file, and its kind, was edited more than expected: logs.

    Args:
        index: The past.
        snapshot: The tree that is asked about.
        record: What is remembered; only what is older than the snapshot is read.
        near: Similar past changes, and how similar they are.
        signals: What was measured so far; takes the new ones.
    """
    past = record.before(snapshot.change)
    files = snapshot.candidates
    kind = index.path_kind[snapshot.path[files]]
    sizes = [len(one.file) for one in past]
    nothing = np.zeros(0)
    file = np.concatenate([*(one.file for one in past), nothing.astype(np.int64)])
    expected = np.concatenate([*(one.expected for one in past), nothing])
    edited = np.concatenate([*(one.edited for one in past), nothing])
    kinds = np.array([one.kinds_expected for one in past]).reshape(-1, len(FileKind))
    kinds_edited = np.array([one.kinds_edited for one in past]).reshape(kinds.shape)
    age = np.arange(len(past))[::-1]

    def excess(weight: Floats, doubt: float) -> Floats:
        each = np.repeat(weight, sizes)
        found = totals(file, each * edited, index.files)[files] + doubt
        hoped = totals(file, each * expected, index.files)[files] + doubt
        return _log_ratio(found, hoped)

    def excess_of_kinds(weight: Floats) -> Floats:
        found = weight @ kinds_edited + _KIND_DOUBT
        return _log_ratio(found, weight @ kinds + _KIND_DOUBT)[kind]

    for half_life in _HALF_LIVES:
        fresh = 0.5 ** (age / half_life)
        signals[f"own.file_{half_life}"] = excess(fresh, _FILE_DOUBT)
    similar = np.zeros(len(past))
    place = {one.change: at for at, one in enumerate(past)}
    for change, similarity in zip(near[0].tolist(), near[1].tolist(), strict=True):
        if change in place:
            similar[place[change]] = similarity
    signals["own.near"] = excess(similar, _NEAR_DOUBT)
    signals["own.near_kind"] = excess_of_kinds(similar)
    fresh = 0.5 ** (age / _KIND_HALF_LIFE)
    signals["own.kind"] = excess_of_kinds(fresh)
    total = float(fresh @ kinds_edited.sum(1)) + _TOTAL_DOUBT
    total = np.log(total / (float(fresh @ kinds.sum(1)) + _TOTAL_DOUBT))
    signals["own.total"] = np.full(len(files), total)
    signals["own.count"] = np.full(len(files), np.log1p(len(past)))


def _log_ratio(found: Floats, hoped: Floats) -> Floats:
    ratio: Floats = np.log(found / hoped)
    return ratio
