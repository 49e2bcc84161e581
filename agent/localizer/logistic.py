"""Logistic regression that can be read: a name and a weight for each feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Coefficients", "squash"]

Floats = NDArray[np.float64]


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


def squash(score: NDArray[Any]) -> Floats:
    """Probabilities of logits. Any: numbers of every width."""
    limited = np.clip(score.astype(np.float64), -30.0, 30.0)
    squashed: Floats = 1.0 / (1.0 + np.exp(-limited))
    return squashed
