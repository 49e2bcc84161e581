"""The area between two curves: mean difference in F1 at equal test-time tokens."""

from dataclasses import dataclass

from swe_features.statistics.curves import Contest, mean_gap, shared_range
from swe_features.statistics.intervals import Estimate, estimate
from swe_features.statistics.readings import Reading, show
from swe_features.statistics.resampling import Design, FloatArray

__all__ = ["Area", "compare_areas"]


@dataclass(frozen=True, slots=True)
class Area:
    """Mean difference in F1 over what both arms spend somewhere on their curves."""

    low: float
    """Least that both spend; NaN, as the others, where the curves do not overlap."""
    high: float
    difference: Estimate
    """Area between the curves by its width: `other - baseline`, in F1."""
    reading: Reading


def compare_areas(contest: Contest) -> Area | None:
    """Average the gap between two curves over what both arms spend.

    Returns:
        None where an arm has no scored cell of known tokens.
    """
    design = Design.of(contest.cells)
    curves = contest.curves(design)
    if curves is None:
        return None
    base, rival = curves

    def difference(weights: FloatArray) -> FloatArray:
        return mean_gap(base.points(weights), rival.points(weights))

    everyone = design.everyone
    ends = shared_range(base.points(everyone), rival.points(everyone))
    low, high = (float(end[0]) for end in ends)
    found = estimate(difference, design, seed=contest.seed)
    names = f"{contest.other} minus {contest.baseline}"
    if low < high:
        shows = (
            f"Between {low:,.0f} and {high:,.0f} spent, {names} is "
            f"{show(found, sign='+')} in mean F1."
        )
    else:
        low = high = float("nan")
        shows = f"{names} is unknown at equal spending: the curves do not overlap."
    return Area(low, high, found, Reading(shows, contest.doubts))
