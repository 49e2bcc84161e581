"""Intervals of what is read off two curves hold a known truth as often as they say."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.interval_coverage import SAVING, area, contest, holds, saving, true_area
from swe_features.statistics.curves import Contest
from swe_features.statistics.intervals import Estimate

SAMPLES = 300


@pytest.mark.parametrize(
    ("read_off", "truth"),
    [(saving, SAVING), (area, true_area())],
    ids=["saving", "area"],
)
def test_intervals_of_curves_have_their_nominal_coverage(
    read_off: Callable[[Contest], Estimate], truth: float
) -> None:
    random = np.random.default_rng(3)
    held = [holds(read_off(contest(random, 18)), truth)[0] for _ in range(SAMPLES)]
    chance = 2.6 * math.sqrt(0.95 * 0.05 / SAMPLES)
    assert abs(float(np.mean(held)) - 0.95) <= chance


def test_wrong_truth_is_not_held() -> None:
    """Else the test above could not fail."""
    random = np.random.default_rng(3)
    held = [holds(saving(contest(random, 18)), 1.0)[0] for _ in range(100)]
    assert np.mean(held) < 0.5
