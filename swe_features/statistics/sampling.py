"""pass@k with an oracle: what the same tokens buy by trying again instead of sleeping.

Seeds are the samples. The best of k is picked by the score itself, which no user can
do, so this is the most that repeated sampling could reach (arXiv 2504.13171, 5.2).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swe_features.statistics.curves import Contest, Curve
from swe_features.statistics.intervals import Estimate, Statistic, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.readings import Reading, show
from swe_features.statistics.resampling import Design, FloatArray
from swe_features.statistics.scores import mean_statistic, ratio

__all__ = ["AtEqualTokens", "PassAtK", "best_of", "sample_at_equal_tokens"]

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class PassAtK:
    """The best of k samples of the baseline."""

    k: int
    spent: Estimate
    """Of all k together."""
    f1: Estimate


@dataclass(frozen=True, slots=True)
class AtEqualTokens:
    """The other arm against the baseline, sampled until it has spent as much."""

    other_budget: int | None
    k: float
    """Samples that the tokens of the other arm would pay for."""
    difference: Estimate
    """`other - best of k` in F1; NaN where `k` is below 1 or above the seeds."""
    reading: Reading


def best_of(scores: Sequence[float], k: int) -> float:
    """Expected maximum of k of the scores, drawn without replacement.

    Raises:
        ValueError: There are fewer than k scores, or k is below 1.
    """
    if not 1 <= k <= len(scores):
        msg = f"the best of {k} needs at least {k} samples, and there are {len(scores)}"
        raise ValueError(msg)
    ranked = sorted(scores)
    ways = [math.comb(below, k - 1) for below in range(len(ranked))]
    chances = [way / math.comb(len(ranked), k) for way in ways]
    return math.fsum(c * score for c, score in zip(chances, ranked, strict=True))


def sample_at_equal_tokens(
    contest: Contest,
) -> tuple[tuple[PassAtK, ...], tuple[AtEqualTokens, ...]]:
    """Sample the baseline at its smallest budget, against each budget of the other arm.

    Broken cells are samples that scored 0, and count no tokens.

    Returns:
        The curve of the baseline over k, up to the fewest seeds of any instance, and
        the comparisons; both empty where an arm has no scored cell of known tokens.
    """
    design = Design.of(contest.cells)
    curves = contest.curves(design)
    if curves is None:
        return (), ()
    base, other = curves
    smallest = base.budgets[0]
    cells = [
        o for o in contest.cells if o.arm == contest.baseline and o.budget == smallest
    ]
    measured = [o for o in cells if o.is_measured]
    spent = mean_statistic(measured, contest.spent, design)
    best = _best_statistics(cells, design)

    def point(k: int) -> PassAtK:
        return PassAtK(
            k,
            estimate(lambda w: k * spent(w), design, seed=contest.seed),
            estimate(best[k - 1], design, seed=contest.seed),
        )

    return tuple(map(point, range(1, len(best) + 1))), tuple(
        _compare(contest, other, budget, spent, best, design)
        for budget in other.budgets
    )


def _best_statistics(
    cells: Sequence[Observation], design: Design
) -> tuple[Statistic, ...]:
    """Mean best of 1, 2, ... samples, as functions of the weights."""
    scores: dict[str, list[float]] = defaultdict(list)
    for cell in cells:
        scores[cell.instance_id].append(cell.f1)
    counts = design.add_up((name, 1.0) for name in scores)

    def statistic(k: int) -> Statistic:
        totals = design.add_up((n, best_of(each, k)) for n, each in scores.items())
        return lambda weights: ratio(weights @ totals, weights @ counts)

    fewest = min(len(samples) for samples in scores.values())
    return tuple(statistic(k) for k in range(1, fewest + 1))


def _compare(  # noqa: PLR0913, PLR0917  # two sides, and how they are drawn
    contest: Contest,
    other: Curve,
    budget: int | None,
    spent: Statistic,
    best: Sequence[Statistic],
    design: Design,
) -> AtEqualTokens:
    def paid_for(weights: FloatArray) -> FloatArray:
        return ratio(other.spent(budget)(weights), spent(weights))

    def difference(weights: FloatArray) -> FloatArray:
        reached = np.stack([statistic(weights) for statistic in best], axis=1)
        return other.level(budget, weights) - _at_k(reached, paid_for(weights))

    k = float(paid_for(design.everyone)[0])
    found = estimate(difference, design, seed=contest.seed)
    at = "" if budget is None else f" with {budget} steps"
    tokens = f"the tokens of {contest.other}{at} pay for {k:.1f} samples"
    if math.isnan(found.value):
        shows = f"Unknown: {tokens} of {contest.baseline}, and there are {len(best)}."
        if math.isnan(k):
            shows = f"Unknown: {contest.baseline} spends nothing that was counted."
    else:
        shows = (
            f"Where {tokens} of {contest.baseline}, {contest.other} minus the best of "
            f"them is {show(found, sign='+')} in F1."
        )
    doubts = (
        *contest.doubts,
        "The best sample is picked by the score: no user could.",
    )
    return AtEqualTokens(budget, k, found, Reading(shows, doubts))


def _at_k(reached: FloatArray, k: FloatArray) -> FloatArray:
    """Best of k samples for a k that is no whole number; NaN beyond the samples."""
    most = reached.shape[1]
    # Equal tokens pay for exactly one sample, whatever the last bits of the quotient.
    nearest = np.round(k)
    k = np.where(np.abs(k - nearest) <= ROUNDING, nearest, k)
    inside = (k >= 1) & (k <= most)
    whole = np.where(inside, np.floor(k), 1).astype(np.intp)
    row = np.arange(len(k))
    low, high = reached[row, whole - 1], reached[row, np.minimum(whole, most - 1)]
    found: FloatArray = np.where(inside, low + (k - whole) * (high - low), np.nan)
    return found
