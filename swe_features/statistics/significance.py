"""Tests of paired differences: sign flips, Holm's correction, power."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from swe_features.statistics.resampling import FloatArray

__all__ = ["SignFlip", "adjust_by_holm", "sign_flip_test", "smallest_detectable"]

MOST_EXACT = 20
"""Differences up to which every pattern of signs is tried: a million sums."""
RANDOM_FLIPS = (10_000, 100_000)
"""Fewest and most random patterns otherwise, depending on their length."""
MOST_SIGNS = 50_000_000
CHUNK_SIGNS = 4_000_000
"""Signs at the same time: 32 MB."""


@dataclass(frozen=True, slots=True)
class SignFlip:
    """Outcome of a sign-flip permutation test."""

    p: float
    """Two-sided: how often chance alone gives a mean at least as far from 0."""
    is_exact: bool
    """Whether every pattern of signs was tried."""
    nonzero: int
    """Differences that are not 0; the others say nothing."""


def sign_flip_test(
    differences: Sequence[float] | FloatArray, *, seed: int = 0
) -> SignFlip:
    """Test whether paired differences lie around 0.

    Were the two arms alike, each difference would as likely have the other sign.

    Args:
        differences: One for each independent unit.
        seed: Of the random signs, where there are too many patterns to try all.
    """
    given = np.asarray(differences, dtype=np.float64)
    moved = given[given != 0]
    if not len(moved):
        return SignFlip(1.0, is_exact=True, nonzero=0)
    # Sums in another order differ in their last bits; equal ones must count as equal.
    observed = abs(float(moved.sum())) - 1e-9 * float(np.abs(moved).sum())
    if len(moved) <= MOST_EXACT:
        # The pattern and its mirror are equally far from 0: half of them is enough.
        sums = moved[:1]
        for value in moved[1:]:
            sums = np.concatenate([sums + value, sums - value])
        share = float(np.mean(np.abs(sums) >= observed))
        return SignFlip(share, is_exact=True, nonzero=len(moved))
    flips = int(np.clip(MOST_SIGNS // len(moved), *RANDOM_FLIPS))
    extreme = sum(
        int(np.count_nonzero(np.abs(sums) >= observed))
        for sums in _random_sums(moved, flips, np.random.default_rng(seed))
    )
    return SignFlip((1 + extreme) / (1 + flips), is_exact=False, nonzero=len(moved))


def _random_sums(
    moved: FloatArray, flips: int, random: np.random.Generator
) -> Iterator[FloatArray]:
    """Sums with random signs, a few rows at a time."""
    rows = max(1, CHUNK_SIGNS // len(moved))
    for start in range(0, flips, rows):
        count = min(rows, flips - start)
        coins = np.frombuffer(random.bytes(count * len(moved) // 8 + 1), np.uint8)
        heads = np.unpackbits(coins, count=count * len(moved))
        # A difference counts twice or not at all: the same as with either sign.
        yield 2 * (heads.reshape(count, -1) @ moved) - moved.sum()


def adjust_by_holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p values of several tests, so that one false alarm stays as rare as told.

    Holm's step-down procedure (1979); the order of the values is kept.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def smallest_detectable(
    differences: Sequence[float] | FloatArray,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """The smallest true mean difference that such a sample would show.

    By the paired t test with the observed spread; NaN where there is none.

    Args:
        differences: One for each independent unit.
        power: Chance with which a true difference of that size is to be seen.
        alpha: Two-sided level of the test.
    """
    count = len(differences)
    if count < 2:  # noqa: PLR2004  # no spread
        return math.nan
    spread = float(np.std(differences, ddof=1))
    if spread == 0:
        return math.nan
    critical = float(stats.t.ppf(1 - alpha / 2, count - 1))

    def lacking(shift: float) -> float:
        return float(stats.nct.sf(critical, count - 1, shift)) - power

    shift = float(optimize.brentq(lacking, 0.0, critical + 10))
    return shift * spread / math.sqrt(count)
