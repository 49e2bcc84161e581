"""Resamples as lists of drawn units, and the two intervals."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from tests.swe_features.report.recount.rows import Measure, Row

__all__ = ["Floats", "Numbers", "Sample", "Statistic", "put"]

Floats: TypeAlias = NDArray[np.float64]
Picks: TypeAlias = NDArray[Any]
"""Rows x drawn units."""
Statistic: TypeAlias = Callable[[Picks], Floats]
Numbers: TypeAlias = dict[str, float | None]
"""By the place on the page."""

DRAWS = 2000
MANY_REPOSITORIES = 10
FEWEST_INSIDE = 5
GROUPS = 500
CLOSE = 1e-9


class Sample:
    """The instances of one analysis: what is drawn, and from where."""

    def __init__(self, rows: Iterable[Row]) -> None:
        repo_of = {row.instance: row.repo for row in rows}
        self.instances = sorted(repo_of)
        sizes = Counter(repo_of.values())
        if len(sizes) >= MANY_REPOSITORIES:
            self.units = sorted(sizes)
            self.unit_of = repo_of
            strata = [self.units]
        else:
            self.units = self.instances
            self.unit_of = {name: name for name in self.instances}
            strata = [self.units]
            if min(sizes.values(), default=0) >= FEWEST_INSIDE:
                strata = [
                    [name for name in self.instances if repo_of[name] == repo]
                    for repo in sorted(sizes)
                ]
        self.place = {name: number for number, name in enumerate(self.units)}
        self.freedom = len(self.units) - len(strata)
        self.everyone = np.arange(len(self.units))[None, :]
        self._strata = strata
        self._drawn: Picks | None = None

    @property
    def drawn(self) -> Picks:
        """2,000 resamples, one stratum after the other from one stream."""
        if self._drawn is None:
            random = np.random.default_rng(0)
            parts = []
            for names in self._strata:
                places = np.array([self.place[name] for name in names])
                parts.append(
                    places[random.integers(0, len(names), (DRAWS, len(names)))]
                )
            self._drawn = np.concatenate(parts, axis=1)
        return self._drawn

    def one_left_out(self, statistic: Statistic) -> Floats:
        count = len(self.units)
        groups = min(count, GROUPS)
        every = np.arange(count)
        kept = (every[every % groups != group] for group in range(groups))
        return np.array([statistic(picks[None, :])[0] for picks in kept])

    def remember(self, statistic: Statistic) -> Statistic:
        """The same statistic, which computes the resamples once."""
        known: list[Floats] = []

        def remembered(picks: Picks) -> Floats:
            if picks is not self._drawn:
                return statistic(picks)
            if not known:
                known.append(statistic(picks))
            return known[0]

        return remembered

    def sums(self, amounts: Iterable[tuple[str, float]]) -> Floats:
        """What belongs to each unit, from amounts of instances."""
        found = np.zeros(len(self.units))
        for instance, amount in amounts:
            found[self.place[self.unit_of[instance]]] += amount
        return found

    def mean(self, rows: Sequence[Row], measure: Measure) -> Statistic:
        """Mean of a measure over rows, of whatever units were drawn."""
        total = self.sums((row.instance, measure(row)) for row in rows)
        number = self.sums((row.instance, 1.0) for row in rows)
        return self.quotient(total, number)

    def quotient(self, above: Floats, below: Floats) -> Statistic:
        def statistic(picks: Picks) -> Floats:
            counted = below[picks].sum(axis=1)
            found: Floats = np.full(len(picks), np.nan)
            np.divide(above[picks].sum(axis=1), counted, out=found, where=counted != 0)
            return found

        return statistic


def put(numbers: Numbers, place: str, statistic: Statistic, sample: Sample) -> None:
    """An estimate: its value, and the ends of its two intervals."""
    with np.errstate(all="ignore"):
        value = float(statistic(sample.everyone)[0])
        ends: list[float | None] = [None] * 4
        if sample.freedom >= 1 and math.isfinite(value):
            ends = _ends(statistic, sample, value)
    names = ("low", "high", "bca_low", "bca_high")
    numbers[f"{place}/value"] = value if math.isfinite(value) else None
    for name, end in zip(names, ends, strict=True):
        is_known = end is not None and math.isfinite(end)
        numbers[f"{place}/{name}"] = end if is_known else None


def _ends(statistic: Statistic, sample: Sample, value: float) -> list[Any]:
    found = statistic(sample.drawn)
    found = np.sort(found[~np.isnan(found)])
    if len(found) < 0.95 * DRAWS:
        return [None] * 4
    freedom = sample.freedom
    z = t.ppf(0.975, freedom) * math.sqrt(len(sample.units) / freedom)
    plain = [_quantile(found, norm.cdf(-z)), _quantile(found, norm.cdf(z))]
    return plain + _bca(found, value, sample.one_left_out(statistic), z)


def _quantile(ordered: Floats, share: float) -> float:
    place = share * (len(ordered) - 1)
    left, right = ordered[math.floor(place)], ordered[math.ceil(place)]
    if left == right:
        return float(left)
    if math.isinf(left) or math.isinf(right):
        return float(ordered[round(place)])
    return float(left * (1 - place % 1) + right * (place % 1))


def _bca(ordered: Floats, value: float, left_out: Floats, z: float) -> list[Any]:
    left_out = left_out[np.isfinite(left_out)]
    if len(left_out) < 2 or not np.isfinite(ordered).all():
        return [None, None]
    close = CLOSE * max(abs(ordered[0]), abs(ordered[-1]))
    if ordered[-1] - ordered[0] <= close:
        return [ordered[0], ordered[-1]]
    ties = int((abs(ordered - value) <= close).sum())
    less = int((ordered < value - close).sum())
    share = (less + ties / 2) / len(ordered)
    if share in {0, 1}:
        return [None, None]
    middle = sum(left_out) / len(left_out)
    spread = [middle - each for each in left_out]
    spread = [0.0 if abs(each) <= close else each for each in spread]
    squares = sum(each**2 for each in spread)
    skew = sum(each**3 for each in spread) / (6 * squares**1.5) if squares else 0.0
    bias = norm.ppf(share)
    return [
        _quantile(ordered, norm.cdf(bias + moved / (1 - skew * moved)))
        for moved in (bias - z, bias + z)
    ]
