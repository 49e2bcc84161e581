"""How well files are localised that proposals edited which were never merged.

    python -m benchmarks.localizer_unmerged --clone DIR [--rows FILE] [--json FILE]

Asked are the heads of pull requests (`refs/pull/<n>/head`) that the history does not
contain, each as of the commit that it forked from, its text the commit messages; once
without and once with the older heads as examples. Where that commit is of the
first-parent chain, one past is looked back into; where a merged branch brought it, the
index is learned anew at that commit, as it is for `--rows`: pull requests as the
SWE-Features dataset has them, which are asked apart.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.localizer.changes import Change
from agent.localizer.estimate import Estimate, estimate
from agent.localizer.examples import example_changes
from agent.localizer.index import Index
from agent.localizer.learning import Past, learn, read_past
from agent.localizer.prior import shipped_prior
from agent.localizer.query import Query, read_query
from benchmarks.localizer import (
    Asked,
    TaughtPast,
    modified_files,
    print_summary,
    read_rows,
    score,
)

__all__ = ["unmerged_heads"]

_SUFFIXES = (".py", ".js")


def main() -> None:
    """Ask a clone's heads, and some rows, if there are; print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clone", type=Path, required=True)
    parser.add_argument("--rows", type=Path)
    options = parser.parse_args()
    rows = read_rows(options.rows) if options.rows else []
    apart = {int(row["pr_number"]) for row in rows}
    whole = read_past(options.clone, with_heads=True)
    heads = unmerged_heads(whole, without=apart)
    for with_heads in (False, True):
        # The heads are needed in both cases, to be asked; examples only in one.
        known = whole if with_heads else read_past(options.clone)
        place = _Places(options.clone, known, with_heads=with_heads)
        asked = [
            place.ask(whole.changes[head], _edited_paths(whole.index, head))
            for head in heads
        ]
        name = "with past heads" if with_heads else "without past heads"
        print_summary({f"unmerged, {name}": [one for one in asked if one]})
        print(f"  {place.learned} of them of an index learned apart", flush=True)
        answers = [_ask_row(options.clone, row, with_heads=with_heads) for row in rows]
        if answers:
            print_summary({f"rows, {name}": answers})


def unmerged_heads(past: Past, *, without: set[int]) -> list[int]:
    """Changes that were proposed and never merged, oldest first, each title once.

    Args:
        past: With its heads.
        without: Numbers of pull requests to leave out.
    """
    titles: dict[str, int] = {}
    for one in example_changes(past.index, least_code=3, suffixes=_SUFFIXES):
        change = past.changes[one]
        if change.is_head and change.number not in without:
            titles.setdefault(change.title.lower(), one)
    return list(titles.values())


class _Places:
    """Asks a past as of any of its commits, taught by what was older."""

    def __init__(self, clone: Path, past: Past, *, with_heads: bool) -> None:
        self._clone = clone
        self._with_heads = with_heads
        self._position = {
            change.commit: place for place, change in enumerate(past.changes)
        }
        self._taught = TaughtPast(past, shipped_prior(), first=0)
        self.learned = 0
        """How many questions were asked of an index that was learned for them."""

    def ask(self, change: Change, gold: Sequence[str]) -> Asked | None:
        """None where no gold file existed at the change's base."""
        query = read_query(change.title, change.body)
        if change.parent in self._position:
            at = self._position[change.parent] + 1
            found = self._taught.estimate(query, at)
            return _scored(self._taught.past.index, query, found, gold)
        self.learned += 1
        return _asked_anew(
            self._clone, change.parent, query, gold, with_heads=self._with_heads
        )


def _ask_row(clone: Path, row: Mapping[str, Any], *, with_heads: bool) -> Asked:
    """Learn at the row's own base commit, and ask. Any: JSON values."""
    query = read_query(row["title"], row["body"])
    gold = modified_files(row)
    asked = _asked_anew(clone, row["base_commit"], query, gold, with_heads=with_heads)
    assert asked is not None, row["pr_number"]
    return asked


def _asked_anew(
    clone: Path, base: str, query: Query, gold: Sequence[str], *, with_heads: bool
) -> Asked | None:
    learned = learn(clone, base, with_heads=with_heads)
    index = learned.index
    found = estimate(index, learned.prior, query, len(index.changes), learned.record)
    return _scored(index, query, found, gold)


def _scored(
    index: Index, query: Query, found: Estimate, gold: Sequence[str]
) -> Asked | None:
    at = found.snapshot
    named = {index.paths[int(at.path[one])]: int(one) for one in at.candidates}
    files = np.array([named[path] for path in gold if path in named], np.int64)
    return score(index, query, found, files, len(gold)) if len(files) else None


def _edited_paths(index: Index, change: int) -> list[str]:
    first, end = (int(one) for one in index.touch_starts[change : change + 2])
    edited = index.touch_status[first:end] == ord("M")
    paths = index.touch_path[first:end][edited]
    return [index.paths[path] for path in paths.tolist()]


if __name__ == "__main__":
    main()
