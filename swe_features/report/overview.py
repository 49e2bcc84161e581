"""The numbers of a report: each arm at each budget, and arms against each other.

Every number comes from `swe_features.statistics`; here they only become JSON values.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swe_features.results import StoredExperiment
from swe_features.statistics.comparison import Comparison, Paired, compare_arms
from swe_features.statistics.intervals import Estimate
from swe_features.statistics.observations import Observation, observe
from swe_features.statistics.readings import doubts_about
from swe_features.statistics.scores import ArmScores, score_arms

__all__ = ["observe_experiment", "overview_record"]

RIVALS = (("test-time", "sleep-time"), ("no-context", "sleep-time"))
"""Pairs of arms, (baseline, other), whose difference is the claim of the paper."""
CONTROLS = ("no-context", "bm25")
MEASURES = ("f1", "precision", "recall", "exact")


def observe_experiment(experiment: StoredExperiment) -> tuple[Observation, ...]:
    """The result that counts for each planned cell, in the order of the plan."""
    found = (result for _, result in experiment.cells_with_results())
    return observe(result for result in found if result is not None)


def overview_record(
    experiment: StoredExperiment, observations: Sequence[Observation]
) -> dict[str, Any]:
    """Numbers, intervals and doubts. Any: JSON values."""
    planned: dict[tuple[str, int | None], int] = {}
    for cell in experiment.plan.cells:
        key = (cell.arm, cell.budget)
        planned[key] = planned.get(key, 0) + 1
    scores = score_arms(observations)
    arms = list(dict.fromkeys(cell.arm for cell in experiment.plan.cells))
    return {
        "arms": arms,
        "budgets": sorted({budget for _, budget in planned if budget is not None}),
        "points": [_point(s, planned.get((s.arm, s.budget), s.cells)) for s in scores],
        "comparisons": [
            _comparison(found)
            for baseline, other in _pairs_of(arms)
            for found in compare_arms(observations, baseline=baseline, other=other)
        ],
        "doubts": list(doubts_about(observations)),
        "counts": {
            "planned": len(experiment.plan.cells),
            "scored": sum(o.is_scored for o in observations),
            "broken": sum(not o.is_scored for o in observations),
        },
    }


def _pairs_of(arms: Iterable[str]) -> list[tuple[str, str]]:
    there = set(arms)
    pairs = [*RIVALS, *((control, "test-time") for control in CONTROLS)]
    return [pair for pair in pairs if there.issuperset(pair)]


def _point(scores: ArmScores, planned: int) -> dict[str, Any]:
    return {
        "arm": scores.arm,
        "budget": scores.budget,
        "planned": planned,
        "cells": scores.cells,
        "scored": scores.scored,
        "broken": dict(scores.broken),
        "instances": scores.instances,
        "all": _estimates(scores.all_cells, MEASURES),
        "valid": _estimates(scores.valid_cells, MEASURES),
        "test_tokens": _estimates(scores.test_tokens, scores.test_tokens),
        "sleep_tokens": dict(scores.sleep_tokens),
        "contexts": scores.contexts,
        "shows": scores.reading.shows,
        "doubts": list(scores.reading.doubts),
    }


def _estimates(
    estimates: Mapping[str, Estimate], names: Iterable[str]
) -> dict[str, Any]:
    return {name: estimate_record(estimates[name]) for name in names}


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """A value with the ends of its percentile interval; None where unknown."""
    interval = estimate.percentile
    return {
        "value": _finite(estimate.value),
        "low": _finite(interval.low) if interval else None,
        "high": _finite(interval.high) if interval else None,
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "baseline": found.baseline,
        "other": found.other,
        "budget": found.budget,
        "pairs": found.pairs,
        "unpaired": found.unpaired,
        "all": _paired(found.all_cells),
        "valid": _paired(found.valid_cells),
        "shows": found.reading.shows,
        "doubts": list(found.reading.doubts),
    }


def _paired(paired: Paired | None) -> dict[str, Any] | None:
    if paired is None:
        return None
    return {
        "difference": estimate_record(paired.difference),
        "p": _finite(paired.test.p),
        "p_holm": _finite(paired.p_holm),
        "wins": paired.wins,
        "ties": paired.ties,
        "losses": paired.losses,
        "smallest_detectable": _finite(paired.smallest_detectable),
    }


def _finite(value: float) -> float | None:
    """JSON has no NaN; what is not a number is unknown."""
    return float(value) if math.isfinite(value) else None
