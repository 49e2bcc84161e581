"""The further analyses of a report: what sleeping saves, and what it depends on.

As JSON values for the page: amortisation, tokens at equal F1, the area between curves,
predictability, pass@k at equal tokens, and scaling by the number of contexts.
"""

import math
from dataclasses import asdict
from typing import Any

from swe_features.report.overview import (
    SLEEPER,
    estimate_record,
    finite,
    reading_record,
)
from swe_features.statistics.amortisation import Amortisation
from swe_features.statistics.predictability import Predictability
from swe_features.statistics.sampling import AtEqualTokens, PassAtK
from swe_features.statistics.savings import Saving
from swe_features.statistics.scaling import Scaling
from swe_features.statistics.summary import Opposition, Summary

__all__ = ["analyses_record"]

SLEEPERS = (SLEEPER, "sleep-text")
"""How the names begin of the arms that sleep over the related pull requests."""


def analyses_record(summary: Summary) -> dict[str, Any]:
    """Every analysis of an arm that sleeps. Any: JSON values."""
    sleeping = [o for o in summary.oppositions if o.other.startswith(SLEEPERS)]
    # The page and the figures begin with the first, whichever cell was done first.
    sleeping.sort(key=lambda o: (o.other != SLEEPER, len(o.other), o.other))
    return {
        "likelihood_model": summary.likelihood_model,
        "sleepers": [_opposition(found) for found in sleeping],
        "scaling": [_scaling(found) for found in summary.scaling],
    }


def _opposition(found: Opposition) -> dict[str, Any]:
    area = found.area
    return {
        "baseline": found.baseline,
        "arm": found.other,
        "amortisation": [_amortisation(each) for each in found.amortisations],
        "savings": [_saving(each) for each in found.savings],
        "area": area
        and {
            "low": finite(area.low),
            "high": finite(area.high),
            "difference": estimate_record(area.difference),
            **reading_record(area.reading),
        },
        "predictability": [_predictability(each) for each in found.predictability],
        "passes": [_pass_at_k(each) for each in found.passes],
        "at_equal_tokens": [_at_equal_tokens(each) for each in found.at_equal_tokens],
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
        "break_even": estimate_record(found.break_even),
        "never_pays": math.isinf(found.break_even.value),
        **reading_record(found.reading),
    }


def _saving(found: Saving) -> dict[str, Any]:
    return {
        "budget": found.baseline_budget,
        "level": finite(found.level),
        "baseline_spent": finite(found.baseline_spent),
        "other_spent": found.other_spent,
        "outcome": found.outcome,
        "not_reached_share": finite(found.not_reached_share),
        "ratio": estimate_record(found.ratio),
        **reading_record(found.reading),
    }


def _predictability(found: Predictability) -> dict[str, Any]:
    return {
        "budget": found.budget,
        "trend": estimate_record(found.trend),
        "p": finite(found.p),
        "bins": [
            {
                "instances": len(each.instances),
                "least": finite(each.least),
                "most": finite(each.most),
                "baseline_f1": finite(each.baseline_f1),
                "other_f1": finite(each.other_f1),
                "gain": estimate_record(each.gain),
            }
            for each in found.bins
        ],
        **reading_record(found.reading),
    }


def _pass_at_k(found: PassAtK) -> dict[str, Any]:
    return {
        "k": found.k,
        "spent": estimate_record(found.spent),
        "f1": estimate_record(found.f1),
    }


def _at_equal_tokens(found: AtEqualTokens) -> dict[str, Any]:
    return {
        "budget": found.other_budget,
        "k": finite(found.k),
        "difference": estimate_record(found.difference),
        **reading_record(found.reading),
    }


def _scaling(found: Scaling) -> dict[str, Any]:
    return {
        "budget": found.budget,
        "slope": estimate_record(found.slope),
        "points": [
            {
                "k": each.k,
                "arm": each.arm,
                "f1": estimate_record(each.f1),
                "sleep_tokens": estimate_record(each.sleep_tokens),
                "test_tokens": estimate_record(each.test_tokens),
            }
            for each in found.points
        ],
        **reading_record(found.reading),
    }
