import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swe_features.statistics.areas import compare_areas
from swe_features.statistics.curves import (
    Contest,
    draw_curve,
    mean_gap,
    spend_to_reach,
)
from swe_features.statistics.savings import save_at_equal_f1
from tests.swe_features.statistics.tables import arm_cells, untold

BASE = {2: (100, [0.1] * 5), 4: (200, [0.3] * 5), 8: (400, [0.5] * 5)}


def contest(other: Mapping[int, tuple[int, Sequence[float | None]]]) -> Contest:
    cells = [*arm_cells("test-time", BASE), *arm_cells("sleep-time", other)]
    return Contest(cells, "test-time", "sleep-time")


def test_saving_is_interpolated_on_the_other_curve() -> None:
    found = save_at_equal_f1(contest({2: (100, [0.2] * 5), 4: (200, [0.4] * 5)}))
    assert [saving.outcome for saving in found] == [
        "reached at once",
        "reached",
        "not reached",
    ]
    # 0.3 lies half way between 0.2 at 100 and 0.4 at 200 tokens.
    assert found[1].other_spent == pytest.approx(150)
    assert found[1].ratio.value == pytest.approx(200 / 150)


def test_level_that_is_never_reached_saves_nothing_and_says_so() -> None:
    *_, last = save_at_equal_f1(contest({2: (100, [0.2] * 5), 4: (200, [0.4] * 5)}))
    assert (last.other_spent, last.ratio.value) == (None, 0.0)
    assert last.not_reached_share == 1.0
    assert "never reaches" in last.reading.shows


def test_level_reached_by_the_first_budget_is_a_lower_bound() -> None:
    first, *_ = save_at_equal_f1(contest({2: (80, [0.2] * 5)}))
    assert first.other_spent == 80
    assert "at least" in first.reading.shows


def test_interval_of_a_doubtful_level_reaches_down_to_0() -> None:
    scores: list[float | None] = [0.0, 0.2, 0.5, 0.8, 1.0]
    found = save_at_equal_f1(contest({4: (200, scores), 2: (100, [0.0] * 5)}))
    last = found[-1]
    assert 0 < last.not_reached_share < 1
    assert last.ratio.percentile is not None
    assert last.ratio.percentile.low == 0


def test_arm_that_spends_nothing_saves_no_number_of_times() -> None:
    """A warning of numpy, and `at least inf (no interval) times`."""
    first, *_ = save_at_equal_f1(contest({2: (0, [0.2] * 5)}))
    assert first.reading.shows == (
        "For an F1 of 0.100, sleep-time spends nothing that was counted: no ratio."
    )
    assert first.ratio.percentile is None


def test_arm_without_scored_cells_has_no_curve() -> None:
    assert save_at_equal_f1(contest({2: (1, [None] * 5)})) == ()
    assert compare_areas(contest({})) is None


def test_arm_that_does_not_tell_its_tokens_has_no_curve() -> None:
    told = contest({2: (50, [0.5] * 5), 4: (100, [0.6] * 5)})
    silent = [untold(o) if o.arm == told.other else o for o in told.observations]
    assert save_at_equal_f1(replace(told, observations=silent)) == ()
    assert compare_areas(replace(told, observations=silent)) is None
    silent_at_2 = [untold(o) if o.budget == 2 else o for o in told.observations]
    found = save_at_equal_f1(replace(told, observations=silent_at_2))
    assert {each.baseline_budget for each in found} == {4, 8}


def test_area_between_parallel_curves_is_their_distance() -> None:
    above = {2: (100, [0.2] * 5), 4: (200, [0.4] * 5), 8: (400, [0.6] * 5)}
    found = compare_areas(contest(above))
    assert found is not None
    assert found.difference.value == pytest.approx(0.1)
    assert (found.low, found.high) == (100, 400)


def test_area_counts_only_what_both_spend() -> None:
    # From 200 to 300 the baseline rises from 0.3 to 0.4, a mean of 0.35.
    found = compare_areas(contest({2: (200, [0.5] * 5), 4: (300, [0.5] * 5)}))
    assert found is not None
    assert (found.low, found.high) == (200, 300)
    assert found.difference.value == pytest.approx(0.15)


def test_curves_that_do_not_overlap_have_no_area() -> None:
    found = compare_areas(contest({2: (900, [0.5] * 5), 4: (990, [0.5] * 5)}))
    assert found is not None
    assert math.isnan(found.difference.value)
    assert "do not overlap" in found.reading.shows


def test_broken_cells_lower_the_curve_unless_they_are_left_out() -> None:
    (point,) = draw_curve(arm_cells("a", {2: (100, [0.6, None])}), "a")
    assert point.f1.value == pytest.approx(0.3)
    assert point.f1_valid.value == pytest.approx(0.6)
    assert point.spent.value == 100


@given(st.data())
def test_spending_to_reach_agrees_with_walking_the_curve(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5))
    steps = data.draw(st.lists(st.floats(1, 50), min_size=count, max_size=count))
    scores = data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    level = data.draw(st.floats(0, 1))
    spent = np.cumsum(steps)
    found = spend_to_reach(spent[None], np.array([scores]), np.array([level]))[0]
    places = np.linspace(spent[0], spent[-1], 20_001)
    on_curve = np.interp(places, spent, scores)
    if not np.isfinite(found):
        assert on_curve.max() < level
    else:
        assert np.interp(found, spent, scores) >= level - 1e-6
        assert (on_curve[places < found - 1e-6] <= level + 1e-6).all()


@given(st.data())
def test_mean_gap_agrees_with_a_fine_grid(data: st.DataObject) -> None:
    curves = []
    for _ in range(2):
        count = data.draw(st.integers(2, 5))
        steps = data.draw(st.lists(st.floats(1, 50), min_size=count, max_size=count))
        scores = data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
        curves.append((np.cumsum(steps)[None], np.array([scores])))
    (x, a), (y, b) = curves
    low, high = max(x[0, 0], y[0, 0]), min(x[0, -1], y[0, -1])
    found = float(mean_gap((x, a), (y, b))[0])
    if high - low <= 1e-6:
        assert not low < high or abs(found) <= 1
        return
    places = np.linspace(low, high, 20_001)
    gap = np.interp(places, y[0], b[0]) - np.interp(places, x[0], a[0])
    assert found == pytest.approx(float(np.mean((gap[1:] + gap[:-1]) / 2)), abs=1e-3)


def test_curves_of_unlike_instances_say_so() -> None:
    """One arm on the easy rows, one on the hard ones: nothing named that."""
    level = {2: (100, [0.2] * 5), 4: (200, [0.4] * 4)}
    found = contest(level)
    doubt = "1 of 5 instances lack a cell at some arm and budget"
    (saving, *_), area = save_at_equal_f1(found), compare_areas(found)
    assert area is not None
    for reading in (saving.reading, area.reading):
        assert any(doubt in each for each in reading.doubts)
    even = contest({2: (100, [0.2] * 5)})
    assert not any("lack a cell" in each for each in even.doubts)
