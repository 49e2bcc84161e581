import math
from itertools import product

import numpy as np
import pytest

from agent.localizer.set_size import SetPreference, _expected_scores, choose_size


def _by_hand(chances: list[float], size: int, beta: float) -> float:
    total = 0.0
    for edited in product((0, 1), repeat=len(chances)):
        chance = math.prod(
            [p if e else 1 - p for p, e in zip(chances, edited, strict=True)]
        )
        found, gold = sum(edited[:size]), sum(edited)
        total += chance * (1 + beta**2) * found / (beta**2 * gold + size)
    return total


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_expected_scores_are_those_of_every_outcome(beta: float) -> None:
    chances = [0.9, 0.6, 0.5, 0.2, 0.05]
    expected = _expected_scores(np.array(chances), 5, beta)
    by_hand = [_by_hand(chances, size, beta) for size in range(1, 6)]
    np.testing.assert_allclose(expected, by_hand)


def test_certain_files_are_taken_and_hopeless_ones_left() -> None:
    assert choose_size(np.array([0.99] * 4 + [0.001] * 30), SetPreference()) == 4


def test_recall_weight_makes_sets_larger() -> None:
    ranked = np.linspace(0.8, 0.01, 40)
    sizes = [
        choose_size(ranked, SetPreference(recall_weight=weight))
        for weight in (0.3, 1.0, 3.0)
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_limits_hold_even_where_there_are_fewer_files() -> None:
    assert choose_size(np.array([0.9, 0.8]), SetPreference(min_files=5)) == 2
    assert choose_size(np.array([0.9] * 9), SetPreference(max_files=3)) == 3
    assert choose_size(np.zeros(0), SetPreference()) == 0


@pytest.mark.parametrize(
    ("least", "most", "weight"), [(5, 3, 1), (-1, 3, 1), (1, 2, 0)]
)
def test_a_preference_that_contradicts_itself_is_refused(
    least: int, most: int, weight: float
) -> None:
    with pytest.raises(ValueError, match=r"give 0 <=|above 0"):
        SetPreference(least, most, weight)


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf, 1e308])
def test_a_weight_that_weighs_nothing_or_all_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="1 means F1"):
        SetPreference(recall_weight=weight)
