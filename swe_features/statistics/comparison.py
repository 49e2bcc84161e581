"""Two arms, or two runs, compared on the same instances.

Differences are taken within an instance, budget, seed and model, so what makes an
instance hard for everybody drops out. Cells that only one side has are left out, and
counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from swe_features.statistics.intervals import Estimate, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.readings import Reading, doubts_about, show
from swe_features.statistics.resampling import Design, FloatArray
from swe_features.statistics.scores import ratio
from swe_features.statistics.significance import (
    SignFlip,
    adjust_by_holm,
    sign_flip_test,
    smallest_detectable,
)

__all__ = ["Comparison", "Pair", "Paired", "compare", "compare_arms", "pair_cells"]

Pair: TypeAlias = tuple[Observation, Observation]
"""The same instance, budget, seed and model: the baseline, and what it is held to."""


ROUNDING = 1e-12
"""A mean over seeds of equal scores may differ from them in its last bits."""
MODELS = ("model", "sleep_model")
"""What of an observation names one."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference in F1 between two sides, by one denominator."""

    pairs: int
    difference: Estimate
    """Mean of `other - baseline`, each instance weighing the same."""
    test: SignFlip
    p_holm: float
    """`test.p`, adjusted for all budgets that were compared together."""
    wins: int
    """Instances on which the other side is better, by their mean over seeds."""
    ties: int
    losses: int
    smallest_detectable: float
    """True difference that would be seen with a chance of 80%; NaN without spread."""
    effect_size: float
    """Mean difference by its standard deviation between units; NaN without."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides at one budget."""

    baseline: str
    other: str
    budget: int | None
    """None where neither side takes steps."""
    pairs: int
    unpaired: int
    """Cells of either side that have no partner."""
    all_cells: Paired | None
    """None where there is no pair."""
    valid_cells: Paired | None
    """Pairs of which both are scored."""
    reading: Reading


def compare_arms(
    observations: Sequence[Observation],
    *,
    baseline: str,
    other: str,
    suspects: Iterable[str] = (),
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Compare two arms of one run, at each budget.

    An arm that takes no steps is compared with every budget of the other, and one that
    asks no model with every seed.
    """
    left = [o for o in observations if o.arm == baseline]
    right = [o for o in observations if o.arm == other]
    budgets = _budgets(left, right)
    found = [
        _compare(
            _at_budget(left, budget),
            _at_budget(right, budget),
            names=(baseline, other),
            budget=budget,
            suspects=frozenset(suspects),
            seed=seed,
        )
        for budget in budgets
    ]
    return _adjust(found)


def compare(
    a: Sequence[Observation],
    b: Sequence[Observation],
    *,
    names: tuple[str, str] = ("A", "B"),
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Compare two runs, arm by arm and budget by budget, in what both have.

    Holm's correction is over the budgets of each arm.
    """
    arms = [
        arm for arm in dict.fromkeys(o.arm for o in a) if any(o.arm == arm for o in b)
    ]
    found: list[Comparison] = []
    for arm in arms:
        left = [o for o in a if o.arm == arm]
        right = [o for o in b if o.arm == arm]
        both = {o.budget for o in left} & {o.budget for o in right}
        of_arm = [
            _compare(
                _at_budget(left, budget),
                _at_budget(right, budget),
                names=(f"{names[0]}: {arm}", f"{names[1]}: {arm}"),
                budget=budget,
                suspects=frozenset(),
                seed=seed,
            )
            for budget in sorted(both, key=lambda budget: budget or 0)
        ]
        found.extend(_adjust(of_arm))
    return tuple(found)


def _budgets(
    left: Iterable[Observation], right: Iterable[Observation]
) -> tuple[int | None, ...]:
    a, b = {o.budget for o in left}, {o.budget for o in right}
    if None in a or None in b:
        return tuple(sorted((a | b) - {None}, key=lambda n: n or 0)) or (None,)
    return tuple(sorted(a & b, key=lambda n: n or 0))


def _at_budget(cells: Iterable[Observation], budget: int | None) -> list[Observation]:
    return [cell for cell in cells if cell.budget in {budget, None}]


def pair_cells(
    baseline: Iterable[Observation], other: Iterable[Observation]
) -> tuple[tuple[Pair, ...], int]:
    """Pair cells of one budget by instance, seed and model.

    Who has no seeds or asks no model is held against each. Two sides of one model each
    are held against each other whatever the models: then it is these that differ.

    Returns:
        The pairs, and how many cells have no partner.
    """
    left, right = list(baseline), list(other)
    mixed = [
        name
        for name in MODELS
        if any(len(_models(side, name)) > 1 for side in (left, right))
    ]
    here, there = _by_instance(left), _by_instance(right)
    pairs = [
        (a, b)
        for instance in sorted(here.keys() & there.keys())
        for a in here[instance]
        for b in there[instance]
        if _are_partners(a, b, mixed)
    ]
    used = {id(cell) for pair in pairs for cell in pair}
    return tuple(pairs), sum(id(cell) not in used for cell in (*left, *right))


def _are_partners(a: Observation, b: Observation, mixed: Iterable[str]) -> bool:
    if a.has_seeds and b.has_seeds and a.seed != b.seed:
        return False
    models = ((getattr(a, name), getattr(b, name)) for name in mixed)
    return all(one == other or None in {one, other} for one, other in models)


def _models(cells: Iterable[Observation], name: str) -> set[str]:
    return {getattr(cell, name) for cell in cells} - {None}


def _by_instance(cells: Iterable[Observation]) -> dict[str, list[Observation]]:
    grouped = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: cell.seed):
        grouped[cell.instance_id].append(cell)
    return grouped


def _compare(  # noqa: PLR0913  # two sides, and what they are called
    left: Sequence[Observation],
    right: Sequence[Observation],
    *,
    names: tuple[str, str],
    budget: int | None,
    suspects: frozenset[str],
    seed: int,
) -> Comparison:
    pairs, unpaired = pair_cells(left, right)
    valid = [pair for pair in pairs if pair[0].is_scored and pair[1].is_scored]
    doubts = doubts_about([*left, *right], suspects=suspects)
    if unpaired:
        doubts += (f"{unpaired} cells have no partner and are left out.",)
    unlike = {a.instance_id for a, b in valid if a.gold_files != b.gold_files}
    if unlike:
        doubts += (f"The gold files of {len(unlike)} instances are not the same.",)
    return Comparison(
        baseline=names[0],
        other=names[1],
        budget=budget,
        pairs=len(pairs),
        unpaired=unpaired,
        all_cells=_paired(pairs, seed),
        valid_cells=_paired(valid, seed),
        reading=Reading("", doubts),
    )


def _paired(pairs: Sequence[Pair], seed: int) -> Paired | None:
    if not pairs:
        return None
    design = Design.of(a for a, _ in pairs)
    means = _mean_by_instance((a.instance_id, b.f1 - a.f1) for a, b in pairs)
    totals = design.add_up(zip(design.instances, means.tolist(), strict=True))
    counts = design.add_up((instance, 1.0) for instance in design.instances)

    def statistic(weights: FloatArray) -> FloatArray:
        return ratio(weights @ totals, weights @ counts)

    means[np.abs(means) <= ROUNDING] = 0.0
    wins, losses = int((means > 0).sum()), int((means < 0).sum())
    by_unit = _by_unit(means, design)
    spread = float(np.std(by_unit, ddof=1)) if len(by_unit) > 1 else 0.0
    test = sign_flip_test(by_unit, seed=seed)
    return Paired(
        pairs=len(pairs),
        difference=estimate(statistic, design, seed=seed),
        test=test,
        p_holm=test.p,
        wins=wins,
        ties=len(means) - wins - losses,
        losses=losses,
        smallest_detectable=smallest_detectable(by_unit),
        effect_size=float(by_unit.mean()) / spread if spread > 0 else float("nan"),
    )


def _mean_by_instance(differences: Iterable[tuple[str, float]]) -> FloatArray:
    grouped: dict[str, list[float]] = defaultdict(list)
    for instance, difference in differences:
        grouped[instance].append(difference)
    return np.array([np.mean(grouped[instance]) for instance in sorted(grouped)])


def _by_unit(means: FloatArray, design: Design) -> FloatArray:
    """One difference for each unit that is drawn; their mean is that of the instances.

    Instances of one repository lean the same way: where repositories are drawn, they
    are what has an independent sign, with the sum of their instances.
    """
    sums = design.add_up(zip(design.instances, means.tolist(), strict=True))
    by_unit: FloatArray = sums * (design.units / len(design.instances))
    by_unit[np.abs(by_unit) <= ROUNDING] = 0.0
    return by_unit


def _adjust(found: Sequence[Comparison]) -> tuple[Comparison, ...]:
    every = _holm([c.all_cells for c in found])
    valid = _holm([c.valid_cells for c in found])
    adjusted = (
        replace(c, all_cells=a, valid_cells=v)
        for c, a, v in zip(found, every, valid, strict=True)
    )
    is_one = len(found) == 1
    return tuple(
        replace(c, reading=replace(c.reading, shows=_sentence(c, is_one=is_one)))
        for c in adjusted
    )


def _holm(tested: Sequence[Paired | None]) -> list[Paired | None]:
    known = [paired for paired in tested if paired is not None]
    adjusted = iter(adjust_by_holm([paired.test.p for paired in known]))
    return [p if p is None else replace(p, p_holm=next(adjusted)) for p in tested]


def _sentence(found: Comparison, *, is_one: bool) -> str:
    """What is shown over all cells; p by Holm too, unless it is the only budget."""
    at = "" if found.budget is None else f" with {found.budget} steps"
    paired = found.all_cells
    if paired is None:
        return f"{found.other} and {found.baseline} have no cell in common{at}."
    size = paired.smallest_detectable
    is_missable = abs(paired.difference.value) < size
    hint = (
        "; a true difference below {:.3f} would often be missed" if is_missable else ""
    )
    holm = "" if is_one else f" ({paired.p_holm:.3g} by Holm over all budgets)"
    return (
        f"{found.other} minus {found.baseline}{at}: "
        f"F1 {show(paired.difference, sign='+')}, "
        f"{paired.wins} wins, {paired.ties} ties, {paired.losses} losses, "
        f"sign-flip p = {paired.test.p:.3g}{holm}{hint.format(size)}."
    )
