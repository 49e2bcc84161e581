"""Logistic regression that can be read: a name and a weight for each feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Coefficients", "fit", "squash"]

Floats = NDArray[np.float64]

_MOST_STEPS = 25
_SETTLED = 1e-4
_MOST_HALVINGS = 12
_INTERCEPT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted model; features are standardised before they are weighted."""

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    weight: Floats
    intercept: float

    def probabilities(self, names: Sequence[str], rows: Floats) -> Floats:
        """Probability of each row.

        Raises:
            ValueError: The columns are not the features that were fitted.
        """
        if tuple(names) != self.names:
            msg = f"the model knows {len(self.names)} other features: train it again"
            raise ValueError(msg)
        return squash(self.standardise(rows) @ self.weight + self.intercept)

    def standardise(self, rows: Floats) -> Floats:
        """Rows as the weights expect them."""
        standard: Floats = (rows - self.mean) / self.scale
        return standard

    def as_record(self) -> dict[str, Any]:
        """JSON values: the intercept, and [mean, scale, weight] of each feature."""
        columns = zip(self.names, self.mean, self.scale, self.weight, strict=True)
        return {
            "intercept": round(self.intercept, 5),
            "features": {
                name: [round(float(value), 5) for value in values]
                for name, *values in columns
            },
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Coefficients":
        """The model that `as_record` wrote down.

        Raises:
            KeyError: Something is missing.
            ValueError: A value is no number.
        """
        features = record["features"]
        table = np.array([*features.values()], np.float64).reshape(-1, 3)
        return cls(
            names=tuple(features),
            mean=table[:, 0],
            scale=table[:, 1],
            weight=table[:, 2],
            intercept=float(record["intercept"]),
        )


def fit(
    rows: Floats,
    labels: Floats,
    weights: Floats,
    caution: float | Floats,
    start: Floats | None = None,
) -> Floats:
    """Weights, and the intercept last, by Newton's method.

    Args:
        rows: Standardised features.
        labels: 1 or 0.
        weights: How much each row counts.
        caution: Strength of the pull towards `start`, of all weights or of each.
        start: Weights and intercept to stay close to; zeros when None, and then the
            intercept is free.
    """
    width = rows.shape[1] + 1
    table = np.c_[rows, np.ones(len(rows))].astype(np.float32)
    pull = np.append(np.broadcast_to(caution, width - 1), 1e-6)
    if start is not None:
        pull[-1] = pull[:-1].max(initial=1e-6) * _INTERCEPT_SHARE
    centre = np.zeros(width) if start is None else start
    solution = centre.copy()
    cost = _cost(table, labels, weights, pull, solution, centre)
    for _ in range(_MOST_STEPS):
        expected = squash(table @ solution.astype(np.float32))
        slope = table.T @ (weights * (expected - labels)).astype(np.float32)
        gradient = slope.astype(np.float64) + pull * (solution - centre)
        spread = (weights * expected * (1 - expected)).astype(np.float32)
        curvature = ((table * spread[:, None]).T @ table).astype(np.float64)
        curvature[np.diag_indices(width)] += pull + 1e-9
        step = np.linalg.solve(curvature, gradient)
        for _ in range(_MOST_HALVINGS):
            nearer = _cost(table, labels, weights, pull, solution - step, centre)
            if nearer <= cost:
                break
            step = step / 2
        solution, cost = solution - step, nearer
        if np.abs(step).max() < _SETTLED:
            break
    return solution


def _cost(  # noqa: PLR0913, PLR0917 - all that one fit holds
    table: NDArray[np.float32],
    labels: Floats,
    weights: Floats,
    pull: Floats,
    solution: Floats,
    centre: Floats,
) -> float:
    """What fitting makes small: how surprising the labels are, and the distance."""
    score = (table @ solution.astype(np.float32)).astype(np.float64)
    surprise = np.logaddexp(0.0, score) - labels * score
    distance = pull * (solution - centre) ** 2
    return float(weights @ surprise + distance.sum() / 2)


def squash(score: NDArray[Any]) -> Floats:
    """Probabilities of logits. Any: numbers of every width."""
    limited = np.clip(score.astype(np.float64), -30.0, 30.0)
    squashed: Floats = 1.0 / (1.0 + np.exp(-limited))
    return squashed
