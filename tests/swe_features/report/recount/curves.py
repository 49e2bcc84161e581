"""F1 against what is spent, each resample by itself: savings, amortisation, pass@k."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TypeAlias

import numpy as np

from tests.swe_features.report.recount.draws import (
    Floats,
    Numbers,
    Picks,
    Sample,
    Statistic,
    put,
)
from tests.swe_features.report.recount.rows import (
    SLEEPERS,
    Measure,
    Row,
    Run,
    at,
    generated,
    measured,
    of_arm,
)

__all__ = ["recount_curves"]

Budgets: TypeAlias = list[int | None]
Points: TypeAlias = list[tuple[float, float]]
"""Spent and F1, ascending."""

QUERIES = (1, 2, 5, 10, 20)
WAITING = 10.0
PRICES = {
    "generated tokens": (0.0, 0.0, 1.0),
    "tokens with input priced": (0.2, 0.02, 1.0),
}


@dataclass(frozen=True, slots=True)
class Duel:
    """The baseline, an arm that sleeps, and the instances of both."""

    run: Run
    baseline: str
    arm: str
    sample: Sample

    @property
    def place(self) -> str:
        return f"analyses/sleepers[{self.baseline},{self.arm}]"

    def budgets(self, arm: str) -> Budgets:
        found = {row.budget for row in measured(of_arm(self.run.rows, arm))}
        return sorted(found, key=lambda budget: budget or 0)

    def spent(self, arm: str, budget: int | None, spent: Measure) -> Statistic:
        return self.sample.mean(measured(at(self.run.rows, arm, budget)), spent)

    def f1(self, arm: str, budget: int | None) -> Statistic:
        rows = at(self.run.rows, arm, budget)
        return self.sample.mean(rows, lambda row: row.scores["f1"])

    def curve(self, arm: str, spent: Measure) -> Callable[[Picks], Iterator[Points]]:
        """For each resample its points."""
        budgets = self.budgets(arm)
        means = [(self.spent(arm, b, spent), self.f1(arm, b)) for b in budgets]

        def curves(picks: Picks) -> Iterator[Points]:
            columns = [(x(picks), y(picks)) for x, y in means]
            for row in range(len(picks)):
                points = [(float(x[row]), float(y[row])) for x, y in columns]
                yield sorted(points, key=lambda point: (math.isnan(point[0]), point[0]))

        return curves


def recount_curves(run: Run) -> Numbers:
    """Savings, areas, amortisation and pass@k of every arm that sleeps."""
    numbers: Numbers = {}
    for arm in run.arms:
        if not arm.startswith(SLEEPERS) or arm == run.baseline:
            continue
        rows = [row for row in run.rows if row.arm in {run.baseline, arm}]
        duel = Duel(run, run.baseline, arm, Sample(rows))
        if run.takes_steps(arm) and duel.budgets(arm) and duel.budgets(run.baseline):
            numbers |= _savings(duel)
            numbers |= _area(duel)
            numbers |= _passes(duel)
            numbers |= _amortisations(duel)
        else:
            numbers[f"{duel.place}/area"] = None
    return numbers


def _reach(points: Points, level: float) -> float:
    """What a curve has spent when it first reaches a level."""
    for place, (spent, f1) in enumerate(points):
        if f1 >= level - 1e-12:
            if place == 0:
                return spent
            before, below = points[place - 1]
            share = (level - below) / (f1 - below) if f1 > below else 1.0
            return before + min(max(share, 0.0), 1.0) * (spent - before)
    return math.inf


def _to_reach(duel: Duel, arm: str, budget: int | None, spent: Measure) -> Statistic:
    """Spent by an arm to be as good as the baseline is at a budget."""
    curve, level = duel.curve(arm, spent), duel.f1(duel.baseline, budget)

    def statistic(picks: Picks) -> Floats:
        pairs = zip(curve(picks), level(picks), strict=True)
        return np.array([_reach(points, f1) for points, f1 in pairs])

    return statistic


def _quotient(above: Statistic, below: Statistic) -> Statistic:
    return lambda picks: above(picks) / below(picks)


def _savings(duel: Duel) -> Numbers:
    numbers: Numbers = {}
    everyone = duel.sample.everyone
    for budget in duel.budgets(duel.baseline):
        place = f"{duel.place}/savings[{budget}]"
        base, other = (
            _to_reach(duel, arm, budget, generated) for arm in (duel.baseline, duel.arm)
        )
        put(numbers, f"{place}/ratio", _quotient(base, other), duel.sample)
        needed = float(other(everyone)[0])
        numbers |= {
            f"{place}/budget": budget,
            f"{place}/level": float(duel.f1(duel.baseline, budget)(everyone)[0]),
            f"{place}/baseline_spent": float(base(everyone)[0]),
            f"{place}/other_spent": None if math.isinf(needed) else needed,
            f"{place}/not_reached_share": float(
                np.mean(np.isinf(other(duel.sample.drawn)))
            ),
        }
    return numbers


def _height(points: Points, x: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x <= x1 and x1 > x0:
            return y0 + (x - x0) / (x1 - x0) * (y1 - y0)
    return points[0][1]


def _gap(base: Points, other: Points) -> tuple[float, float, float]:
    """Where both spend, and the mean difference there, by halves of straight pieces."""
    low = max(base[0][0], other[0][0])
    high = min(base[-1][0], other[-1][0])
    if not low < high:
        return math.nan, math.nan, math.nan
    inner = {x for x, _ in (*base, *other) if low < x < high}
    ends = sorted({low, high} | inner)
    area = sum(
        (x1 - x0) * (_height(other, (x0 + x1) / 2) - _height(base, (x0 + x1) / 2))
        for x0, x1 in pairwise(ends)
    )
    return low, high, area / (high - low)


def _area(duel: Duel) -> Numbers:
    curves = [duel.curve(arm, generated) for arm in (duel.baseline, duel.arm)]

    def gaps(picks: Picks) -> list[tuple[float, float, float]]:
        pairs = zip(*(curve(picks) for curve in curves), strict=True)
        return [_gap(base, other) for base, other in pairs]

    numbers: Numbers = {}
    place = f"{duel.place}/area"
    difference = f"{place}/difference"
    put(numbers, difference, lambda p: np.array([g[2] for g in gaps(p)]), duel.sample)
    low, high, _ = gaps(duel.sample.everyone)[0]
    for name, end in (("low", low), ("high", high)):
        numbers[f"{place}/{name}"] = None if math.isnan(end) else end
    return numbers


def _best(scores: Sequence[float], k: int) -> float:
    """Mean over all choices of k samples of the best of them."""
    return float(np.mean([max(chosen) for chosen in combinations(scores, k)]))


def _passes(duel: Duel) -> Numbers:
    smallest = duel.budgets(duel.baseline)[0]
    samples: dict[str, list[float]] = defaultdict(list)
    for row in at(duel.run.rows, duel.baseline, smallest):
        samples[row.instance].append(row.scores["f1"])
    number = duel.sample.sums((name, 1.0) for name in samples)
    spent = duel.spent(duel.baseline, smallest, generated)
    best, numbers = [], Numbers()
    for k in range(1, min(map(len, samples.values())) + 1):
        total = duel.sample.sums((n, _best(each, k)) for n, each in samples.items())
        best.append(duel.sample.quotient(total, number))
        place = f"{duel.place}/passes[{k}]"
        numbers[f"{place}/k"] = k
        put(numbers, f"{place}/spent", lambda p, k=k: k * spent(p), duel.sample)  # type: ignore[misc]
        put(numbers, f"{place}/f1", best[-1], duel.sample)
    for budget in duel.budgets(duel.arm):
        numbers |= _against_passes(duel, budget, spent, best)
    return numbers


def _against_passes(
    duel: Duel, budget: int | None, spent: Statistic, best: list[Statistic]
) -> Numbers:
    own_spent, own_f1 = (
        duel.spent(duel.arm, budget, generated),
        duel.f1(duel.arm, budget),
    )

    def difference(picks: Picks) -> Floats:
        f1 = own_f1(picks)
        reached = np.array([each(picks) for each in best])
        return np.array(
            [
                f1[row] - _between(reached[:, row], k)
                for row, k in enumerate(own_spent(picks) / spent(picks))
            ]
        )

    place = f"{duel.place}/at_equal_tokens[{budget}]"
    everyone = duel.sample.everyone
    numbers: Numbers = {
        f"{place}/budget": budget,
        f"{place}/k": float((own_spent(everyone) / spent(everyone))[0]),
    }
    put(numbers, f"{place}/difference", difference, duel.sample)
    return numbers


def _between(reached: Floats, k: float) -> float:
    """Of k samples that may be no whole number: between its neighbours."""
    if abs(k - np.round(k)) <= 1e-9:
        k = float(np.round(k))
    if not 1 <= k <= len(reached):
        return math.nan
    return float(np.interp(k, range(1, len(reached) + 1), reached))


def _amortisations(duel: Duel) -> Numbers:
    slept = [row for row in of_arm(duel.run.rows, duel.arm) if row.tells("sleep")]
    numbers: Numbers = {}
    if not slept:
        return numbers
    bases, others = duel.budgets(duel.baseline), duel.budgets(duel.arm)
    for name, prices in PRICES.items():
        cost = _priced("test", prices)
        sleep = _sleep(duel.sample, slept, _priced("sleep", prices))
        for budget in bases:
            both = [_to_reach(duel, a, budget, cost) for a in (duel.baseline, duel.arm)]
            place = f"{duel.place}/amortisation[equal F1,{name},{budget}]"
            numbers |= _shared(place, duel.sample, both, sleep)
            if budget in others:
                both = [duel.spent(a, budget, cost) for a in (duel.baseline, duel.arm)]
                place = f"{duel.place}/amortisation[equal budget,{name},{budget}]"
                numbers |= _shared(place, duel.sample, both, sleep)
    for place in {each.partition("]/amortisation")[2] for each in numbers}:
        numbers |= _prices(f"{duel.place}/amortisation{place.partition(']')[0]}]")
    return numbers


def _prices(place: str) -> Numbers:
    _, name, budget = place.rpartition("[")[2].rstrip("]").split(",")
    prompt, cached, completion = PRICES[name]
    return {
        f"{place}/budget": None if budget == "None" else int(budget),
        f"{place}/waiting_factor": WAITING,
        f"{place}/prices/prompt": prompt,
        f"{place}/prices/cached_prompt": cached,
        f"{place}/prices/completion": completion,
    }


def _priced(phase: str, prices: tuple[float, float, float]) -> Measure:
    def cost(row: Row) -> float:
        prompt = row.tokens(phase, "prompt_tokens")
        cached = row.tokens(phase, "cached_prompt_tokens")
        counts = (prompt - cached, cached, row.tokens(phase, "completion_tokens"))
        return sum(n * price for n, price in zip(counts, prices, strict=True))

    return cost


def _sleep(sample: Sample, slept: list[Row], cost: Measure) -> Statistic:
    """A context's cost, in equal parts at each instance that shares it."""
    sharers: dict[str, dict[str, float]] = defaultdict(dict)
    for row in slept:
        sharers[row.context or row.line["cell_id"]][row.instance] = cost(row)
    parts = [
        (instance, paid, len(costs))
        for costs in sharers.values()
        for instance, paid in costs.items()
    ]
    total = sample.sums((instance, paid / many) for instance, paid, many in parts)
    number = sample.sums((instance, 1 / many) for instance, _, many in parts)
    return sample.quotient(total, number)


def _shared(
    place: str, sample: Sample, both: list[Statistic], sleep: Statistic
) -> Numbers:
    base, other = (sample.remember(statistic) for statistic in both)
    numbers: Numbers = {}

    def cost(picks: Picks, queries: int) -> Floats:
        return WAITING * other(picks) + sleep(picks) / queries

    def break_even(picks: Picks) -> Floats:
        gains = WAITING * base(picks) - WAITING * other(picks)
        pairs = zip(sleep(picks), gains, strict=True)
        return np.array([math.inf if g <= 0 else s / g for s, g in pairs])

    put(numbers, f"{place}/baseline_cost", lambda p: WAITING * base(p), sample)
    put(numbers, f"{place}/sleep_cost", sleep, sample)
    put(numbers, f"{place}/break_even", break_even, sample)
    numbers[f"{place}/never_pays"] = bool(np.isinf(break_even(sample.everyone)[0]))
    for each in QUERIES:
        inner = f"{place}/queries[{each}]"
        numbers[f"{inner}/queries"] = each
        put(numbers, f"{inner}/cost", lambda p, q=each: cost(p, q), sample)  # type: ignore[misc]
        put(
            numbers,
            f"{inner}/ratio",
            lambda p, q=each: WAITING * base(p) / cost(p, q),  # type: ignore[misc]
            sample,
        )
    return numbers
