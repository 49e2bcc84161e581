"""How well files are localised that proposals edited which were never merged.

    python -m benchmarks.localizer_unmerged --clone DIR [--rows FILE] [--branches]

Asked are the heads of pull requests (`refs/pull/<n>/head`) that the history does not
contain, each as of the commit that it forked from, its text the commit messages; once
without and once with the older heads as examples. Those that forked from the
first-parent chain look back into one past. `--branches` asks the others too, apart:
for each the index is learned anew at its commit, as it is for `--rows`, pull requests
as the SWE-Features dataset has them. What is built on another proposal is not asked:
that one, among the examples, would be a part of the answer.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.localizer.changes import Change
from agent.localizer.estimate import Estimate, estimate
from agent.localizer.examples import example_changes
from agent.localizer.git import run_git
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
    parser.add_argument("--branches", action="store_true")
    options = parser.parse_args()
    rows = read_rows(options.rows) if options.rows else []
    apart = {int(row["pr_number"]) for row in rows}
    whole = read_past(options.clone, with_heads=True)
    heads = unmerged_heads(options.clone, whole, without=apart)
    for with_heads in (False, True):
        # The heads are needed in both cases, to be asked; examples only in one.
        known = whole if with_heads else read_past(options.clone)
        name = "with past heads" if with_heads else "without past heads"
        of_chain, others = _asked_of_chain(whole, heads, known)
        proposals = [
            _asked_anew(
                options.clone,
                whole.changes[head].parent,
                _query_of(whole.changes[head]),
                _edited_paths(whole.index, head),
                with_heads=with_heads,
            )
            for head in (others if options.branches else ())
        ]
        answers = [_ask_row(options.clone, row, with_heads=with_heads) for row in rows]
        for kind, found in (
            ("unmerged", of_chain),
            ("from branches", proposals),
            ("rows", answers),
        ):
            if any(found):
                print_summary({f"{kind}, {name}": [one for one in found if one]})


def unmerged_heads(clone: Path, past: Past, *, without: set[int]) -> list[int]:
    """Changes that were proposed and never merged, oldest first, each title once.

    Args:
        clone: Where they are.
        past: With its heads.
        without: Numbers of pull requests to leave out.
    """
    heads = frozenset(change.commit for change in past.changes if change.is_head)
    titles: dict[str, int] = {}
    for one in example_changes(past.index, least_code=3, suffixes=_SUFFIXES):
        change = past.changes[one]
        if change.is_head and change.number not in without:
            titles.setdefault(change.title.lower(), one)
    return [
        one
        for one in titles.values()
        if not _is_built_on(heads, clone, past.changes[one])
    ]


def _is_built_on(heads: frozenset[str], clone: Path, change: Change) -> bool:
    own = run_git(clone, ("rev-list", change.commit, f"^{change.parent}"))
    return not heads.isdisjoint(set(own.decode().split()) - {change.commit})


def _asked_of_chain(
    whole: Past, heads: Sequence[int], known: Past
) -> tuple[list[Asked], list[int]]:
    """Answers to the heads that forked from the chain, and the heads that did not.

    Args:
        whole: The past that the heads are of.
        heads: Its changes.
        known: What is asked.
    """
    after = _places_after(known)
    taught = TaughtPast(known, shipped_prior(), first=0)
    answers, others = [], []
    for head in heads:
        change = whole.changes[head]
        if change.parent not in after:
            others.append(head)
            continue
        query = _query_of(change)
        found = taught.estimate(query, after[change.parent])
        gold = _edited_paths(whole.index, head)
        answers.append(_scored(known.index, query, found, gold))
    return [one for one in answers if one], others


def _places_after(known: Past) -> dict[str, int]:
    """Where each commit of the chain, and what its merge brought, has been told.

    Commits of branches are left out: what forked from one must not see its merge.
    """
    after: dict[str, int] = {}
    last = ""
    for place, change in enumerate(known.changes, start=1):
        if not (change.is_part or change.is_head):
            last = change.commit
        if last and not change.is_head:
            after[last] = place
    return after


def _query_of(change: Change) -> Query:
    return read_query(change.title, change.body)


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
