"""What an arm saves at equal F1: tokens the baseline needs, by tokens the arm needs."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from swe_features.statistics.curves import Contest, Curve, spend_to_reach
from swe_features.statistics.intervals import Estimate, estimate
from swe_features.statistics.readings import Reading, show
from swe_features.statistics.resampling import Design, FloatArray

__all__ = ["Saving", "save_at_equal_f1"]

Outcome: TypeAlias = Literal["reached", "reached at once", "not reached"]


@dataclass(frozen=True, slots=True)
class Saving:
    """How many times less the other arm spends to be as good as the baseline."""

    baseline_budget: int | None
    level: float
    """F1 of the baseline with that budget."""
    baseline_spent: float
    """What the baseline spends to reach it first."""
    other_spent: float | None
    """None where the other arm never reaches it."""
    outcome: Outcome
    """`reached at once`: by its smallest budget, so it may need even less."""
    ratio: Estimate
    """`baseline_spent / other_spent`; above 1 saves, 0 where it is not reached."""
    not_reached_share: float
    """Share of the resamples in which it is not reached."""
    reading: Reading


def save_at_equal_f1(contest: Contest) -> tuple[Saving, ...]:
    """What the other arm saves at the F1 of each budget of the baseline.

    Returns:
        One for each budget, ascending; none where an arm has no scored cell of known
        tokens.
    """
    design = Design.of(contest.cells)
    curves = contest.curves(design)
    if curves is None:
        return ()
    base, rival = curves
    return tuple(
        _saving(contest, base, rival, budget, design) for budget in base.budgets
    )


def _saving(
    contest: Contest, base: Curve, rival: Curve, budget: int | None, design: Design
) -> Saving:
    def both(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        level = base.level(budget, weights)
        needed = spend_to_reach(*base.points(weights), level)
        return needed, spend_to_reach(*rival.points(weights), level)

    def ratio(weights: FloatArray) -> FloatArray:
        needed, needed_by_other = both(weights)
        return needed / needed_by_other

    everyone = design.everyone
    level = float(base.level(budget, everyone)[0])
    needed, needed_by_other = (float(values[0]) for values in both(everyone))
    saving = Saving(
        baseline_budget=budget,
        level=level,
        baseline_spent=needed,
        other_spent=None if np.isinf(needed_by_other) else needed_by_other,
        outcome=_outcome(needed_by_other, float(rival.points(everyone)[0][0, 0])),
        ratio=estimate(ratio, design, seed=contest.seed),
        not_reached_share=float(
            np.mean(np.isinf(both(design.weights(seed=contest.seed))[1]))
        ),
        reading=Reading(""),
    )
    return replace(saving, reading=_read(saving, contest))


def _outcome(spent: float, least: float) -> Outcome:
    if np.isinf(spent):
        return "not reached"
    return "reached at once" if spent <= least else "reached"


def _read(saving: Saving, contest: Contest) -> Reading:
    doubts = contest.doubts
    if saving.outcome == "not reached":
        shows = (
            f"{contest.other} never reaches the F1 of {saving.level:.3f} that "
            f"{contest.baseline} has: no saving."
        )
        return Reading(shows, doubts)
    if not np.isfinite(saving.ratio.value):
        shows = (
            f"For an F1 of {saving.level:.3f}, {contest.other} spends nothing that was "
            "counted: no ratio."
        )
        return Reading(shows, doubts)
    at_least = "at least " if saving.outcome == "reached at once" else ""
    if saving.not_reached_share > 0:
        share = saving.not_reached_share
        doubts += (f"In {share:.0%} of the resamples that F1 is not reached.",)
    shows = (
        f"For an F1 of {saving.level:.3f}, {contest.baseline} spends {at_least}"
        f"{show(saving.ratio, decimals=2)} times what {contest.other} spends."
    )
    return Reading(shows, doubts)
