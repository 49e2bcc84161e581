"""More sleeping: F1 by the number k of learned contexts that a rollout is handed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from swe_features.statistics.comparison import Comparison, compare_arms
from swe_features.statistics.intervals import Estimate, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.readings import (
    Reading,
    doubts_about,
    doubts_about_gaps,
    show,
)
from swe_features.statistics.resampling import Design, FloatArray
from swe_features.statistics.scores import mean_statistic

__all__ = ["Scaling", "ScalingPoint", "scale_sleep"]


@dataclass(frozen=True, slots=True)
class ScalingPoint:
    """One k."""

    k: int
    arm: str
    f1: Estimate
    """Mean over all cells, broken ones as 0."""
    sleep_tokens: Estimate
    """Generated in all sleep phases of a cell."""
    test_tokens: Estimate


@dataclass(frozen=True, slots=True)
class Scaling:
    """F1 over k at one budget."""

    budget: int | None
    points: tuple[ScalingPoint, ...]
    slope: Estimate
    """F1 gained by each doubling of k, by least squares."""
    most_against_least: Comparison | None
    """The largest k against the smallest, in pairs."""
    reading: Reading


def scale_sleep(
    observations: Sequence[Observation],
    arms: Mapping[str, int],
    *,
    budget: int | None,
    seed: int = 0,
) -> Scaling | None:
    """Follow F1 over k at one budget.

    Args:
        observations: Cells of these arms, and of others, which are ignored.
        arms: How many learned contexts each arm is handed, by its name.
        budget: Of the test phase.
        seed: Of the resamples.

    Returns:
        None where fewer than two of the arms have a scored cell.
    """
    cells = [o for o in observations if o.arm in arms and o.budget == budget]
    design = Design.of(cells)
    there = {o.arm for o in cells if o.is_scored}
    ordered = sorted(there, key=lambda arm: arms[arm])
    if len({arms[arm] for arm in ordered}) < 2:  # noqa: PLR2004  # no line through one
        return None
    means = {
        arm: mean_statistic([o for o in cells if o.arm == arm], _f1, design)
        for arm in ordered
    }
    doublings = np.log2([arms[arm] for arm in ordered])
    pull = (doublings - doublings.mean()) / ((doublings - doublings.mean()) ** 2).sum()

    def slope(weights: FloatArray) -> FloatArray:
        f1 = np.stack([means[arm](weights) for arm in ordered], axis=1)
        gained: FloatArray = f1 @ pull
        return gained

    found = estimate(slope, design, seed=seed)
    compared = compare_arms(cells, baseline=ordered[0], other=ordered[-1], seed=seed)
    return Scaling(
        budget=budget,
        points=tuple(_point(cells, arm, arms[arm], seed) for arm in ordered),
        slope=found,
        most_against_least=compared[0] if compared else None,
        reading=Reading(
            f"Each doubling of the learned contexts, from {arms[ordered[0]]} to "
            f"{arms[ordered[-1]]}, changes F1 by {show(found, sign='+')}.",
            (*doubts_about(cells), *doubts_about_gaps(cells)),
        ),
    )


def _point(cells: Sequence[Observation], arm: str, k: int, seed: int) -> ScalingPoint:
    here = [o for o in cells if o.arm == arm]
    slept = [o for o in here if o.is_scored and o.measured_sleep]
    measured = [o for o in here if o.is_measured]
    design = Design.of(here)
    f1, sleep, test = (
        estimate(mean_statistic(over, measure, design), design, seed=seed)
        for over, measure in ((here, _f1), (slept, _slept), (measured, _tested))
    )
    return ScalingPoint(k, arm, f1, sleep, test)


def _f1(seen: Observation) -> float:
    return seen.f1


def _slept(seen: Observation) -> float:
    return float(seen.measured_sleep.completion_tokens) if seen.measured_sleep else 0.0


def _tested(seen: Observation) -> float:
    return float(seen.test_tokens.completion_tokens)
