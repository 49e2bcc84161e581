"""Paired differences between arms: intervals, sign flips, Holm, power."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import nct, t

from tests.swe_features.report.recount.draws import Floats, Numbers, Sample, put
from tests.swe_features.report.recount.rows import Row, Run, of_arm

__all__ = ["compared_budgets", "pairs_at", "recount_differences"]

RIVALS = ("no-context", "bm25")
EXACT = 20


def recount_differences(run: Run) -> Numbers:
    """All comparisons of the page."""
    sides = [
        (run.baseline, arm)
        for arm in run.arms
        if arm not in {run.baseline, "oracle"} and run.baseline
    ]
    for rival in RIVALS:
        if {rival, "sleep-time"} <= set(run.arms) and (
            rival,
            "sleep-time",
        ) not in sides:
            sides.append((rival, "sleep-time"))
    numbers: Numbers = {}
    for baseline, other in sides:
        numbers |= _budgets(run, baseline, other)
    return numbers


def compared_budgets(run: Run, baseline: str, other: str) -> list[int | None]:
    a, b = ({row.budget for row in of_arm(run.rows, arm)} for arm in (baseline, other))
    if None in a | b:
        return list(_sorted((a | b) - {None})) or [None]
    return list(_sorted(a & b))


def _sorted(budgets: set[int | None]) -> list[int | None]:
    return sorted(budgets, key=lambda budget: budget or 0)


def pairs_at(
    run: Run, baseline: str, other: str, budget: int | None
) -> tuple[list[tuple[Row, Row]], int]:
    """Pairs of the same instance, seed and model, and the cells without a partner."""
    left, right = (
        [row for row in of_arm(run.rows, arm) if row.budget in {budget, None}]
        for arm in (baseline, other)
    )
    mixed = [
        name
        for name in ("model", "sleep_model")
        if any(
            len({row.line[name] for row in side} - {None}) > 1 for side in (left, right)
        )
    ]
    pairs = [
        (a, b)
        for a in left
        for b in right
        if a.instance == b.instance
        and (a.line["seed"] == b.line["seed"] or not (a.has_seeds and b.has_seeds))
        and all(
            None in {a.line[name], b.line[name]} or a.line[name] == b.line[name]
            for name in mixed
        )
    ]
    paired = {id(row) for pair in pairs for row in pair}
    return pairs, len(left) + len(right) - len(paired)


def _budgets(run: Run, baseline: str, other: str) -> Numbers:
    numbers: Numbers = {}
    tests: dict[str, dict[str, float]] = {"all": {}, "valid": {}}
    for budget in compared_budgets(run, baseline, other):
        place = f"overview/comparisons[{baseline},{other},{budget}]"
        pairs, alone = pairs_at(run, baseline, other, budget)
        numbers[f"{place}/budget"] = budget
        numbers[f"{place}/pairs"] = len(pairs)
        numbers[f"{place}/unpaired"] = alone
        valid = [pair for pair in pairs if pair[0].is_scored and pair[1].is_scored]
        for name, side in (("all", pairs), ("valid", valid)):
            if not side:
                numbers[f"{place}/{name}"] = None
                continue
            numbers |= _side(f"{place}/{name}", side)
            tests[name][place] = float(numbers[f"{place}/{name}/p"] or 0.0)
    for name, found in tests.items():
        for place, p in _holm(found).items():
            numbers[f"{place}/{name}/p_holm"] = p
    return numbers


def _side(place: str, pairs: Sequence[tuple[Row, Row]]) -> Numbers:
    sample = Sample([a for a, _ in pairs])
    gains = [(a.instance, b.scores["f1"] - a.scores["f1"]) for a, b in pairs]
    numbers: Numbers = {}
    means = np.array(
        [
            np.mean([gain for name, gain in gains if name == instance])
            for instance in sample.instances
        ]
    )
    total = sample.sums(zip(sample.instances, means.tolist(), strict=True))
    number = sample.sums((name, 1.0) for name in sample.instances)
    put(numbers, f"{place}/difference", sample.quotient(total, number), sample)
    means[abs(means) <= 1e-12] = 0
    wins, losses = int((means > 0).sum()), int((means < 0).sum())
    units = _units(sample, means)
    return numbers | {
        f"{place}/pairs": len(pairs),
        f"{place}/wins": wins,
        f"{place}/losses": losses,
        f"{place}/ties": len(means) - wins - losses,
        f"{place}/p": _sign_flips(units[units != 0]),
        f"{place}/smallest_detectable": _detectable(units),
    }


def _units(sample: Sample, means: Floats) -> Floats:
    """What each unit that is drawn differs by, by the mean size of a unit."""
    size = len(sample.instances) / len(sample.units)
    found = {name: 0.0 for name in sample.units}
    for instance, mean in zip(sample.instances, means, strict=True):
        found[sample.unit_of[instance]] += float(mean) / size
    return np.array([0.0 if abs(each) <= 1e-12 else each for each in found.values()])


def _sign_flips(moved: Floats) -> float:
    """Chance of a sum as far from 0, were every sign a coin."""
    count = len(moved)
    if not count:
        return 1.0
    bar = abs(moved.sum()) - 1e-9 * abs(moved).sum()
    if count <= EXACT:
        sums = np.zeros(1)
        for value in moved:
            sums = np.add.outer(sums, [value, -value]).ravel()
        return float((abs(sums) >= bar).mean())
    flips = min(max(50_000_000 // count, 10_000), 100_000)
    block = max(1, 4_000_000 // count)
    random = np.random.default_rng(0)
    far, left = 0, flips
    while left:
        rows = min(block, left)
        bits = np.unpackbits(
            np.frombuffer(random.bytes(rows * count // 8 + 1), np.uint8)
        )
        signs = np.where(bits[: rows * count] == 1, 1.0, -1.0).reshape(rows, count)
        far += int((abs((signs * moved).sum(axis=1)) >= bar).sum())
        left -= rows
    return (1 + far) / (1 + flips)


def _holm(tests: dict[str, float]) -> dict[str, float]:
    adjusted, least = {}, 0.0
    for rank, place in enumerate(sorted(tests, key=lambda each: tests[each])):
        least = max(least, min(1.0, tests[place] * (len(tests) - rank)))
        adjusted[place] = least
    return adjusted


def _detectable(units: Floats) -> float | None:
    """By halving: the shift of a t test's alternative that has a power of 80%."""
    count = len(units)
    spread = float(units.std(ddof=1)) if count > 1 else 0.0
    if spread == 0:
        return None
    bar = t.ppf(0.975, count - 1)
    low, high = 0.0, bar + 10
    for _ in range(60):
        middle = (low + high) / 2
        if nct.sf(bar, count - 1, middle) < 0.8:
            low = middle
        else:
            high = middle
    return float(low * spread / math.sqrt(count))
