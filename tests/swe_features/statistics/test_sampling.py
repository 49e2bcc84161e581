import math
from dataclasses import replace
from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.usage import Usage
from swe_features.statistics.curves import Contest
from swe_features.statistics.sampling import best_of, sample_at_equal_tokens
from tests.swe_features.statistics.tables import cell


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7), st.data())
def test_best_of_k_is_the_mean_over_all_choices(
    scores: list[float], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(scores)))
    assert best_of(scores, k) == pytest.approx(fmean(map(max, combinations(scores, k))))


@pytest.mark.parametrize("k", [0, 3])
def test_best_of_more_samples_than_there_are_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match="there are 2"):
        best_of([0.1, 0.2], k)


def contest(other_tokens: int) -> Contest:
    cells = [
        cell(f"shop__till-{number}", "test-time", 2, seed, f1=f1, tokens=100)
        for number in (1, 2)
        for seed, f1 in enumerate([0.0, 0.3, 0.6])
    ] + [
        cell(f"shop__till-{number}", "sleep-time", 2, f1=0.5, tokens=other_tokens)
        for number in (1, 2)
    ]
    return Contest(cells, "test-time", "sleep-time")


def test_samples_cost_what_they_cost_together() -> None:
    points, _ = sample_at_equal_tokens(contest(200))
    assert [(p.k, p.spent.value) for p in points] == [(1, 100), (2, 200), (3, 300)]
    assert [p.f1.value for p in points] == pytest.approx([0.3, 0.5, 0.6])


@pytest.mark.parametrize(
    ("tokens", "k", "difference"), [(100, 1, 0.2), (200, 2, 0.0), (250, 2.5, -0.05)]
)
def test_sampling_is_scaled_to_equal_tokens(
    tokens: int, k: float, difference: float
) -> None:
    _, (found,) = sample_at_equal_tokens(contest(tokens))
    assert found.k == k
    assert found.difference.value == pytest.approx(difference)


@pytest.mark.parametrize("tokens", [90, 310])
def test_tokens_that_no_number_of_seeds_matches_give_no_answer(tokens: int) -> None:
    _, (found,) = sample_at_equal_tokens(contest(tokens))
    assert math.isnan(found.difference.value)
    assert found.reading.shows.startswith("Unknown")


def test_samples_that_cost_nothing_are_no_number_of_samples() -> None:
    cells = [
        replace(o, test_tokens=Usage()) if o.arm == "test-time" else o
        for o in contest(100).observations
    ]
    _, (found,) = sample_at_equal_tokens(Contest(cells, "test-time", "sleep-time"))
    assert found.reading.shows == "Unknown: test-time spends nothing that was counted."
