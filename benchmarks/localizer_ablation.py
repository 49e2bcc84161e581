"""What each group of the localizer's features is worth, by fitting again without it.

    python -m benchmarks.localizer --clones DIR --ablation

Every line is a network fitted anew: without one group, or with it alone. To be
affordable it has one look (nothing flows from likely files), learns from the newest
changes of each repository only, and is not refitted to the repository that is asked. A
repository's fold is never among what its network learned from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.localizer.examples import edited_files, newest_pulls
from agent.localizer.features import signal_features
from agent.localizer.learning import Past
from agent.localizer.network import Network
from agent.localizer.query import read_query
from agent.localizer.set_size import SetPreference, choose_size
from agent.localizer.signals import measure
from agent.localizer.teaching import teach
from benchmarks.localizer_training import FOLDS, Example, collect, stacked

__all__ = ["ablate"]

Floats = NDArray[np.float64]

_GROUPS = (
    ("content", ("content.",)),
    ("definitions", ("definition.",)),
    ("paths", ("path.",)),
    ("united fields", ("united.",)),
    ("history", ("history.",)),
    ("priors", ("prior.",)),
    ("kinds", ("kind.",)),
    ("folders", ("folder.",)),
    ("the query", ("query.",)),
)
_NEWEST = 100
_SUITE_SIZE = 60
_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class _Question:
    rows: NDArray[np.float32]
    hits: NDArray[np.bool_]
    total: int


def ablate(learned: Mapping[str, Past], suffixes: tuple[str, ...]) -> None:
    """Print a table: F1 of all groups, without each, and of each alone.

    Args:
        learned: Pasts of repositories by their names.
        suffixes: A query edits three files that end so.
    """
    examples = {name: collect(past, newest=_NEWEST) for name, past in learned.items()}
    asked = {name: _questions(past, suffixes) for name, past in learned.items()}
    any_past = next(iter(learned.values()))
    names = _feature_names(any_past)
    whole = _scores(names, [*range(len(names))], examples, asked)
    print(f"  all groups        {_mean(whole):.3f}", flush=True)
    for group, beginnings in _GROUPS:
        inside = [at for at, name in enumerate(names) if name.startswith(beginnings)]
        outside = [at for at in range(len(names)) if at not in set(inside)]
        for word, columns in (("without", outside), ("only", inside)):
            found = _scores(names, columns, examples, asked)
            low, high = _difference(whole, found)
            print(
                f"  {word:8s}{group:12s}{_mean(found):.3f}"
                f" {_mean(found) - _mean(whole):+.3f} [{low:+.3f}, {high:+.3f}]",
                flush=True,
            )


def _feature_names(past: Past) -> list[str]:
    text = past.changes[-1]
    query = read_query(text.title, text.body)
    return signal_features(measure(past.index, query, len(past.changes)).signals).names


def _questions(past: Past, suffixes: tuple[str, ...]) -> list[_Question]:
    index = past.index
    questions = []
    for change in newest_pulls(index, _SUITE_SIZE, suffixes=suffixes):
        text = past.changes[change]
        found = measure(index, read_query(text.title, text.body), change)
        gold = edited_files(index, change)
        rows = signal_features(found.signals).matrix().astype(np.float32)
        hits = np.isin(found.snapshot.candidates, gold)
        questions.append(_Question(rows, hits, len(gold)))
    return questions


def _scores(
    names: Sequence[str],
    columns: Sequence[int],
    examples: Mapping[str, Sequence[Example]],
    asked: Mapping[str, Sequence[_Question]],
) -> dict[str, Floats]:
    """F1 of each repository's questions, by networks that see some columns only."""
    kept = tuple(names[at] for at in columns)
    scores = {}
    for fold in FOLDS:
        seen = [one for name in examples if name not in fold for one in examples[name]]
        rows, labels, weights = stacked([one.first for one in seen], seen)
        network = teach(kept, rows[:, columns], labels, weights)
        for name in (name for name in fold if name in asked):
            each = [_f1(network, kept, columns, one) for one in asked[name]]
            scores[name] = np.array(each)
    return scores


def _f1(
    network: Network, names: Sequence[str], columns: Sequence[int], asked: _Question
) -> float:
    rows = asked.rows[:, columns].astype(np.float64)
    chance = network.probabilities(names, rows)
    order = np.argsort(-chance, kind="stable")
    size = choose_size(chance[order], SetPreference())
    return float(2 * asked.hits[order][:size].sum() / (size + asked.total))


def _mean(scores: Mapping[str, Floats]) -> float:
    return float(np.mean([one.mean() for one in scores.values()]))


def _difference(
    whole: Mapping[str, Floats], part: Mapping[str, Floats]
) -> tuple[float, float]:
    """95 % interval of the paired difference, over resampled queries."""
    generator = np.random.default_rng(0)
    means = []
    for name, scores in part.items():
        less = scores - whole[name]
        drawn = generator.integers(0, len(less), (_RESAMPLES, len(less)))
        means.append(less[drawn].mean(1))
    low, high = np.percentile(np.mean(means, axis=0), [2.5, 97.5])
    return float(low), float(high)
