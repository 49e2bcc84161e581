"""How well files are localised without a language model, and what else was tried.

    python -m benchmarks.localizer --clones DIR [--held-out DIR] [--json FILE]
        [--only NAME ...] [--suffixes .py .js ...] [--picture FILE]

For every clone in DIR a suite of its newest pull requests is mined: each is asked with
what was known before it, and scored by the files it modified. The index is learned once
for each clone and looked back into, which equals learning it anew at each base commit
(a test says so). Coefficients that never saw a repository are read from `--held-out`,
as `benchmarks.localizer_training` wrote them; for others the shipped ones are used.

`benchmarks.localizer_unmerged` asks what was never merged instead.
"""

import argparse
import json
import resource
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.localizer.estimate import Estimate, estimate
from agent.localizer.examples import (
    PULL_SUFFIXES,
    edited_files,
    example_changes,
    newest_pulls,
)
from agent.localizer.features import fuse_ranks
from agent.localizer.index import Index
from agent.localizer.learning import Past, read_past
from agent.localizer.practice import REFIT_AFTER, practise
from agent.localizer.prior import Prior, read_prior, shipped_prior
from agent.localizer.propagation import propagate
from agent.localizer.query import Query, read_query
from agent.localizer.set_size import SetPreference, choose_size
from agent.localizer.track_record import MOST_REMEMBERED
from benchmarks.localizer_ablation import ablate
from benchmarks.localizer_reliability import Bin, reliability

Floats = NDArray[np.float64]

_TOP = 5
_SUITE_SIZE = 60
_RESAMPLES = 2_000
_AT_LEAST_THREE = SetPreference(min_files=3)
_DEPTHS = (20, 50)
_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of a suite, answered by everybody."""

    scores: Mapping[str, float]
    """F1 by method, and shares such as recall at a depth."""
    chances: Floats
    """Probabilities of all candidates."""
    hits: NDArray[np.bool_]
    """Which of them were edited."""


def main() -> None:
    """Evaluate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clones", type=Path, required=True)
    parser.add_argument("--only", nargs="*", help="Names of clones, by their end.")
    parser.add_argument(
        "--suffixes", nargs="*", default=PULL_SUFFIXES, help="A query edits three such."
    )
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--picture",
        type=Path,
        help="Draw it here (png, svg, pdf); asks about changes of any kind too.",
    )
    parser.add_argument("--ablation", action="store_true")
    options = parser.parse_args()
    pasts: dict[str, Past] = {}
    results: dict[str, list[Asked]] = {}
    others: dict[str, list[Asked]] = {}
    for name, past in _pasts(options.clones, options.only):
        if options.ablation:
            pasts[name.rpartition("/")[2]] = past
            continue
        suite = newest_pulls(past.index, _SUITE_SIZE, suffixes=tuple(options.suffixes))
        prior = prior_for(name, options.held_out)
        asked = evaluate(name, past, prior, suite)
        if asked:
            results[name] = asked
            print_row(name, asked)
        if asked and options.picture:
            anything = example_changes(past.index, with_upkeep=True)[-_SUITE_SIZE:]
            others[name] = evaluate(name, past, prior, anything)
    if pasts:
        ablate(pasts, tuple(options.suffixes))
    if results:
        print_summary(results)
    if options.picture and results:
        print("\nof changes of any kind that edit two files of code:")
        _print_reliability(others)
        _draw(options.picture, results, others)
    if options.json:
        options.json.write_text(json.dumps(_as_record(results), indent=1))


def _pasts(clones: Path, only: Sequence[str] | None) -> Iterator[tuple[str, Past]]:
    """Every clone in a folder, or those whose names end so, by name."""
    for folder in sorted(clones.iterdir()):
        inner = folder / "repo"
        name = folder.name.replace("+", "/")
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        if not only or name.endswith(tuple(only)):
            yield name, read_past(inner if inner.is_dir() else folder)


def evaluate(name: str, past: Past, prior: Prior, suite: Sequence[int]) -> list[Asked]:
    """Ask a repository's suite, changes by their numbers, oldest first."""
    if not suite:
        return []
    started_s = time.perf_counter()
    taught = TaughtPast(past, prior, first=suite[0])
    fitted_s = time.perf_counter()
    asked = [_ask(taught, change) for change in suite]
    asked_s = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"  {name}: {len(past.changes)} changes; practice"
        f" {fitted_s - started_s:.1f} s, {1000 * (asked_s - fitted_s) / len(suite):.0f}"
        f" ms a query with all its baselines, {peak} MB at most so far",
        flush=True,
    )
    return asked


class TaughtPast:
    """A past that can be asked as of any of its changes, taught by what is older.

    Examples are practised once, in order of time; the weights are fitted again once ten
    more of them are older than the question, as an index that grows does it.
    """

    def __init__(self, past: Past, prior: Prior, *, first: int) -> None:
        self.past = past
        self._prior = prior
        before = [
            one for one in example_changes(past.index, with_upkeep=True) if one < first
        ]
        start = before[-MOST_REMEMBERED] if len(before) >= MOST_REMEMBERED else 0
        self._practice = practise(past.index, past.changes, prior, first=start)
        self._examples = [one.change for one in self._practice.rows]
        self._fitted: dict[int, Prior] = {}

    def estimate(self, query: Query, change: int) -> Estimate:
        """Estimate with what was known before a change."""
        known = bisect_left(self._examples, change) // REFIT_AFTER * REFIT_AFTER
        if known not in self._fitted:
            border = self._examples[known] if known < len(self._examples) else None
            self._fitted[known] = self._practice.fitted(self._prior, before=border)
        prior, record = self._fitted[known], self._practice.record
        return estimate(self.past.index, prior, query, change, record)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a file with one on each line. Any: JSON values."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def modified_files(row: Mapping[str, Any]) -> list[str]:
    """The gold files of a row. Any: JSON values."""
    files = row["changed_files"]
    return [one["filename"] for one in files if one["status"] == "modified"]


def _ask(taught: TaughtPast, change: int) -> Asked:
    index, text = taught.past.index, taught.past.changes[change]
    query = read_query(text.title, text.body)
    found = taught.estimate(query, change)
    gold = edited_files(index, change)
    return score(index, query, found, gold, len(gold))


def score(
    index: Index, query: Query, found: Estimate, gold: NDArray[np.int64], total: int
) -> Asked:
    """Score an estimate, and what others would have named, by the gold candidates."""
    hits = np.isin(found.snapshot.candidates, gold)
    order = np.argsort(-found.probability, kind="stable")
    ranked, hit = found.probability[order], hits[order]
    every = _f1_of_prefixes(hit, total)
    chosen = choose_size(ranked, SetPreference())
    every_precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    scores = {
        "localizer": float(every[chosen - 1]),
        "min_files=3": float(every[choose_size(ranked, _AT_LEAST_THREE) - 1]),
        "precision": float(hit[:chosen].mean()),
        "recall": float(hit[:chosen].sum() / total),
        "files": float(chosen),
        "top 5": float(every[min(_TOP, len(every)) - 1]),
        "gold k": float(every[min(total, len(every)) - 1]),
        "best k": float(every.max()),
        "hit@1": float(hit[0]),
        "hit@5": float(hit[:_TOP].any()),
        "average precision": float((every_precision * hit).sum() / total),
        "gold": float(total),
    }
    for depth in _DEPTHS:
        scores[f"recall@{depth}"] = float(hit[:depth].sum() / total)
    for name, score in _baselines(index, query, found).items():
        first = hits[np.argsort(-score, kind="stable")]
        prefixes = _f1_of_prefixes(first, total)
        scores[name] = float(prefixes[min(_TOP, len(prefixes)) - 1])
    return Asked(scores, found.probability, hits)


def _baselines(index: Index, query: Query, found: Estimate) -> dict[str, Floats]:
    """Scores of the candidates by what others would do; each names its first five."""
    signals = found.signals
    words = signals["content.all"]
    seeds = np.zeros(len(words))
    seeds[np.argsort(-words, kind="stable")[:_SEEDS]] = 1.0
    moved = propagate(index, found.snapshot, seeds)["graph.cochange"]
    return {
        "BM25": words,
        "TF-IDF": _tf_idf(index, query, found),
        "message kNN": signals["history.message"],
        "most changed": signals["prior.edits"],
        "co-change": moved + seeds * words / max(float(words.max()), 1e-9),
        "rank fusion": fuse_ranks(signals),
    }


def _tf_idf(index: Index, query: Query, found: Estimate) -> Floats:
    at = found.snapshot
    terms = [term for term in query.terms if term in index.term_number]
    numbers = [index.term_number[term] for term in terms]
    entries = index.postings["content"].gather(numbers, at.touch)
    change = np.where(
        index.main_touch[entries.place], entries.plus - entries.minus, 0.0
    )
    counts = np.bincount(
        entries.row * index.files + index.touch_file[entries.place],
        change,
        minlength=len(terms) * index.files,
    ).reshape(len(terms), index.files)[:, at.candidates]
    counts = counts.clip(0)
    rare = np.log((1 + len(at.candidates)) / (1 + (counts > 0).sum(1))) + 1
    weight = np.array([query.terms[term] for term in terms])
    length = np.sqrt(at.length[at.candidates] + 1.0)
    scores: Floats = (weight * rare**2) @ np.log1p(counts) / length
    return scores


def _f1_of_prefixes(hit: NDArray[np.bool_], total: int) -> Floats:
    scores: Floats = 2 * np.cumsum(hit) / (np.arange(1, len(hit) + 1) + total)
    return scores


def prior_for(name: str, folder: Path | None) -> Prior:
    """What never saw a repository, where a folder has it; else what is shipped."""
    path = folder / f"{name.rpartition('/')[2]}.json" if folder else None
    if path is None or not path.is_file():
        return shipped_prior()
    return read_prior(json.loads(path.read_text(encoding="utf-8")))


def print_row(name: str, asked: Sequence[Asked]) -> None:
    """One repository's means."""
    numbers = "  ".join(f"{key} {_mean(asked, key):.3f}" for key in asked[0].scores)
    print(f"{name} ({len(asked)}): {numbers}", flush=True)


def print_summary(results: Mapping[str, Sequence[Asked]]) -> None:
    """Means of the repositories' means, intervals, differences, reliability."""
    names = list(next(iter(results.values()))[0].scores)
    count = sum(len(asked) for asked in results.values())
    print(f"\nmean of {len(results)} repositories, {count} queries, 95 % bootstrap:")
    for name in names:
        mean, low, high = _interval(results, name)
        print(f"  {name:14s} {mean:.3f} [{low:.3f}, {high:.3f}]")
    for other in ("BM25", "message kNN", "rank fusion"):
        mean, low, high = _interval(results, "localizer", minus=other)
        print(f"  localizer - {other}: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")
    print(f"  recall@50 over all gold files: {_pooled_recall(results):.3f}")
    _print_reliability(results)


def _interval(
    results: Mapping[str, Sequence[Asked]], name: str, *, minus: str | None = None
) -> tuple[float, float, float]:
    """Mean over repositories, with the interval of resampled queries."""
    generator = np.random.default_rng(0)
    columns = [
        np.array([one.scores[name] - one.scores.get(minus or "", 0.0) for one in asked])
        for asked in results.values()
    ]
    means = np.mean(
        [
            column[generator.integers(0, len(column), (_RESAMPLES, len(column)))].mean(
                1
            )
            for column in columns
        ],
        axis=0,
    )
    low, high = np.percentile(means, [2.5, 97.5])
    return float(np.mean([c.mean() for c in columns])), float(low), float(high)


def _print_reliability(results: Mapping[str, Sequence[Asked]]) -> None:
    print("  probability   files   expected  edited")
    for one in _reliability(results):
        print(
            f"  {one.low:.2f} - {one.high:.2f}  {one.files:7d}   {one.expected:.3f}"
            f"     {one.edited:.3f}"
        )


def _reliability(results: Mapping[str, Sequence[Asked]]) -> list[Bin]:
    every = [one for asked in results.values() for one in asked]
    return reliability([one.chances for one in every], [one.hits for one in every])


def _draw(
    path: Path,
    results: Mapping[str, Sequence[Asked]],
    others: Mapping[str, Sequence[Asked]],
) -> None:
    from benchmarks.localizer_picture import Row, draw  # noqa: PLC0415 - an extra

    rows = [
        Row(
            name=name.rpartition("/")[2],
            queries=len(asked),
            means={key: _mean(asked, key) for key in asked[0].scores},
            interval=_interval({name: asked}, "localizer")[1:],
        )
        for name, asked in results.items()
    ]
    draw(path, rows, asked=_reliability(results), anything=_reliability(others))


def _mean(asked: Sequence[Asked], name: str) -> float:
    return float(np.mean([one.scores[name] for one in asked]))


def _pooled_recall(results: Mapping[str, Sequence[Asked]]) -> float:
    every = [one.scores for asked in results.values() for one in asked]
    found = sum(one["recall@50"] * one["gold"] for one in every)
    return found / sum(one["gold"] for one in every)


def _as_record(results: Mapping[str, Sequence[Asked]]) -> dict[str, object]:
    return {
        name: {key: _mean(asked, key) for key in asked[0].scores} | {"n": len(asked)}
        for name, asked in results.items()
    }


if __name__ == "__main__":
    main()
