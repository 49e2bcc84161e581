"""Past changes as labelled examples: a text, and the files that it led to."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index
from agent.localizer.journal import ChangeRow
from agent.localizer.paths import FileKind
from agent.localizer.postings import Ints

__all__ = [
    "PULL_SUFFIXES",
    "ExampleRows",
    "edited_files",
    "example_changes",
    "example_rows",
    "example_weight",
    "newest_pulls",
    "practice_weight",
]

_UPKEEP = re.compile(
    r"^\W*((fix(e[sd]|ing|up)?|bug(s|fix(es)?)?|hotfix(es)?|bump(s|ed|ing)?|docs?"
    r"|documentation|chores?|ci|builds?|releas(e[sd]?|ing)|prepar(e[sd]?|ing)|versions?"
    r"|revert(s|ed|ing)?|typos?|style|lint(s|ed|ing|er)?|tests?|refactor(s|ed|ing)?"
    r"|changelogs?|deps|update deps|update dependenc(y|ies))(?![a-z])|\[pre-commit)",
    re.I,
)
_UPKEEP_WEIGHT = 0.4
_UNPROPOSED_WEIGHT = 0.5
_MOST_FILES = 30
PULL_SUFFIXES = (".py", ".js")
_HARD_ROWS = 60
_EASY_ROWS = 15


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


def example_weight(title: str) -> float:
    """How much a change teaches; less where it calls itself a fix or a release."""
    return _UPKEEP_WEIGHT if _UPKEEP.match(title) else 1.0


def practice_weight(row: ChangeRow) -> float:
    """How much a repository's own change teaches; less where no pull request was made.

    What will be asked is a pull request, and commits that went without one differ.
    """
    share = 1.0 if row.number >= 0 else _UNPROPOSED_WEIGHT
    return share * example_weight(row.title)


def example_changes(
    index: Index,
    *,
    least_code: int = 2,
    suffixes: tuple[str, ...] = (),
    with_upkeep: bool = False,
) -> list[int]:
    """Changes that look like a described feature, oldest first.

    Args:
        index: The past.
        least_code: Source or test files that it must have edited.
        with_upkeep: Whether those may be among them that name themselves a fix, a
            release, documentation or the like, which `example_weight` counts less.
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
    rows = index.changes
    # What a head proposed and the chain then merged would be an example of itself.
    proposed = {row.number for row in rows if row.is_head}
    return [
        change
        for change in fitting.tolist()
        if not rows[change].is_part
        and (with_upkeep or not _UPKEEP.match(rows[change].title))
        and (rows[change].is_head or rows[change].number not in proposed)
    ]


def newest_pulls(
    index: Index, size: int, *, suffixes: tuple[str, ...] = PULL_SUFFIXES
) -> list[int]:
    """The newest pull requests that edit three files of some kinds, oldest first.

    Pull requests are merges of one and squashes that end in its number; those that
    name themselves a fix, a release, documentation or the like are left out.

    Args:
        index: The past.
        size: How many at most.
        suffixes: How the files end of which there must be three.
    """
    changes = example_changes(index, least_code=3, suffixes=suffixes)
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
