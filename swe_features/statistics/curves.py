"""F1 against what is spent at test time: the curve of an arm over its budgets.

A curve joins the means of an arm at its budgets by straight lines. It is a function of
the instances' weights, so whatever is read off two curves is computed on each resample
anew, and its interval knows that both curves are estimates.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from swe_features.statistics.intervals import Estimate, Statistic, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.readings import doubts_about, doubts_about_gaps
from swe_features.statistics.resampling import Design, FloatArray
from swe_features.statistics.scores import mean_statistic

__all__ = [
    "Contest",
    "Curve",
    "CurvePoint",
    "Points",
    "Spent",
    "completion_tokens",
    "draw_curve",
    "mean_gap",
    "shared_range",
    "spend_to_reach",
]

Points: TypeAlias = tuple[FloatArray, FloatArray]
"""Spent, ascending, and F1: rows x points."""

Spent: TypeAlias = Callable[[Observation], float]
"""What a cell spent at test time, in whatever unit."""


def completion_tokens(seen: Observation) -> float:
    """Generated tokens of the test phase: the paper's unit."""
    return float(seen.test_tokens.completion_tokens)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """An arm at one budget."""

    budget: int | None
    spent: Estimate
    """Mean over scored cells whose tokens are known."""
    f1: Estimate
    """Mean over all cells, broken ones as 0."""
    f1_valid: Estimate


class Curve:
    """Budgets of one arm at which its tokens are known, as functions of weights."""

    def __init__(
        self,
        observations: Iterable[Observation],
        arm: str,
        design: Design,
        *,
        spent: Spent = completion_tokens,
        is_valid_only: bool = False,
    ) -> None:
        """Take the cells of an arm.

        Args:
            observations: Cells of any arms.
            arm: The one to take.
            design: Of all instances of the analysis.
            spent: What is put against F1.
            is_valid_only: Whether broken cells are left out rather than counted as 0.
        """
        cells = [o for o in observations if o.arm == arm]
        measured = [o for o in cells if o.is_measured]
        counted = [o for o in cells if o.is_scored] if is_valid_only else cells
        self.budgets = sorted({o.budget for o in measured}, key=lambda n: n or 0)
        self._spent = [
            mean_statistic(_at(measured, budget), spent, design)
            for budget in self.budgets
        ]
        self._f1 = [
            mean_statistic(_at(counted, budget), lambda seen: seen.f1, design)
            for budget in self.budgets
        ]

    def points(self, weights: FloatArray) -> Points:
        """Spent and F1 (rows x budgets), by what is spent, ascending."""
        spent = np.stack([statistic(weights) for statistic in self._spent], axis=1)
        f1 = np.stack([statistic(weights) for statistic in self._f1], axis=1)
        order = np.argsort(spent, axis=1, kind="stable")
        return np.take_along_axis(spent, order, 1), np.take_along_axis(f1, order, 1)

    def spent(self, budget: int | None) -> Statistic:
        """What is spent at a budget."""
        return self._spent[self.budgets.index(budget)]

    def level(self, budget: int | None, weights: FloatArray) -> FloatArray:
        """F1 at a budget."""
        return self._f1[self.budgets.index(budget)](weights)


def _at(cells: Iterable[Observation], budget: int | None) -> list[Observation]:
    return [cell for cell in cells if cell.budget == budget]


def draw_curve(
    observations: Sequence[Observation],
    arm: str,
    *,
    spent: Spent = completion_tokens,
    seed: int = 0,
) -> tuple[CurvePoint, ...]:
    """The curve of an arm with its bands, budgets ascending."""
    cells = [o for o in observations if o.arm == arm]
    points = []
    for budget in sorted({o.budget for o in cells}, key=lambda n: n or 0):
        here = _at(cells, budget)
        scored = [o for o in here if o.is_scored]
        measured = [o for o in here if o.is_measured]
        design = Design.of(here)
        f1, f1_valid, mean_spent = (
            estimate(mean_statistic(over, measure, design), design, seed=seed)
            for over, measure in (
                (here, _f1),
                (scored, _f1),
                (measured, spent),
            )
        )
        points.append(CurvePoint(budget, mean_spent, f1, f1_valid))
    return tuple(points)


def _f1(seen: Observation) -> float:
    return seen.f1


@dataclass(frozen=True, slots=True)
class Contest:
    """An arm held against a baseline, on the instances that either has cells of."""

    observations: Sequence[Observation]
    """Cells of both arms, and of others, which are ignored."""
    baseline: str
    other: str
    spent: Spent = completion_tokens
    """What is put against F1; generated tokens by default."""
    is_valid_only: bool = False
    """Whether broken cells are left out rather than counted as 0."""
    seed: int = 0
    """Of the resamples."""

    @property
    def cells(self) -> list[Observation]:
        """The cells of both arms."""
        arms = {self.baseline, self.other}
        return [o for o in self.observations if o.arm in arms]

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is wrong with these cells where they are not held in pairs."""
        return (*doubts_about(self.cells), *doubts_about_gaps(self.cells))

    def curves(self, design: Design) -> tuple[Curve, Curve] | None:
        """Both curves, the baseline's first; None where one has no budget."""
        base, other = (
            Curve(
                self.observations,
                arm,
                design,
                spent=self.spent,
                is_valid_only=self.is_valid_only,
            )
            for arm in (self.baseline, self.other)
        )
        return (base, other) if base.budgets and other.budgets else None


def spend_to_reach(spent: FloatArray, f1: FloatArray, level: FloatArray) -> FloatArray:
    """What each curve has spent when it first reaches a level; infinite where never.

    Args:
        spent: Ascending, rows x points.
        f1: At those points.
        level: One for each row.

    Returns:
        One value a row. A curve that starts above the level has spent its first point.
    """
    reached = f1 >= level[:, None] - 1e-12
    first = np.argmax(reached, axis=1)
    row = np.arange(len(spent))
    before = np.maximum(first - 1, 0)
    rise = f1[row, first] - f1[row, before]
    share = np.ones_like(level)
    np.divide(level - f1[row, before], rise, out=share, where=rise > 0)
    share = np.clip(share, 0, 1)
    found = spent[row, before] + share * (spent[row, first] - spent[row, before])
    found = np.where(first == 0, spent[row, 0], found)
    return np.where(reached.any(axis=1), found, np.inf)


def shared_range(base: Points, rival: Points) -> tuple[FloatArray, FloatArray]:
    """Least and most that both curves spend; the least is larger without overlap."""
    low = np.maximum(base[0][:, 0], rival[0][:, 0])
    high = np.minimum(base[0][:, -1], rival[0][:, -1])
    return low, high


def mean_gap(base: Points, rival: Points) -> FloatArray:
    """Mean of `rival - base` where both spend, exactly; NaN where they do not."""
    low, high = shared_range(base, rival)
    # Between two neighbouring knots of either curve the difference is a straight line.
    knots = np.sort(np.concatenate([base[0], rival[0]], axis=1), axis=1)
    knots = np.clip(knots, low[:, None], np.maximum(low, high)[:, None])
    gap = _interpolate(knots, *rival) - _interpolate(knots, *base)
    trapezia: FloatArray = (gap[:, 1:] + gap[:, :-1]) / 2 * np.diff(knots, axis=1)
    area: FloatArray = trapezia.sum(axis=1)
    mean: FloatArray = np.full(len(area), np.nan)
    np.divide(area, high - low, out=mean, where=high > low)
    return mean


def _interpolate(at: FloatArray, spent: FloatArray, f1: FloatArray) -> FloatArray:
    """Values of each row's curve: rows x places."""
    last = spent.shape[1] - 1
    above = (spent[:, None, :] < at[:, :, None]).sum(axis=2).clip(0, last)
    below = np.maximum(above - 1, 0)
    x0, x1 = np.take_along_axis(spent, below, 1), np.take_along_axis(spent, above, 1)
    y0, y1 = np.take_along_axis(f1, below, 1), np.take_along_axis(f1, above, 1)
    share = np.ones_like(at)
    np.divide(at - x0, x1 - x0, out=share, where=x1 > x0)
    found: FloatArray = y0 + share.clip(0, 1) * (y1 - y0)
    return found
