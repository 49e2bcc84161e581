"""The numbers of a report: each arm at each budget, and arms against each other.

Every number comes from `swe_features.statistics`; here they only become JSON values.
What is unknown becomes None.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swe_features.cells import Cell
from swe_features.statistics.comparison import Comparison, Paired, compare_arms
from swe_features.statistics.intervals import Estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.readings import Reading
from swe_features.statistics.scores import MEASURES, ArmScores
from swe_features.statistics.summary import Summary

__all__ = ["estimate_record", "finite", "overview_record", "reading_record"]

SLEEPER = "sleep-time"
RIVALS = ("no-context", "bm25")
"""Controls that the sleeping arm is held against besides the summary's own baseline."""
ORACLE = "oracle"
"""Knows the answer: that it is better says nothing."""


def overview_record(
    summary: Summary, observations: Sequence[Observation], cells: Sequence[Cell]
) -> dict[str, Any]:
    """Numbers, intervals and doubts. Any: JSON values.

    Args:
        summary: Of the observations.
        observations: One for each cell with a result.
        cells: All that were planned.
    """
    planned: dict[tuple[str, int | None], int] = {}
    for cell in cells:
        key = (cell.arm, cell.budget)
        planned[key] = planned.get(key, 0) + 1
    clean = {(each.arm, each.budget): each for each in summary.clean}
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    return {
        "arms": arms,
        "budgets": sorted({budget for _, budget in planned if budget is not None}),
        "points": [
            _point(each, planned.get(key, each.cells), clean.get(key))
            for each in sorted(summary.arms, key=lambda each: arms.index(each.arm))
            for key in [(each.arm, each.budget)]
        ],
        "has_clean": bool(clean),
        "comparisons": [
            _comparison(each) for each in _comparisons(summary, observations)
        ],
        "doubts": list(summary.reading.doubts),
        "suspects": {
            cell_id: [
                {"kind": each.kind, "why": each.why, "command": each.command}
                for each in found
            ]
            for cell_id, found in summary.suspects.items()
        },
        "counts": {
            "planned": len(cells),
            "scored": sum(o.is_scored for o in observations),
            "broken": sum(not o.is_scored for o in observations),
        },
    }


def _comparisons(
    summary: Summary, observations: Sequence[Observation]
) -> list[Comparison]:
    """The summary's and sleeping against the controls; sleeping arms first."""
    arms = {each.arm for each in summary.arms}
    found = [
        each
        for opposition in summary.oppositions
        if opposition.other != ORACLE
        for each in opposition.comparisons
    ]
    known = {(each.baseline, each.other) for each in found}
    for rival in RIVALS:
        if {rival, SLEEPER} <= arms and (rival, SLEEPER) not in known:
            found += compare_arms(
                observations,
                baseline=rival,
                other=SLEEPER,
                suspects=summary.suspects,
                seed=summary.seed,
            )
    return sorted(found, key=lambda each: not each.other.startswith(SLEEPER))


def _point(scores: ArmScores, planned: int, clean: ArmScores | None) -> dict[str, Any]:
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
        "clean": _estimates(clean.all_cells, MEASURES) if clean else None,
        "test_tokens": _estimates(scores.test_tokens, scores.test_tokens),
        "sleep_tokens": dict(scores.sleep_tokens),
        "contexts": scores.contexts,
        **reading_record(scores.reading),
    }


def _estimates(
    estimates: Mapping[str, Estimate], names: Iterable[str]
) -> dict[str, Any]:
    return {name: estimate_record(estimates[name]) for name in names}


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """A value with the ends of its percentile interval, and of the BCa one."""
    interval, bca = estimate.percentile, estimate.bca
    return {
        "value": finite(estimate.value),
        "low": finite(interval.low) if interval else None,
        "high": finite(interval.high) if interval else None,
        "bca_low": finite(bca.low) if bca else None,
        "bca_high": finite(bca.high) if bca else None,
    }


def reading_record(reading: Reading) -> dict[str, Any]:
    """What an analysis shows, and when not to believe it."""
    return {"shows": reading.shows, "doubts": list(reading.doubts)}


def finite(value: float) -> float | None:
    """JSON has no NaN and no infinity; both are unknown to a chart."""
    return float(value) if math.isfinite(value) else None


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "baseline": found.baseline,
        "other": found.other,
        "budget": found.budget,
        "pairs": found.pairs,
        "unpaired": found.unpaired,
        "all": _paired(found.all_cells),
        "valid": _paired(found.valid_cells),
        **reading_record(found.reading),
    }


def _paired(paired: Paired | None) -> dict[str, Any] | None:
    if paired is None:
        return None
    return {
        "pairs": paired.pairs,
        "difference": estimate_record(paired.difference),
        "p": finite(paired.test.p),
        "p_holm": finite(paired.p_holm),
        "wins": paired.wins,
        "ties": paired.ties,
        "losses": paired.losses,
        "smallest_detectable": finite(paired.smallest_detectable),
    }
