"""How well files are localised in suites that `swe-features mine` made.

    swe-features mine CLONE --merged -o SUITES/FOLDER.jsonl    # for each clone
    python -m benchmarks.localizer_suites --clones DIR --suites SUITES --held-out FOLDS

A suite bears the name of its clone's folder. Asked are the newest sixty of its rows
that the first-parent chain merged, each with what was known before it. Coefficients are
those that never saw the repository, where `--held-out` has them. `benchmarks.localizer`
mines for itself and keeps what edits three `.py` or `.js` files; here, as the miner has
it, three must be changed, new ones included, and its judge has kept only what adds
something.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agent.localizer.learning import Past, read_past
from agent.localizer.prior import Prior
from agent.localizer.query import read_query
from benchmarks.localizer import (
    Asked,
    TaughtPast,
    modified_files,
    print_row,
    print_summary,
    prior_for,
    read_rows,
    score,
)

__all__ = ["ask_suite"]

_NEWEST = 60


def main() -> None:
    """Ask every suite that has a clone, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--suites", type=Path, required=True)
    parser.add_argument("--held-out", type=Path)
    options = parser.parse_args()
    results = {}
    for folder in sorted(options.clones.iterdir()):
        suite = options.suites / f"{folder.name}.jsonl"
        if not suite.is_file():
            continue
        inner = folder / "repo"
        past = read_past(inner if inner.is_dir() else folder)
        name = folder.name.replace("+", "/")
        asked = ask_suite(past, read_rows(suite), prior_for(name, options.held_out))
        if asked:
            results[name] = asked
            print_row(name, asked)
    if results:
        print_summary(results)


def ask_suite(past: Past, rows: list[dict[str, Any]], prior: Prior) -> list[Asked]:
    """Answers to the newest rows that the chain merged, oldest first.

    Args:
        past: The clone's.
        rows: As the suite has them. Any: JSON values.
        prior: What other repositories taught; moved to what is older than each row.
    """
    place = {change.commit: at for at, change in enumerate(past.changes)}
    merged = [row for row in rows if row["merge_commit"] in place]
    merged.sort(key=lambda row: place[row["merge_commit"]])
    merged = merged[-_NEWEST:]
    if not merged:
        return []
    first = place[merged[0]["merge_commit"]]
    taught = TaughtPast(past, prior, first=first)
    answers = (_ask(taught, row, place[row["merge_commit"]]) for row in merged)
    return [one for one in answers if one is not None]


def _ask(taught: TaughtPast, row: Mapping[str, Any], change: int) -> Asked | None:
    """None where no file that the row modified was there before it."""
    query = read_query(row["title"], row["body"] or "")
    past, found = taught.past, taught.estimate(query, change)
    at = found.snapshot
    paths = past.index.paths
    gold = set(modified_files(row))
    there = [one for one in at.candidates if paths[int(at.path[one])] in gold]
    if not there:
        return None
    return score(past.index, query, found, np.array(there, np.int64), len(gold))


if __name__ == "__main__":
    main()
