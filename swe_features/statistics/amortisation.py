"""The price of sleeping, shared among the queries about one context.

Cost a query = t x test + sleep / queries (arXiv 2504.13171, section 5.3), where t says
how much dearer a token is while somebody waits. Broken cells have no cost here.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from swe_features.statistics.curves import Contest, Curve, spend_to_reach
from swe_features.statistics.intervals import Estimate, Statistic, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.prices import GENERATED_ONLY, TokenPrices
from swe_features.statistics.readings import Reading, show
from swe_features.statistics.resampling import Design, FloatArray
from swe_features.statistics.scores import ratio

__all__ = ["QUERIES", "WAITING_FACTOR", "Amortisation", "CostAQuery", "amortise"]

WAITING_FACTOR = 10.0
"""The paper's t (section 5.3)."""
QUERIES = (1, 2, 5, 10, 20)

Basis: TypeAlias = Literal["equal budget", "equal F1"]


@dataclass(frozen=True, slots=True)
class CostAQuery:
    """What one query costs where so many share a learned context."""

    queries: int
    cost: Estimate
    ratio: Estimate
    """The baseline's cost by this cost: above 1, sleeping is cheaper."""


@dataclass(frozen=True, slots=True)
class Amortisation:
    """Sleeping against not sleeping, at one budget of the baseline."""

    basis: Basis
    """What is alike: the budget of steps, or the F1."""
    baseline_budget: int | None
    prices: TokenPrices
    waiting_factor: float
    baseline_cost: Estimate
    sleep_cost: Estimate
    """Of one sleep phase; never multiplied by the waiting factor."""
    by_queries: tuple[CostAQuery, ...]
    break_even: Estimate
    """Queries a context from which sleeping is the cheaper one; infinite for never."""
    reading: Reading


def amortise(
    contest: Contest,
    *,
    basis: Basis = "equal budget",
    prices: TokenPrices = GENERATED_ONLY,
    waiting_factor: float = WAITING_FACTOR,
    queries: Sequence[int] = QUERIES,
) -> tuple[Amortisation, ...]:
    """Share the sleep phase among queries, at each budget of the baseline.

    Args:
        contest: `other` is the arm that sleeps; its `spent` is not used.
        basis: `equal budget` compares cells of one budget, whatever they score;
            `equal F1` asks what the arm spends to be as good as the baseline.
        prices: What is counted, for sleep and test alike.
        waiting_factor: The paper's t.
        queries: How many queries share a learned context.

    Returns:
        One for each budget of the baseline that can be compared; none where nobody
        slept, or nobody knows for how many tokens.
    """
    priced = replace(contest, spent=lambda seen: prices.cost(seen.test_tokens))
    design = Design.of(contest.cells)
    curves = priced.curves(design)
    slept = [o for o in contest.cells if o.arm == contest.other and o.measured_sleep]
    if curves is None or not slept:
        return ()
    account = _Account(
        priced,
        basis,
        prices,
        waiting_factor,
        _sleep_cost(slept, prices, design),
        design,
    )
    return tuple(
        _amortise(account, *sides, budget, tuple(queries))
        for budget in curves[0].budgets
        for sides in [_test_costs(curves, budget, basis)]
        if sides is not None
    )


@dataclass(frozen=True, slots=True)
class _Account:
    """What all budgets of one analysis share."""

    contest: Contest
    basis: Basis
    prices: TokenPrices
    waiting_factor: float
    sleep: Statistic
    design: Design

    def estimate(self, statistic: Statistic) -> Estimate:
        return estimate(statistic, self.design, seed=self.contest.seed)


def _sleep_cost(
    slept: Iterable[Observation], prices: TokenPrices, design: Design
) -> Statistic:
    """Mean over learned contexts, each counted once whoever shares it."""
    sharers: dict[str, dict[str, float]] = defaultdict(dict)
    for seen in slept:
        if (usage := seen.measured_sleep) is not None:
            key = seen.context or seen.cell_id
            sharers[key][seen.instance_id] = prices.cost(usage)
    shares = [
        (instance, cost / len(costs), 1 / len(costs))
        for costs in sharers.values()
        for instance, cost in costs.items()
    ]
    totals = design.add_up((instance, cost) for instance, cost, _ in shares)
    counts = design.add_up((instance, share) for instance, _, share in shares)
    return lambda weights: ratio(weights @ totals, weights @ counts)


def _test_costs(
    curves: tuple[Curve, Curve], budget: int | None, basis: Basis
) -> tuple[Statistic, Statistic] | None:
    """Test-time cost of both sides; None where the arm has no such budget."""
    base, other = curves
    if basis == "equal F1":

        def to_reach(curve: Curve) -> Statistic:
            return lambda w: spend_to_reach(*curve.points(w), base.level(budget, w))

        return to_reach(base), to_reach(other)
    if budget not in other.budgets:
        return None
    return base.spent(budget), other.spent(budget)


def _amortise(
    account: _Account,
    base: Statistic,
    other: Statistic,
    budget: int | None,
    queries: tuple[int, ...],
) -> Amortisation:
    factor, sleep = account.waiting_factor, account.sleep

    def base_cost(weights: FloatArray) -> FloatArray:
        return factor * base(weights)

    def cost(weights: FloatArray, shared_by: int) -> FloatArray:
        return factor * other(weights) + sleep(weights) / shared_by

    def break_even(weights: FloatArray) -> FloatArray:
        gain = base_cost(weights) - factor * other(weights)
        # Never where nothing is gained; unknown where it is not known what is gained.
        found: FloatArray = np.where(np.isnan(gain), np.nan, np.inf)
        np.divide(sleep(weights), gain, out=found, where=gain > 0)
        return found

    def a_query(shared_by: int) -> CostAQuery:
        return CostAQuery(
            shared_by,
            account.estimate(lambda w: cost(w, shared_by)),
            account.estimate(lambda w: base_cost(w) / cost(w, shared_by)),
        )

    found = Amortisation(
        basis=account.basis,
        baseline_budget=budget,
        prices=account.prices,
        waiting_factor=factor,
        baseline_cost=account.estimate(base_cost),
        sleep_cost=account.estimate(sleep),
        by_queries=tuple(map(a_query, queries)),
        break_even=account.estimate(break_even),
        reading=Reading(""),
    )
    return replace(found, reading=_read(found, account.contest))


def _read(found: Amortisation, contest: Contest) -> Reading:
    at = "" if found.baseline_budget is None else f" of {found.baseline_budget} steps"
    what = f"In {found.prices.name}, at the {found.basis[6:]}{at} of {contest.baseline}"
    last = found.by_queries[-1]
    if math.isinf(found.break_even.value):
        shows = f"{what}, {contest.other} never pays for its sleep."
    else:
        count = max(1, math.ceil(found.break_even.value))
        costs = f"{contest.other} costs nothing that was counted"
        if math.isfinite(last.ratio.value):
            times = show(last.ratio, decimals=2)
            costs = f"{contest.baseline} costs {times} times as much"
        shows = (
            f"{what}, {contest.other} pays for its sleep where {count} or more queries "
            f"share it; with {last.queries}, {costs}."
        )
    doubts = contest.doubts
    if found.basis == "equal budget":
        doubts += ("Equal budgets are not equal F1: read the scores beside the cost.",)
    interval = found.break_even.percentile
    if interval is not None and math.isinf(interval.high) and interval.low < math.inf:
        doubts += ("Whether it ever pays is not settled by these instances.",)
    return Reading(shows, doubts)
