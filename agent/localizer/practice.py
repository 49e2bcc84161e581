"""Past changes asked as if they had not been made yet, to learn from the answers.

One pass over the newest examples, in order of time, leaves two things: how the first
look fared (`track_record`), and rows to teach the second look further.

Which examples these are, and which are fitted to, hangs on the past alone and not on
when it was looked at before: an index that grew is one that was learned at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.localizer.changes import Change
from agent.localizer.estimate import Estimate, look, look_again
from agent.localizer.examples import (
    edited_files,
    example_changes,
    example_rows,
    practice_weight,
)
from agent.localizer.index import Index
from agent.localizer.journal import ChangeRow
from agent.localizer.paths import FileKind
from agent.localizer.prior import Prior, read_prior
from agent.localizer.query import read_query
from agent.localizer.teaching import teach_further
from agent.localizer.track_record import (
    MOST_REMEMBERED,
    Remembered,
    TrackRecord,
    remember,
)

__all__ = [
    "REFIT_AFTER",
    "Plan",
    "Practice",
    "PracticeRows",
    "as_arrays",
    "from_arrays",
    "plan_practice",
    "practise",
]

REFIT_AFTER = 10
"""New examples that are worth teaching again for."""
_FEWEST = 20
_FIRST_CHANGES = 30
_UNUSABLE = 30
"""Of three hundred examples, how many may turn out to ask or to edit nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which examples of a past are practised, and which are fitted to."""

    first: int
    """The change whose outcome is the first to be remembered."""
    rows: int
    """The change whose rows are the first to be taught."""
    border: int
    """Only examples before this change are fitted to."""
    fitted: int
    """How many examples of the past are before it."""


@dataclass(frozen=True, slots=True)
class PracticeRows:
    """Rows of one example, narrow enough to be kept."""

    change: int
    rows: NDArray[np.float16]
    labels: NDArray[np.bool_]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Practice:
    """What the newest examples taught, oldest first."""

    record: TrackRecord
    rows: Sequence[PracticeRows]

    def newest(self) -> "Practice":
        """All that examples to come look back to, and that weights are fitted to."""
        kept = MOST_REMEMBERED + REFIT_AFTER
        examples = tuple(self.record.examples[-kept:])
        return Practice(TrackRecord(examples), tuple(self.rows[-kept:]))

    def fitted(self, prior: Prior, *, before: int | None = None) -> Prior:
        """The prior, moved towards the repository's own past, as it is written down.

        Args:
            prior: What other repositories taught, as it was practised with.
            before: Use only examples before this change; all when None.
        """
        usable = [one for one in self.rows if before is None or one.change < before]
        usable = usable[-MOST_REMEMBERED:]
        if len(usable) < _FEWEST:
            return prior
        second = teach_further(
            prior.second,
            np.concatenate([one.rows for one in usable]).astype(np.float32),
            np.concatenate([one.labels for one in usable]).astype(np.float32),
            np.concatenate([one.weights for one in usable]),
        )
        return read_prior(Prior(prior.first, second).as_record())


def plan_practice(index: Index) -> Plan:
    """Fit to the newest 300 examples, in tens; each remembers the 300 before it."""
    examples = _usable(index)
    total = len(examples)
    fitted = total // REFIT_AFTER * REFIT_AFTER

    def back(count: int) -> int:
        return examples[-count] if count < total else 0

    wanted = MOST_REMEMBERED + _UNUSABLE
    return Plan(
        first=back(2 * wanted + REFIT_AFTER),
        rows=back(wanted + REFIT_AFTER),
        border=examples[fitted] if fitted < total else len(index.changes),
        fitted=fitted,
    )


def _usable(index: Index) -> list[int]:
    examples = example_changes(index, with_upkeep=True)
    return [one for one in examples if one >= _FIRST_CHANGES]


def practise(  # noqa: PLR0913 - what is asked, and since when
    index: Index,
    changes: Sequence[Change],
    prior: Prior,
    *,
    known: Practice | None = None,
    first: int = 0,
    rows: int = 0,
) -> Practice:
    """Ask the examples that are not known yet.

    Args:
        index: The past.
        changes: Its newest changes, at least those that are not known, with full texts.
        prior: What other repositories taught.
        known: Earlier practice with the same prior, in an older state of the past.
        first: The change to begin with.
        rows: The change to begin to make rows with; earlier ones are remembered only.
    """
    offset = len(index.changes) - len(changes)
    usable = [one for one in _usable(index) if one >= max(offset, first)]
    examples = list(known.record.examples) if known else []
    made = list(known.rows) if known else []
    record = TrackRecord(examples)  # grows with the list
    for change in usable:
        text = changes[change - offset]
        query = read_query(text.title, text.body)
        if not query.terms:
            continue
        seen = look(index, prior, query, change)
        at = seen.found.snapshot
        edited = np.isin(at.candidates, edited_files(index, change))
        if not edited.any():
            continue
        if change >= rows:
            found = look_again(index, prior, seen, record)
            made.append(_rows_of(index.changes[change], change, found, edited))
        # After it was asked: no example remembers itself.
        examples.append(remember(index, at, seen.first, edited))
    return Practice(TrackRecord(tuple(examples)), tuple(made))


def _rows_of(
    row: ChangeRow, change: int, found: Estimate, edited: NDArray[np.bool_]
) -> PracticeRows:
    chosen = example_rows(found.rows, found.first, edited)
    weight = np.float32(practice_weight(row))
    return PracticeRows(
        change=change,
        rows=chosen.rows.astype(np.float16),
        labels=chosen.labels > 0,
        weights=chosen.weights.astype(np.float32) * weight,
    )


# Any: arrays of every kind of number.
def as_arrays(practice: Practice) -> dict[str, NDArray[Any]]:
    """A practice as few long arrays, by name."""
    examples, rows = practice.record.examples, practice.rows
    width = rows[0].rows.shape[1] if rows else 0
    kinds = len(FileKind)

    def joined(parts: Sequence[NDArray[Any]], nothing: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate(parts) if parts else nothing

    return {
        "change": np.array([one.change for one in examples], np.int64),
        "starts": _starts([len(one.file) for one in examples]),
        "file": joined([one.file for one in examples], np.zeros(0, np.int64)),
        "expected": joined([one.expected for one in examples], np.zeros(0)),
        "edited": joined([one.edited for one in examples], np.zeros(0)),
        "kinds_expected": np.array([one.kinds_expected for one in examples]).reshape(
            -1, kinds
        ),
        "kinds_edited": np.array([one.kinds_edited for one in examples]).reshape(
            -1, kinds
        ),
        "row_change": np.array([one.change for one in rows], np.int64),
        "row_starts": _starts([len(one.labels) for one in rows]),
        "rows": joined([one.rows for one in rows], np.zeros((0, width), np.float16)),
        "labels": joined([one.labels for one in rows], np.zeros(0, np.bool_)),
        "weights": joined([one.weights for one in rows], np.zeros(0, np.float32)),
    }


def from_arrays(array: Callable[[str], NDArray[Any]]) -> Practice:
    """The practice that `as_arrays` wrote down, whose arrays are found by name.

    What is many, the rows, stays a view of what it is given.

    Raises:
        KeyError: An array is missing.
        ValueError: Their lengths disagree.
    """
    starts, row_starts = array("starts").tolist(), array("row_starts").tolist()
    file, expected, edited = array("file"), array("expected"), array("edited")
    examples = tuple(
        Remembered(
            change=change,
            file=file[first:end],
            expected=expected[first:end],
            edited=edited[first:end],
            kinds_expected=kinds_expected,
            kinds_edited=kinds_edited,
        )
        for change, first, end, kinds_expected, kinds_edited in zip(
            array("change").tolist(),
            starts[:-1],
            starts[1:],
            array("kinds_expected"),
            array("kinds_edited"),
            strict=True,
        )
    )
    wide, labels, weights = array("rows"), array("labels"), array("weights")
    rows = tuple(
        PracticeRows(
            change=change,
            rows=wide[first:end],
            labels=labels[first:end],
            weights=weights[first:end],
        )
        for change, first, end in zip(
            array("row_change").tolist(), row_starts[:-1], row_starts[1:], strict=True
        )
    )
    return Practice(TrackRecord(examples), rows)


def _starts(sizes: Sequence[int]) -> NDArray[np.int64]:
    starts: NDArray[np.int64] = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    return starts
