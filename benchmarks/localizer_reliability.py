"""Whether probabilities come true: how many files of each were edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bin", "reliability"]

_EDGES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Files whose probability is in one range."""

    low: float
    high: float
    files: int
    expected: float
    """Their mean probability."""
    edited: float
    """The share of them that was edited."""


def reliability(
    chances: Sequence[NDArray[np.float64]], hits: Sequence[NDArray[np.bool_]]
) -> list[Bin]:
    """Ranges of probability that any file is in, the lowest first.

    Args:
        chances: Probabilities of all candidates, of each query.
        hits: Which of them were edited.
    """
    chance, hit = np.concatenate(chances), np.concatenate(hits)
    found = []
    for low, high in pairwise(_EDGES):
        inside = (chance >= low) & ((chance < high) | (high == _EDGES[-1]))
        if inside.any():
            shares = float(chance[inside].mean()), float(hit[inside].mean())
            found.append(Bin(low, high, int(inside.sum()), *shares))
    return found
