import math
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swe_features.statistics.comparison import Paired, compare, compare_arms
from swe_features.statistics.observations import Observation
from swe_features.statistics.resampling import FloatArray
from swe_features.statistics.significance import smallest_detectable
from tests.swe_features.statistics.tables import arm_cells, cell

SCORES = st.lists(
    st.tuples(st.sampled_from([0, 0.4, 0.5, 1]), st.sampled_from([0, 0.4, 0.5, 1])),
    min_size=2,
    max_size=8,
)


def test_paired_difference_by_hand() -> None:
    cells = [
        *arm_cells("test-time", {4: (100, [0.2, 0.4, 0.6])}),
        *arm_cells("sleep-time", {4: (100, [0.5, 0.7, 0.6])}),
    ]
    (found,) = compare_arms(cells, baseline="test-time", other="sleep-time")
    assert found.all_cells is not None
    assert found.all_cells.difference.value == pytest.approx(0.2)
    assert (found.all_cells.wins, found.all_cells.ties, found.all_cells.losses) == (
        2,
        1,
        0,
    )
    # Of the four patterns of two signs, both-plus and both-minus are as far from 0.
    assert found.all_cells.test.p == pytest.approx(0.5)
    assert found.all_cells.effect_size == pytest.approx(0.2 / 0.1732, rel=1e-3)


def test_what_makes_an_instance_hard_for_both_drops_out() -> None:
    cells = [
        *arm_cells("test-time", {4: (100, [0.0, 0.3, 0.9])}),
        *arm_cells("sleep-time", {4: (100, [0.1, 0.4, 1.0])}),
    ]
    (found,) = compare_arms(cells, baseline="test-time", other="sleep-time")
    assert found.all_cells is not None
    interval = found.all_cells.difference.percentile
    assert interval is not None
    assert interval.low == pytest.approx(0.1)
    assert interval.high == pytest.approx(0.1)


def test_pair_with_a_broken_side_is_in_one_denominator_only() -> None:
    cells = [
        *arm_cells("test-time", {4: (100, [0.5, 0.5, 0.5])}),
        *arm_cells("sleep-time", {4: (100, [None, 0.6, 0.6])}),
    ]
    (found,) = compare_arms(cells, baseline="test-time", other="sleep-time")
    assert found.all_cells is not None
    assert found.valid_cells is not None
    assert found.all_cells.difference.value == pytest.approx(-0.1)
    assert found.valid_cells.difference.value == pytest.approx(0.1)
    assert found.all_cells.losses == 1


def test_cells_without_a_partner_are_counted_and_left_out() -> None:
    cells = [
        *arm_cells("test-time", {4: (100, [0.5, 0.5, 0.0])}),
        *arm_cells("sleep-time", {4: (100, [0.5, 0.5])}),
    ]
    (found,) = compare_arms(cells, baseline="test-time", other="sleep-time")
    assert (found.pairs, found.unpaired) == (2, 1)
    assert any("1 cells have no partner" in doubt for doubt in found.reading.doubts)


def test_instances_whose_answers_differ_are_a_doubt() -> None:
    before = arm_cells("test-time", {4: (100, [0.5, 0.5])})
    after = [replace(each, arm="sleep-time") for each in before]
    after[0] = replace(after[0], gold_files=frozenset({"b.py"}))
    (found,) = compare_arms([*before, *after], baseline="test-time", other="sleep-time")
    assert "The gold files of 1 instances are not the same." in found.reading.doubts


def test_seeds_are_paired_and_averaged_within_an_instance() -> None:
    cells = [
        cell(arm=arm, seed=seed, f1=f1)
        for arm, scores in (("a", [0.1, 0.9, 0.3]), ("b", [0.2, 0.8, 0.3]))
        for seed, f1 in enumerate(scores)
    ]
    (found,) = compare_arms(cells, baseline="a", other="b")
    assert found.all_cells is not None
    assert found.pairs == 3
    assert (found.all_cells.wins, found.all_cells.ties) == (0, 1)


def test_instance_with_more_seeds_weighs_no_more() -> None:
    """The difference was of pairs, and p of instances: +0.15 and 1.0."""
    cells = [
        cell(f"shop__till-{number}", arm, seed=seed, f1=f1)
        for number, seeds, gained in ((1, 3, 0.8), (2, 1, 0.2))
        for seed in range(seeds)
        for arm, f1 in (("test-time", 0.5), ("sleep-time", gained))
    ]
    (found,) = compare_arms(cells, baseline="test-time", other="sleep-time")
    assert found.pairs == 4
    assert found.all_cells is not None
    assert found.all_cells.difference.value == pytest.approx(0.0)
    assert found.all_cells.test.p == 1.0


def test_arm_without_steps_is_held_against_every_budget() -> None:
    cells = [
        cell(arm="bm25", budget=None, f1=0.5),
        *(
            cell(budget=budget, seed=seed, f1=0.75)
            for budget in (8, 2)
            for seed in (0, 1)
        ),
    ]
    found = compare_arms(cells, baseline="bm25", other="test-time")
    assert [(c.budget, c.pairs, c.unpaired) for c in found] == [(2, 2, 0), (8, 2, 0)]


def test_arm_that_asks_a_model_once_is_paired_by_seed() -> None:
    """`memory-probe` has no budget, but a cell for each seed."""
    probes = [
        replace(cell(arm="memory-probe", budget=None, seed=n, f1=n / 10), model="some")
        for n in range(5)
    ]
    (found,) = compare(probes, probes[:4])
    assert (found.pairs, found.unpaired) == (4, 1)
    steps = [cell(budget=budget, seed=0) for budget in (2, 8)]
    at = compare_arms([*probes, *steps], baseline="memory-probe", other="test-time")
    assert [(c.budget, c.pairs, c.unpaired) for c in at] == [(2, 1, 4), (8, 1, 4)]


def of_model(name: str, arm: str, f1: float) -> list[Observation]:
    return [
        replace(seen, model=name) for seen in arm_cells(arm, {4: (100, [f1, f1, f1])})
    ]


def test_cells_of_several_models_are_paired_within_each() -> None:
    cells = [
        *of_model("weak", "a", 0.0),
        *of_model("strong", "a", 0.8),
        *of_model("weak", "b", 0.1),
        *of_model("strong", "b", 0.9),
        *(cell(f"shop__till-{n}", "bm25", None) for n in range(3)),
    ]
    (found,) = compare_arms(cells, baseline="a", other="b")
    assert found.all_cells is not None
    assert (found.pairs, found.unpaired) == (6, 0)
    interval = found.all_cells.difference.percentile
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.1, 0.1))
    assert any("by 2 models: strong, weak." in doubt for doubt in found.reading.doubts)
    (steady,) = compare_arms(cells, baseline="bm25", other="b")
    assert (steady.pairs, steady.unpaired) == (6, 0)


def test_arms_that_slept_with_several_models_are_paired_within_each() -> None:
    cells = [
        replace(cell(arm=arm, f1=f1, sleep=9), sleep_model=name)
        for name, f1 in (("weak", 0.0), ("strong", 1.0))
        for arm in ("a", "b")
    ]
    (found,) = compare_arms([*cells, cell()], baseline="a", other="b")
    assert (found.pairs, found.unpaired) == (2, 0)
    assert any("of 2 models: strong, weak." in doubt for doubt in found.reading.doubts)
    (against_all,) = compare_arms([*cells, cell()], baseline="test-time", other="b")
    assert (against_all.pairs, against_all.unpaired) == (2, 0)


def test_runs_of_one_model_each_compare_the_models() -> None:
    (found,) = compare(of_model("weak", "a", 0.2), of_model("strong", "a", 0.6))
    assert found.all_cells is not None
    assert (found.pairs, found.unpaired) == (3, 0)
    assert found.all_cells.difference.value == pytest.approx(0.4)


def test_run_of_several_models_has_no_partner_in_one_of_another() -> None:
    several = [*of_model("weak", "a", 0.2), *of_model("strong", "a", 0.6)]
    (found,) = compare(several, of_model("strong", "a", 0.7))
    assert (found.pairs, found.unpaired) == (3, 3)


def test_holm_is_over_the_budgets_that_are_compared() -> None:
    points = {budget: (100, [0.1] * 6) for budget in (2, 4, 8)}
    better = {budget: (100, [0.2] * 6) for budget in (2, 4, 8)}
    cells = [*arm_cells("a", points), *arm_cells("b", better)]
    found = compare_arms(cells, baseline="a", other="b")
    for comparison in found:
        assert comparison.all_cells is not None
        assert comparison.all_cells.test.p == pytest.approx(2 / 64)
        assert comparison.all_cells.p_holm == pytest.approx(6 / 64)


def of_repositories(gains: FloatArray) -> Paired:
    """Two arms, compared: the gain of each instance (a column) of repositories."""
    cells = [
        cell(f"shop__till{repo}-{number}", arm, f1=0.5 + (gain if arm == "b" else 0.0))
        for repo, of_one in enumerate(gains.tolist())
        for number, gain in enumerate(of_one)
        for arm in ("a", "b")
    ]
    (found,) = compare_arms(cells, baseline="a", other="b")
    assert found.all_cells is not None
    return found.all_cells


def test_sentence_tells_p_by_holm_where_budgets_are_several() -> None:
    """It travels without its table, and five budgets are five chances."""
    cells = [
        *arm_cells("test-time", {n: (100, [0.2] * 6) for n in (2, 4)}),
        *arm_cells("sleep-time", {n: (100, [0.5] * 6) for n in (2, 4)}),
    ]
    two = compare_arms(cells, baseline="test-time", other="sleep-time")
    told = "p = 0.0312 (0.0625 by Holm over all budgets)"
    assert all(told in each.reading.shows for each in two)
    few = [each for each in cells if each.budget == 2]
    (one,) = compare_arms(few, baseline="test-time", other="sleep-time")
    assert "Holm" not in one.reading.shows


def test_p_is_as_rare_as_told_where_repositories_lean_one_way() -> None:
    """Flipped one by one, the instances of these would say p < 0.05 in every third."""
    random, samples = np.random.default_rng(5), 400
    alarms = [
        of_repositories(random.normal(0, 0.1, (12, 1)) + random.normal(0, 0.1, (12, 5)))
        for _ in range(samples)
    ]
    share = np.mean([found.test.p < 0.05 for found in alarms])
    assert abs(share - 0.05) <= 2.6 * math.sqrt(0.05 * 0.95 / samples)


def test_repositories_count_as_one_difference_each_by_hand() -> None:
    gains = np.full((10, 4), 0.1)
    gains[0] = [-0.1, -0.1, 0.3, 0.1]
    found = of_repositories(gains)
    assert (found.wins, found.losses) == (38, 2)
    # Of the 1,024 patterns of ten signs, all-plus and all-minus are as far from 0.
    assert (found.test.p, found.test.nonzero) == (2 / 1024, 10)
    by_repository = np.array([0.05, *[0.1] * 9])
    assert found.difference.value == pytest.approx(by_repository.mean())
    assert found.effect_size == pytest.approx(
        by_repository.mean() / by_repository.std(ddof=1)
    )
    assert found.smallest_detectable == pytest.approx(
        smallest_detectable(by_repository)
    )


def test_runs_are_compared_in_what_both_have() -> None:
    a = arm_cells("test-time", {2: (1, [0.1, 0.2]), 4: (1, [0.3, 0.4])})
    b = [*arm_cells("test-time", {4: (1, [0.5, 0.6])}), cell(arm="new", f1=1.0)]
    (found,) = compare(a, b)
    assert (found.baseline, found.other, found.budget) == (
        "A: test-time",
        "B: test-time",
        4,
    )
    assert found.all_cells is not None
    assert found.all_cells.difference.value == pytest.approx(0.2)


def test_run_compared_with_itself_differs_in_nothing() -> None:
    cells = arm_cells("test-time", {4: (1, [0.3, None, 1.0])})
    (found,) = compare(cells, cells)
    assert found.all_cells is not None
    assert found.all_cells.difference.value == 0
    assert (found.all_cells.test.p, found.all_cells.ties) == (1.0, 3)


@settings(max_examples=25)
@given(SCORES)
def test_changing_sides_changes_signs_and_nothing_else(
    scores: list[tuple[float, float]],
) -> None:
    cells = [
        *arm_cells("a", {4: (1, [left for left, _ in scores])}),
        *arm_cells("b", {4: (1, [right for _, right in scores])}),
    ]
    (there,) = compare_arms(cells, baseline="a", other="b")
    (back,) = compare_arms(cells, baseline="b", other="a")
    assert there.all_cells is not None
    assert back.all_cells is not None
    assert there.all_cells.difference.value == pytest.approx(
        -back.all_cells.difference.value
    )
    assert there.all_cells.wins == back.all_cells.losses
    assert there.all_cells.test == back.all_cells.test


@settings(max_examples=25)
@given(SCORES, st.randoms())
def test_order_of_the_rows_changes_nothing(
    scores: list[tuple[float, float]], random: Random
) -> None:
    cells = [
        *arm_cells("a", {4: (1, [left for left, _ in scores])}),
        *arm_cells("b", {4: (1, [right for _, right in scores])}),
    ]
    shuffled = list(cells)
    random.shuffle(shuffled)
    assert repr(compare_arms(shuffled, baseline="a", other="b")) == repr(
        compare_arms(cells, baseline="a", other="b")
    )
