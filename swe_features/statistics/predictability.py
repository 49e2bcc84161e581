"""Whether sleeping helps most where the query could be foreseen.

Instances are ranked by the log-probability a token of their query given the context,
and cut into bins of equal size (arXiv 2504.13171, section 5.4 and figure 10).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from swe_features.statistics.comparison import pair_cells
from swe_features.statistics.curves import Contest
from swe_features.statistics.intervals import Estimate, estimate
from swe_features.statistics.observations import Observation
from swe_features.statistics.query_likelihood import Likelihood
from swe_features.statistics.readings import Reading, doubts_about, show
from swe_features.statistics.resampling import Design, FloatArray
from swe_features.statistics.scores import mean_statistic

__all__ = ["Agreement", "Bin", "Predictability", "agree", "gain_by_predictability"]

BINS = 5
SHUFFLES = 10_000
FEW_IN_A_BIN = 10
ROUNDING = 1e-9
"""Spread of ranks that is none, but for the last bits."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Instances of like predictability."""

    instances: tuple[str, ...]
    least: float
    """Lowest log-probability a token, nats."""
    most: float
    baseline_f1: float
    other_f1: float
    gain: Estimate
    """Mean of `other - baseline` over pairs of cells, broken ones as 0."""


@dataclass(frozen=True, slots=True)
class Predictability:
    """Gain by predictability at one budget."""

    budget: int | None
    bins: tuple[Bin, ...]
    """The least predictable first; equal in size, but for one instance."""
    trend: Estimate
    """Rank correlation of predictability and gain between instances."""
    p: float
    """Two-sided, of the trend, by shuffling gains among all instances."""
    reading: Reading


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two models rank queries alike."""

    queries: int
    correlation: float
    """Spearman's rank correlation; NaN below three queries."""


def agree(one: Mapping[str, Likelihood], other: Mapping[str, Likelihood]) -> Agreement:
    """Compare two models on the queries that both judged, by `instance_id`."""
    both = sorted(_judged(one).keys() & _judged(other).keys())
    if len(both) < 3:  # noqa: PLR2004  # two points always agree or disagree
        return Agreement(len(both), float("nan"))
    a, b = ([side[name].per_token for name in both] for side in (one, other))
    return Agreement(len(both), _rank_correlation(np.array(a), np.array(b)))


def gain_by_predictability(
    contest: Contest,
    likelihoods: Mapping[str, Likelihood],
    *,
    budget: int | None,
    bins: int = BINS,
) -> Predictability | None:
    """Bin the gain of an arm by how predictable the queries were.

    Args:
        contest: Both arms.
        likelihoods: Of the queries, by `instance_id`; others and empty ones are left
            out.
        budget: At which both arms are compared.
        bins: How many.

    Returns:
        None where fewer pairs of instances than bins can be compared.
    """
    likelihoods = _judged(likelihoods)
    pairs, _ = pair_cells(*(_cells(contest, arm, budget) for arm in _arms(contest)))
    gains: dict[str, list[Observation]] = {}
    for base, other in pairs:
        if base.instance_id in likelihoods:
            gains.setdefault(base.instance_id, []).extend((base, other))
    if len(gains) < max(bins, 3):
        return None
    ranked = sorted(gains, key=lambda name: (_rounded(likelihoods[name]), name))
    cut = np.array_split(np.array(ranked, dtype=object), bins)
    found = tuple(_bin(contest, gains, likelihoods, tuple(names)) for names in cut)
    trend, p = _trend(contest, gains, likelihoods)
    unread = Predictability(budget, found, trend, p, Reading(""))
    cells = [cell for of_one in gains.values() for cell in of_one]
    doubts = doubts_about(cells)
    if Design.of(cells).unit == "repository":
        doubts += ("p takes instances for independent: read the trend's interval.",)
    return replace(unread, reading=_read(contest, unread, doubts))


def _judged(likelihoods: Mapping[str, Likelihood]) -> dict[str, Likelihood]:
    """Those of queries that say anything: of nothing there is nothing to foresee."""
    return {name: each for name, each in likelihoods.items() if each.tokens}


def _rounded(likelihood: Likelihood) -> float:
    """Equally predictable queries must have equal ranks, whatever their last bits."""
    return round(likelihood.per_token, 12)


def _arms(contest: Contest) -> tuple[str, str]:
    return contest.baseline, contest.other


def _cells(contest: Contest, arm: str, budget: int | None) -> list[Observation]:
    return [o for o in contest.cells if o.arm == arm and o.budget in {budget, None}]


def _bin(
    contest: Contest,
    gains: Mapping[str, Sequence[Observation]],
    likelihoods: Mapping[str, Likelihood],
    names: tuple[str, ...],
) -> Bin:
    cells = [cell for name in names for cell in gains[name]]
    design = Design.of(cells)
    base, other = (
        mean_statistic([o for o in cells if o.arm == arm], lambda seen: seen.f1, design)
        for arm in _arms(contest)
    )
    return Bin(
        instances=names,
        least=likelihoods[names[0]].per_token,
        most=likelihoods[names[-1]].per_token,
        baseline_f1=float(base(design.everyone)[0]),
        other_f1=float(other(design.everyone)[0]),
        gain=estimate(lambda w: other(w) - base(w), design, seed=contest.seed),
    )


def _trend(
    contest: Contest,
    gains: Mapping[str, Sequence[Observation]],
    likelihoods: Mapping[str, Likelihood],
) -> tuple[Estimate, float]:
    design = Design.of(cell for cells in gains.values() for cell in cells)
    x = stats.rankdata([_rounded(likelihoods[name]) for name in design.instances])
    y = stats.rankdata([_mean_gain(contest, gains[n]) for n in design.instances])
    found = estimate(
        lambda w: _weighted_correlation(design.of_instances(w), x, y),
        design,
        seed=contest.seed,
    )
    if np.isnan(found.value):
        return found, 1.0
    random = np.random.default_rng(contest.seed)
    shuffled = random.permuted(np.tile(y, (SHUFFLES, 1)), axis=1)
    centred = x - x.mean()
    reached = np.abs(shuffled @ centred) >= abs(float(y @ centred)) - 1e-9
    return found, float((1 + np.count_nonzero(reached)) / (1 + SHUFFLES))


def _mean_gain(contest: Contest, cells: Sequence[Observation]) -> float:
    means = [
        float(np.mean([o.f1 for o in cells if o.arm == arm])) for arm in _arms(contest)
    ]
    # Rounded: equal gains must have equal ranks, whatever their last bits.
    return round(means[1] - means[0], 12)


def _weighted_correlation(
    weights: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """Pearson's correlation of each row's weighted points; NaN without spread."""
    total = weights.sum(axis=1)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    covariance = weights @ (x * y) / total - mean_x * mean_y
    spread = (weights @ x**2 / total - mean_x**2) * (weights @ y**2 / total - mean_y**2)
    found: FloatArray = np.full(len(total), np.nan)
    np.divide(
        covariance, np.sqrt(np.maximum(spread, 0)), out=found, where=spread > ROUNDING
    )
    return found


def _rank_correlation(a: FloatArray, b: FloatArray) -> float:
    ranks = (stats.rankdata(a), stats.rankdata(b))
    return float(_weighted_correlation(np.ones((1, len(a))), *ranks)[0])


def _read(contest: Contest, found: Predictability, doubts: tuple[str, ...]) -> Reading:
    least, most = found.bins[0].gain, found.bins[-1].gain
    at = "" if found.budget is None else f" with {found.budget} steps"
    shows = (
        f"{contest.other}{at} gains {show(least, sign='+')} on the least and "
        f"{show(most, sign='+')} on the most predictable queries; the rank correlation "
        f"is {show(found.trend, decimals=2, sign='+')}, p = {found.p:.3g}."
    )
    smallest = min(len(each.instances) for each in found.bins)
    if smallest < FEW_IN_A_BIN:
        doubts += (f"A bin holds as few as {smallest} instances: read the trend.",)
    return Reading(shows, doubts)
