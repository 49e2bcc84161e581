"""F1 by the number of learned contexts, and what a doubling gains."""

import re

import numpy as np

from tests.swe_features.report.recount.draws import Floats, Numbers, Picks, Sample, put
from tests.swe_features.report.recount.rows import Run, at, generated, measured, scored

__all__ = ["recount_depth"]


def recount_depth(run: Run) -> Numbers:
    """All under `analyses/scaling`."""
    arms = {arm: _contexts(arm) for arm in run.arms if arm.startswith("sleep-time")}
    budgets = {row.budget for row in run.rows if row.arm in arms}
    numbers: Numbers = {}
    for budget in budgets:
        there = [arm for arm in arms if scored(at(run.rows, arm, budget))]
        there.sort(key=lambda arm: arms[arm])
        if len({arms[arm] for arm in there}) > 1:
            numbers |= _at(run, {arm: arms[arm] for arm in there}, budget)
    return numbers


def _contexts(arm: str) -> int:
    found = re.search(r"-k(\d+)$", arm)
    return int(found[1]) if found else 1


def _at(run: Run, arms: dict[str, int], budget: int | None) -> Numbers:
    place = f"analyses/scaling[{budget}]"
    cells = {arm: at(run.rows, arm, budget) for arm in arms}
    # Cells of an arm that never scored belong to the instances all the same.
    sample = Sample(
        row
        for row in run.rows
        if row.arm.startswith("sleep-time") and row.budget == budget
    )
    means = [sample.mean(rows, lambda row: row.scores["f1"]) for rows in cells.values()]
    doublings = np.log2(list(arms.values()))

    def slope(picks: Picks) -> Floats:
        found: Floats = np.polyfit(doublings, np.array([m(picks) for m in means]), 1)[0]
        return found

    numbers: Numbers = {f"{place}/budget": budget}
    put(numbers, f"{place}/slope", slope, sample)
    for arm, k in arms.items():
        own = Sample(cells[arm])
        valid = scored(cells[arm])
        inner = f"{place}/points[{k}]"
        numbers[f"{inner}/k"] = k
        f1 = own.mean(cells[arm], lambda row: row.scores["f1"])
        put(numbers, f"{inner}/f1", f1, own)
        told = [row for row in valid if row.tells("sleep")]
        slept = own.mean(told, lambda row: row.tokens("sleep", "completion_tokens"))
        put(numbers, f"{inner}/sleep_tokens", slept, own)
        put(numbers, f"{inner}/test_tokens", own.mean(measured(valid), generated), own)
    return numbers
