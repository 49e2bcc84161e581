"""Scores of one arm at one budget: means over its cells, always by two denominators.

*All* counts a broken cell as 0: what a user got. *Valid* leaves it out: what the agent
can do where nothing broke. They differ exactly where cells broke.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from swe_features.statistics.intervals import Estimate, Statistic, estimate
from swe_features.statistics.observations import Observation, select
from swe_features.statistics.readings import Reading, doubts_about, show
from swe_features.statistics.resampling import Design, FloatArray

__all__ = [
    "MEASURES",
    "TOKEN_KINDS",
    "ArmScores",
    "hit_at",
    "mean_statistic",
    "recall_at",
    "score_arms",
    "sleep_token_means",
]

CUT_OFFS = (1, 3, 5, 10)
TOKEN_KINDS = (
    "prompt_tokens",
    "cached_prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
)

Measure: TypeAlias = Callable[[Observation], float]


@dataclass(frozen=True, slots=True)
class ArmScores:
    """One arm at one budget."""

    arm: str
    budget: int | None
    cells: int
    scored: int
    broken: Mapping[str, int]
    """Cells by the boundary that broke."""
    instances: int
    all_cells: Mapping[str, Estimate]
    """By measure: `f1`, `precision`, `recall`, `exact`, `recall@k`, `hit@k`."""
    valid_cells: Mapping[str, Estimate]
    test_tokens: Mapping[str, Estimate]
    """Mean over scored cells whose tokens are known, by kind."""
    sleep_tokens: Mapping[str, float]
    """Of all that a cell is handed, by kind; what several cells share counts once.

    Empty where nobody slept, or the tokens of no sleep are known.
    """
    contexts: int
    """Learned contexts of scored cells, each counted once."""
    reading: Reading


def recall_at(seen: Observation, k: int) -> float:
    """Share of the gold files among the first `k` predicted ones."""
    found = seen.gold_files & frozenset(seen.predicted_files[:k])
    return len(found) / len(seen.gold_files)


def hit_at(seen: Observation, k: int) -> float:
    """1.0 where any of the first `k` predicted files is gold."""
    return float(bool(seen.gold_files & frozenset(seen.predicted_files[:k])))


def _measures() -> dict[str, Measure]:
    measures: dict[str, Measure] = {
        "f1": lambda seen: seen.f1,
        "precision": lambda seen: seen.precision,
        "recall": lambda seen: seen.recall,
        "exact": lambda seen: float(seen.is_exact),
    }
    for k in CUT_OFFS:
        measures[f"recall@{k}"] = partial(recall_at, k=k)
        measures[f"hit@{k}"] = partial(hit_at, k=k)
    return measures


MEASURES: Mapping[str, Measure] = _measures()


def score_arms(
    observations: Sequence[Observation],
    *,
    suspects: Iterable[str] = (),
    seed: int = 0,
) -> tuple[ArmScores, ...]:
    """Score each arm at each budget.

    Args:
        observations: Of any number of arms and budgets.
        suspects: Ids of cells that are named in the doubts; see `conduct`.
        seed: Of the resamples.

    Returns:
        In the order in which arms first appear, budgets ascending.
    """
    arms = tuple(dict.fromkeys(o.arm for o in observations))
    points = sorted(
        {(o.arm, o.budget) for o in observations},
        key=lambda point: (arms.index(point[0]), point[1] or 0),
    )
    suspects = frozenset(suspects)
    return tuple(
        _score_arm(select(observations, arm=arm, budget=budget), suspects, seed)
        for arm, budget in points
    )


def _score_arm(
    cells: Sequence[Observation], suspects: frozenset[str], seed: int
) -> ArmScores:
    design = Design.of(cells)
    valid = [cell for cell in cells if cell.is_scored]
    measured = [cell for cell in cells if cell.is_measured]

    def mean(over: Sequence[Observation], measure: Measure) -> Estimate:
        return estimate(mean_statistic(over, measure, design), design, seed=seed)

    def zero_if_broken(measure: Measure) -> Measure:
        return lambda seen: measure(seen) if seen.is_scored else 0.0

    everything = {n: mean(cells, zero_if_broken(m)) for n, m in MEASURES.items()}
    first = cells[0]
    sleep = sleep_token_means(valid)
    return ArmScores(
        arm=first.arm,
        budget=first.budget,
        cells=len(cells),
        scored=len(valid),
        broken=_count(
            cell.boundary or "unknown" for cell in cells if not cell.is_scored
        ),
        instances=len(design.instances),
        all_cells=everything,
        valid_cells={name: mean(valid, m) for name, m in MEASURES.items()},
        test_tokens={
            kind: mean(measured, partial(_test_tokens, kind=kind))
            for kind in TOKEN_KINDS
        },
        sleep_tokens=sleep,
        contexts=len({key for cell in valid for key in _learned(cell)}),
        reading=Reading(
            f"{first.arm}{_at(first.budget)}: mean F1 {show(everything['f1'])} over "
            f"{len(cells)} cells of {len(design.instances)} instances.",
            doubts_about(cells, suspects=suspects),
        ),
    )


def _learned(seen: Observation) -> tuple[str, ...]:
    return seen.contexts or ((seen.context,) if seen.context else ())


def _test_tokens(seen: Observation, kind: str) -> float:
    return float(getattr(seen.test_tokens, kind))


def _at(budget: int | None) -> str:
    return "" if budget is None else f" with {budget} steps"


def _count(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def mean_statistic(
    cells: Iterable[Observation], measure: Measure, design: Design
) -> Statistic:
    """The mean of a measure over cells, as a function of the units' weights."""
    cells = list(cells)
    totals = design.add_up((cell.instance_id, measure(cell)) for cell in cells)
    counts = design.add_up((cell.instance_id, 1.0) for cell in cells)

    def statistic(weights: FloatArray) -> FloatArray:
        return ratio(weights @ totals, weights @ counts)

    return statistic


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotients; NaN where nothing was counted."""
    nothing = np.full_like(above, np.nan)
    return np.divide(above, below, out=nothing, where=below != 0)


def sleep_token_means(cells: Iterable[Observation]) -> dict[str, float]:
    """Tokens of what a cell is handed, by kind; what several share counts once."""
    phases = {
        cell.context or cell.cell_id: usage
        for cell in cells
        if (usage := cell.measured_sleep) is not None
    }
    if not phases:
        return {}
    return {
        kind: float(np.mean([getattr(usage, kind) for usage in phases.values()]))
        for kind in TOKEN_KINDS
    }
