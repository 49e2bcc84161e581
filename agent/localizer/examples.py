"""Past changes as labelled examples: a text, and the files that it led to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.changes import Change
from agent.localizer.estimate import estimate
from agent.localizer.index import Index
from agent.localizer.paths import FileKind
from agent.localizer.postings import Ints
from agent.localizer.prior import Prior
from agent.localizer.query import read_query

__all__ = [
    "ExampleRows",
    "edited_files",
    "example_changes",
    "example_rows",
    "newest_pulls",
    "refitted",
]

_MAINTENANCE = re.compile(
    r"^\W*(fix|bug|hotfix|bump|docs?\b|documentation|chore|ci\b|build|release|prepare"
    r"|version|revert|typo|style|lint|tests?\b|refactor|changelog|deps|update dep"
    r"|\[pre-commit)",
    re.I,
)
_MOST_FILES = 30
_PULL_SUFFIXES = (".py", ".js")
_NEWEST = 200
_FEWEST = 20
_FIRST_CHANGES = 30
_HARD_ROWS = 60
_EASY_ROWS = 15
_CAUTION = 5_000.0


@dataclass(frozen=True, slots=True)
class ExampleRows:
    """Rows of one example: the hardest files, the edited ones, a few of the rest."""

    rows: NDArray[np.float64]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]


def edited_files(index: Index, change: int) -> Ints:
    """Files that a change edited, the new, gone and renamed ones left out."""
    first, end = (int(one) for one in index.touch_starts[change : change + 2])
    edited = index.touch_status[first:end] == ord("M")
    files: Ints = index.touch_file[first:end][edited].astype(np.int64)
    return files


def example_changes(
    index: Index, *, least_code: int = 2, suffixes: tuple[str, ...] = ()
) -> list[int]:
    """Changes that look like a described feature, oldest first.

    Args:
        index: The past.
        least_code: Source or test files that it must have edited.
        suffixes: Count only files that end so; any source or test when empty.
    """
    kind = index.path_kind[index.touch_path]
    if suffixes:
        fits = np.array([path.endswith(suffixes) for path in index.paths], np.bool_)
        code = fits[index.touch_path] if len(fits) else np.zeros(0, np.bool_)
    else:
        code = (kind == FileKind.SOURCE) | (kind == FileKind.TEST)
        code |= kind == FileKind.INDEX
    edited = index.touch_status == ord("M")
    total = len(index.changes)
    counts = np.bincount(index.touch_change[edited & code], minlength=total)
    sizes = np.bincount(index.touch_change[edited], minlength=total)
    fitting = np.flatnonzero((counts >= least_code) & (sizes <= _MOST_FILES))
    return [
        change
        for change in fitting.tolist()
        if not _MAINTENANCE.match(index.changes[change].title)
    ]


def newest_pulls(index: Index, size: int) -> list[int]:
    """The newest pull requests that edit three `.py` or `.js` files, oldest first.

    Pull requests are merges of one and squashes that end in its number; those that
    name themselves a fix, a release, documentation or the like are left out.
    """
    changes = example_changes(index, least_code=3, suffixes=_PULL_SUFFIXES)
    return [one for one in changes if index.changes[one].number >= 0][-size:]


def example_rows(
    names_rows: NDArray[np.float64],
    probability: NDArray[np.float64],
    labels: NDArray[np.bool_],
) -> ExampleRows:
    """Choose rows to learn from: most files of a tree teach nothing."""
    order = np.argsort(-probability, kind="stable")
    rest = order[_HARD_ROWS:]
    rest = rest[~labels[rest]]
    easy = rest[:: max(1, len(rest) // _EASY_ROWS)][:_EASY_ROWS] if len(rest) else rest
    gold = np.flatnonzero(labels)
    hard = np.union1d(order[:_HARD_ROWS], gold)
    chosen = np.concatenate([hard, easy])
    weights = np.ones(len(chosen))
    weights[len(hard) :] = len(rest) / max(len(easy), 1)
    return ExampleRows(names_rows[chosen], labels[chosen].astype(np.float64), weights)


def refitted(
    index: Index, changes: Sequence[Change], prior: Prior, *, before: int | None = None
) -> Prior:
    """The prior, moved towards the repository's own past.

    Args:
        index: The past.
        changes: Its changes, in the same order, with their full texts.
        prior: What other repositories taught.
        before: Use only changes before this one; all when None.
    """
    end = len(changes) if before is None else before
    usable = [one for one in example_changes(index) if _FIRST_CHANGES <= one < end]
    usable = usable[-_NEWEST:]
    if len(usable) < _FEWEST:
        return prior
    chosen: list[ExampleRows] = []
    for change in usable:
        query = read_query(changes[change].title, changes[change].body)
        found = estimate(index, prior, query, change)
        labels = np.isin(found.snapshot.candidates, edited_files(index, change))
        if query.terms and labels.any():
            chosen.append(example_rows(found.rows, found.first, labels))
    if len(chosen) < _FEWEST:
        return prior
    second = prior.second.refit(
        np.concatenate([one.rows for one in chosen]),
        np.concatenate([one.labels for one in chosen]),
        np.concatenate([one.weights for one in chosen]),
        _CAUTION,
    )
    return Prior(prior.first, second)
