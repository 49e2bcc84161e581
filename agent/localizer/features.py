"""Signals made comparable between queries and repositories.

A score of BM25 means nothing by itself; that it is the best of this query, the fifth,
or half of the best does. Every signal becomes four such statements.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["FeatureTable", "fuse_ranks", "second_features", "signal_features"]

Floats = NDArray[np.float64]

_PLAIN = ("kind.", "query.", "own.", "united.cover")
_DEEPEST_RANK = 300
_FIFTH = 4


class FeatureTable:
    """Named columns, one row for each candidate."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._columns: list[Floats] = []

    def add(self, name: str, column: Floats) -> None:
        """Append one column; a name stands for one."""
        assert name not in self.names, name
        self.names.append(name)
        self._columns.append(column)

    def matrix(self) -> Floats:
        """Rows are candidates, columns are in the order of `names`."""
        return np.stack(self._columns, axis=1)


def signal_features(signals: Mapping[str, Floats]) -> FeatureTable:
    """Features of the first look."""
    table = FeatureTable()
    rows = len(next(iter(signals.values())))
    for name, score in signals.items():
        if name.startswith(_PLAIN):
            table.add(name, score)
        else:
            _add_comparisons(table, name, score)
    rate = signals["history.rate"]
    table.add("history.rate:share", rate)
    table.add("history.rate:log_share", np.log(rate + 0.02))
    table.add(
        "prior.features_fresh:log_count", np.log(signals["prior.features_fresh"] + 0.3)
    )
    table.add("content.cover:share", signals["content.cover"])
    table.add("query.files", np.full(rows, np.log1p(rows)))
    return table


def second_features(
    table: FeatureTable, first: Floats, flows: Mapping[str, Floats]
) -> FeatureTable:
    """Features of the second look: those of the first, and what flowed.

    Args:
        table: Features of the first look; takes the others too.
        first: Its probabilities.
        flows: What `propagate` made of them, and the track record.
    """
    order = np.argsort(-first, kind="stable")
    rank = np.empty(len(first))
    rank[order] = np.arange(len(first))
    table.add("first.logit", np.log((first + 1e-6) / (1 - first + 1e-6)))
    table.add("first.rank", np.log1p(rank))
    table.add("first.sum", np.full(len(first), np.log(first.sum() + 0.1)))
    best = float(first.max(initial=0.0))
    table.add("first.best", np.full(len(first), np.log(best + 1e-6)))
    for name, flow in flows.items():
        if name.startswith(_PLAIN):
            table.add(name, flow)
            continue
        table.add(f"{name}:log", np.log(flow + 0.01))
        table.add(f"{name}:ratio", flow / max(float(flow.max(initial=0.0)), 1e-9))
    return table


def _add_comparisons(table: FeatureTable, name: str, score: Floats) -> None:
    best_first = np.sort(score)[::-1]
    best = float(best_first[0]) if len(score) else 0.0
    ratio = score / best if best > 0 else np.zeros_like(score)
    rank = np.searchsorted(-best_first, -score, side="left")
    depth = np.minimum(np.log1p(rank) / np.log(_DEEPEST_RANK), 1.0)
    fifth = float(best_first[min(_FIFTH, len(score) - 1)]) if len(score) else 0.0
    table.add(f"{name}:ratio", ratio)
    table.add(f"{name}:rank", np.where(score > 0, 1 - depth, 0.0))
    table.add(f"{name}:log", np.log(ratio + 0.03))
    table.add(f"{name}:fifth", np.log((score + 1e-9) / (fifth + 1e-9)).clip(-3, 2))


def fuse_ranks(signals: Mapping[str, Floats]) -> Floats:
    """Rank fusion by hand: what was reached before anything was fitted."""
    guess = np.zeros(len(signals["content.all"]))
    for name in (
        "history.both",
        "history.feature",
        "history.rate",
        "content.all",
        "history.feedback",
        "prior.features_fresh",
    ):
        score = signals[name]
        rank = np.searchsorted(-np.sort(score)[::-1], -score, side="left")
        guess += np.where(score > 0, 1 / (rank + 6.0), 0.0)
    return guess
