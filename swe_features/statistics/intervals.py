"""Estimates with their intervals: percentile and BCa bootstrap.

A statistic is a function of weights: a matrix of how often each unit counts, one
row a resample, gives one value a row. So the value itself, its resamples and its
leave-one-out values all come from the same few lines.

Both intervals are widened for small samples (Hesterberg 2015, "expanded percentile"):
resampling n units underestimates their spread by (n - 1)/n, and knows no t quantile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import special, stats

from swe_features.statistics.resampling import DRAWS, Design, FloatArray

__all__ = ["LEVEL", "Estimate", "Interval", "Statistic", "estimate"]

Statistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Weights (rows x units) to values (rows); NaN where a row has no value."""

LEVEL = 0.95
ROUNDING = 1e-9
"""Of the largest resample: difference that is none, but for the last bits."""
MOST_UNDEFINED = 0.05
"""Share of resamples without a value from which on there is no interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A range for a value."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and how far it may be off by the choice of instances."""

    value: float
    """NaN where nothing was observed."""
    percentile: Interval | None
    """None, as the next one, where there are too few units, or too many resamples
    without a value."""
    bca: Interval | None
    units: int
    """How many independent things were drawn."""
    level: float = LEVEL


def estimate(
    statistic: Statistic,
    design: Design,
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """Compute a statistic and its bootstrap intervals.

    Args:
        statistic: A function of weights.
        design: What the weights weigh, and how they are drawn.
        level: Of both intervals, in (0, 1).
        draws: Resamples.
        seed: The same seed draws the same resamples.
    """
    # A curve that never reaches a level spends an infinity, and the difference or ratio
    # of two of them is NaN: unknown, which is what the lines below take it for. What is
    # held against no tokens at all is infinite, and has no interval.
    with np.errstate(invalid="ignore", divide="ignore"):
        return _estimate(statistic, design, level=level, draws=draws, seed=seed)


def _estimate(
    statistic: Statistic, design: Design, *, level: float, draws: int, seed: int
) -> Estimate:
    value = float(statistic(design.everyone)[0])
    units = design.units
    if units - design.strata < 1 or not np.isfinite(value):
        return Estimate(value, None, None, units, level)
    resampled = statistic(design.weights(draws=draws, seed=seed))
    defined = np.sort(resampled[~np.isnan(resampled)])
    if len(defined) < (1 - MOST_UNDEFINED) * draws:
        return Estimate(value, None, None, units, level)
    z = _expanded_normal_quantile(level, units, design.strata)
    percentile = _interval(defined, special.ndtr(-z), special.ndtr(z))
    bca = _bca(defined, value, statistic(design.leave_one_out()), z)
    return Estimate(value, percentile, bca, units, level)


def _expanded_normal_quantile(level: float, units: int, strata: int) -> float:
    freedom = units - strata
    student = float(stats.t.ppf((1 + level) / 2, freedom))
    return student * float(np.sqrt(units / freedom))


def _interval(ordered: FloatArray, low: float, high: float) -> Interval:
    return Interval(_quantile(ordered, low), _quantile(ordered, high))


def _quantile(ordered: FloatArray, share: float) -> float:
    place = share * (len(ordered) - 1)
    below, above = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
    if below == above:
        return float(below)
    # Infinite values (a level that is never reached) cannot be interpolated between.
    if not np.isfinite(below) or not np.isfinite(above):
        return float(ordered[round(place)])
    return float(below + (place % 1) * (above - below))


def _bca(
    ordered: FloatArray, value: float, jackknife: FloatArray, z: float
) -> Interval | None:
    """Bias-corrected and accelerated limits (Efron 1987)."""
    left_out = jackknife[np.isfinite(jackknife)]
    if len(left_out) < 2 or not np.isfinite(ordered).all():  # noqa: PLR2004
        return None
    # What differs by less is equal: sums in another order differ in their last bits.
    close = ROUNDING * float(np.abs(ordered[[0, -1]]).max())
    if ordered[-1] - ordered[0] <= close:
        return Interval(float(ordered[0]), float(ordered[-1]))
    # Ties count half: scores take few values, and a strict count would be biased.
    is_tie = np.abs(ordered - value) <= close
    below = float(np.mean((ordered < value) & ~is_tie) + np.mean(is_tie) / 2)
    if not 0 < below < 1:
        return None
    bias = float(special.ndtri(below))
    spread = left_out.mean() - left_out
    spread[np.abs(spread) <= close] = 0.0
    scale = float((spread**2).sum()) ** 1.5
    acceleration = float((spread**3).sum()) / (6 * scale) if scale > 0 else 0.0
    low, high = (
        float(special.ndtr(bias + shifted / (1 - acceleration * shifted)))
        for shifted in (bias - z, bias + z)
    )
    return _interval(ordered, low, high)
