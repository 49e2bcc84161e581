"""A small network that can be read: weights, and units that see features together.

A logistic regression adds features up. Whether a changelog is edited, though, hangs on
what this repository does with changelogs, and whether the eighth best score is good on
how far the ninth is behind: a few units that weigh all features at once, each silent
below a threshold, learn such pairs. What they say is added to the regression.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.localizer.logistic import squash

__all__ = ["Network"]

Floats = NDArray[np.float64]
Rows = NDArray[Any]

_FARTHEST = 4.0
"""Standardised features are cut here, so that a strange repository stays in range."""
_DIGITS = 4
"""Significant ones, of what is written down."""


@dataclass(frozen=True, slots=True)
class Network:
    """A fitted model; features are standardised before they are weighted."""

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    units: Floats
    """Weights of each feature (rows) in each unit (columns)."""
    threshold: Floats
    """Added to each unit; it speaks when the sum is above zero."""
    weight: Floats
    """Weights of the features, then of the units."""
    intercept: float

    def probabilities(self, names: Sequence[str], rows: Floats) -> Floats:
        """Probability of each row.

        Raises:
            ValueError: The columns are not the features that were fitted.
        """
        if tuple(names) != self.names:
            msg = f"the model knows {len(self.names)} other features: train it again"
            raise ValueError(msg)
        standard = self.standardise(rows)
        heard = (standard @ self.units + self.threshold).clip(0.0)
        weighed = standard @ self.weight[: len(names)]
        return squash(weighed + heard @ self.weight[len(names) :] + self.intercept)

    def standardise(self, rows: Rows) -> Floats:
        """Rows as the weights expect them. Any: numbers of every width."""
        standard: Floats = (rows - self.mean) / self.scale
        return standard.clip(-_FARTHEST, _FARTHEST)

    def as_record(self) -> dict[str, Any]:
        """JSON values: [mean, scale, weight, weight in each unit] of each feature."""
        columns = zip(
            self.names, self.mean, self.scale, self.weight, self.units, strict=False
        )
        own = self.weight[len(self.names) :]
        return {
            "intercept": round(self.intercept, 5),
            "features": {
                name: _rounded([mean, scale, weight, *units])
                for name, mean, scale, weight, units in columns
            },
            "units": [
                _rounded([*pair]) for pair in zip(self.threshold, own, strict=True)
            ],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Network":
        """The model that `as_record` wrote down.

        Raises:
            KeyError: Something is missing.
            ValueError: A value is no number, or a row has too few.
        """
        features = record["features"]
        own = np.array(record["units"], np.float64).reshape(-1, 2)
        table = np.array([*features.values()], np.float64)
        table = table.reshape(-1, 3 + len(own))
        return cls(
            names=tuple(features),
            mean=table[:, 0],
            scale=table[:, 1],
            units=table[:, 3:],
            threshold=own[:, 0],
            weight=np.concatenate([table[:, 2], own[:, 1]]),
            intercept=float(record["intercept"]),
        )


def _rounded(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
