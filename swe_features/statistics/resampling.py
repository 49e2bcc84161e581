"""Resampling: which cells are drawn together, and how often each of them is drawn.

Cells of one instance are not independent, nor are instances of one repository. Where
there are many repositories, whole repositories are drawn, with everything in them. With
a few, that has no meaning (of two there are three different draws), so instances are
drawn within each repository, and the interval then speaks of other instances of these
repositories, not of other repositories.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from swe_features.statistics.observations import Observation

__all__ = ["DRAWS", "Design", "FloatArray", "Unit"]

FloatArray: TypeAlias = NDArray[np.float64]
Unit: TypeAlias = Literal["instance", "repository"]

DRAWS = 2_000
"""Resamples: the Monte-Carlo error of a 95% limit is then about 1/20 of the width."""

FEWEST_REPOSITORIES = 10
"""From here on repositories are drawn; below, the number of clusters is too small for
an interval of theirs to have its coverage (docs/statistics.md has the simulation)."""

MOST_LEFT_OUT = 500
"""Values that a jackknife needs at most: it only tells how skewed a statistic is."""

FEWEST_INSIDE = 5
"""Instances that each repository needs for draws within it; below, all are pooled."""


@dataclass(frozen=True, slots=True)
class Design:
    """How the instances of one analysis are drawn."""

    instances: tuple[str, ...]
    """In alphabetical order."""
    repos: tuple[str, ...]
    """Of each instance."""
    unit: Unit

    @classmethod
    def of(
        cls, observations: Iterable[Observation], *, unit: Unit | None = None
    ) -> Self:
        """The design of some observations.

        Args:
            observations: Each instance counts once, however many cells it has.
            unit: What is drawn; None decides by the number of repositories.
        """
        repo_of = {o.instance_id: o.repo for o in observations}
        instances = tuple(sorted(repo_of))
        repos = tuple(repo_of[name] for name in instances)
        if unit is None:
            many = len(set(repos)) >= FEWEST_REPOSITORIES
            unit = "repository" if many else "instance"
        return cls(instances, repos, unit)

    @property
    def units(self) -> int:
        """How many independent things there are to draw."""
        return len(set(self._labels))

    @property
    def strata(self) -> int:
        """Groups that keep their size in each draw."""
        return len(set(self._strata))

    @property
    def everyone(self) -> FloatArray:
        """One row of weights that counts each unit once: the sample itself."""
        return np.ones((1, self.units))

    def weights(self, *, draws: int = DRAWS, seed: int = 0) -> FloatArray:
        """How often each unit is in each resample: draws x units."""
        return _draw(self, draws, seed)

    def leave_one_out(self) -> FloatArray:
        """Weights that leave out one unit each: units x units.

        Of many units, equal groups of them are left out instead.
        """
        return _leave_out(self)

    def add_up(self, amounts: Iterable[tuple[str, float]]) -> FloatArray:
        """Sums of what belongs to each unit, from pairs of an instance and an amount.

        All that a mean needs to know of a unit: so resampling costs as much as there
        are units, however many cells they have.
        """
        unit_of = _places(self)
        sums = np.zeros(self.units)
        for instance, amount in amounts:
            sums[unit_of[instance]] += amount
        return sums

    def of_instances(self, weights: FloatArray) -> FloatArray:
        """Weights of units as weights of instances, in the order of `instances`."""
        return weights[:, _codes(self._labels)]

    @property
    def _labels(self) -> tuple[str, ...]:
        """The unit of each instance."""
        return self.repos if self.unit == "repository" else self.instances

    @property
    def _strata(self) -> tuple[str, ...]:
        """The stratum of each instance."""
        smallest = min(Counter(self.repos).values(), default=0)
        if self.unit == "repository" or smallest < FEWEST_INSIDE:
            return ("all",) * len(self.repos)
        return self.repos


# Analyses of one experiment share a design: equal draws, so their intervals agree.
@lru_cache(maxsize=4)
def _draw(design: Design, draws: int, seed: int) -> FloatArray:
    random = np.random.default_rng(seed)
    unit_of, stratum_of = _codes(design._labels), _codes(design._strata)
    weights = np.empty((draws, design.units))
    for stratum in range(design.strata):
        inside = np.unique(unit_of[stratum_of == stratum])
        weights[:, inside] = _multinomial(random, len(inside), draws)
    weights.setflags(write=False)
    return weights


@lru_cache(maxsize=4)
def _places(design: Design) -> dict[str, int]:
    """The unit of each instance, by its place."""
    return dict(zip(design.instances, _codes(design._labels).tolist(), strict=True))


@lru_cache(maxsize=4)
def _leave_out(design: Design) -> FloatArray:
    groups = min(design.units, MOST_LEFT_OUT)
    group_of = np.arange(design.units) % groups
    kept: NDArray[np.bool] = group_of != np.arange(groups)[:, None]
    weights = kept.astype(np.float64)
    weights.setflags(write=False)
    return weights


def _codes(labels: tuple[str, ...]) -> NDArray[np.intp]:
    """Labels as numbers from 0, in alphabetical order."""
    codes: NDArray[np.intp] = np.unique(labels, return_inverse=True)[1]
    return codes


def _multinomial(random: np.random.Generator, size: int, draws: int) -> FloatArray:
    """How often each of `size` things comes up in `size` draws, `draws` times."""
    drawn = random.integers(0, size, (draws, size))
    drawn += np.arange(draws)[:, None] * size
    counts = np.bincount(drawn.ravel(), minlength=draws * size)
    return counts.reshape(draws, size).astype(np.float64)
