"""What sleeping saves, for a report: tokens at equal F1, and the cost a query."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from swe_features.report.overview import estimate_record
from swe_features.statistics.amortisation import Amortisation, amortise
from swe_features.statistics.curves import Contest
from swe_features.statistics.intervals import Estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.prices import GENERATED_ONLY, INPUT_PRICED
from swe_features.statistics.savings import Saving, save_at_equal_f1

__all__ = ["savings_record"]

BASELINE = "test-time"
SLEEPER = "sleep-time"
BASES: tuple[Literal["equal budget", "equal F1"], ...] = ("equal budget", "equal F1")


def savings_record(observations: Sequence[Observation]) -> dict[str, Any]:
    """Amortisation on every basis, and savings. Any: JSON values.

    Both lists are empty where the two arms of the paper were not run.
    """
    contest = Contest(observations, baseline=BASELINE, other=SLEEPER)
    return {
        "baseline": BASELINE,
        "sleeper": SLEEPER,
        "amortisation": [
            _amortisation(found)
            for prices in (GENERATED_ONLY, INPUT_PRICED)
            for basis in BASES
            for found in amortise(contest, basis=basis, prices=prices)
        ],
        "savings": [_saving(found) for found in save_at_equal_f1(contest)],
    }


def _amortisation(found: Amortisation) -> dict[str, Any]:
    return {
        "basis": found.basis,
        "prices": asdict(found.prices),
        "budget": found.baseline_budget,
        "waiting_factor": found.waiting_factor,
        "baseline_cost": estimate_record(found.baseline_cost),
        "sleep_cost": estimate_record(found.sleep_cost),
        "queries": [
            {
                "queries": each.queries,
                "cost": estimate_record(each.cost),
                "ratio": estimate_record(each.ratio),
            }
            for each in found.by_queries
        ],
        "break_even": _or_never(found.break_even),
        "shows": found.reading.shows,
        "doubts": list(found.reading.doubts),
    }


def _or_never(estimate: Estimate) -> dict[str, Any]:
    """`never` says what None alone would leave open: infinite, not unknown."""
    return {**estimate_record(estimate), "never": math.isinf(estimate.value)}


def _saving(found: Saving) -> dict[str, Any]:
    return {
        "budget": found.baseline_budget,
        "level": found.level,
        "baseline_spent": found.baseline_spent,
        "other_spent": found.other_spent,
        "outcome": found.outcome,
        "ratio": estimate_record(found.ratio),
        "shows": found.reading.shows,
        "doubts": list(found.reading.doubts),
    }
