import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from swe_features.statistics.intervals import Estimate, Statistic, estimate
from swe_features.statistics.resampling import Design, FloatArray, Unit
from tests.swe_features.statistics.tables import cell

SIMULATIONS = 1_000
F1_LIKE = np.array([0, 0, 0, 1 / 3, 0.4, 0.5, 4 / 7, 2 / 3, 0.8, 1])


def mean_of(values: FloatArray) -> Statistic:
    def statistic(weights: FloatArray) -> FloatArray:
        # Units of equal size: the values of each are next to one another.
        by_unit = values.reshape(weights.shape[1], -1).mean(axis=1)
        means: FloatArray = weights @ by_unit / weights.sum(axis=1)
        return means

    return statistic


def design_of(repos: list[str], unit: Unit = "instance") -> Design:
    return Design(tuple(f"i{n:03}" for n in range(len(repos))), tuple(repos), unit)


def coverage(design: Design, samples: FloatArray, truth: float) -> tuple[float, float]:
    """Shares of samples whose percentile and BCa intervals hold the truth."""
    held = [
        (
            found.percentile is not None and truth in found.percentile,
            found.bca is not None and truth in found.bca,
        )
        for number, sample in enumerate(samples)
        for found in [estimate(mean_of(sample), design, draws=999, seed=number)]
    ]
    percentile, bca = np.mean(held, axis=0)
    return float(percentile), float(bca)


def is_nominal(share: float, level: float = 0.95) -> bool:
    """Whether a share of the simulations differs from the level by chance alone."""
    return abs(share - level) <= 2.6 * math.sqrt(level * (1 - level) / SIMULATIONS)


@pytest.mark.parametrize("instances", [10, 33])
def test_intervals_of_scores_have_their_nominal_coverage(instances: int) -> None:
    random = np.random.default_rng(7)
    samples = random.choice(F1_LIKE, (SIMULATIONS, instances))
    shares = coverage(design_of(["one"] * instances), samples, F1_LIKE.mean())
    assert all(map(is_nominal, shares)), shares


def test_intervals_of_differences_have_their_nominal_coverage() -> None:
    samples = np.random.default_rng(7).normal(0, 1, (SIMULATIONS, 18))
    shares = coverage(design_of(["one"] * 18), samples, 0.0)
    assert all(map(is_nominal, shares)), shares


def test_bca_of_a_few_scores_errs_on_the_side_of_caution() -> None:
    """Means of 18 scores from ten values lie on a grid; BCa rounds outwards there."""
    samples = np.random.default_rng(7).choice(F1_LIKE, (SIMULATIONS, 18))
    percentile, bca = coverage(design_of(["one"] * 18), samples, F1_LIKE.mean())
    assert is_nominal(percentile)
    assert 0.95 <= bca <= 0.98


def clustered(repos: int, inside: int) -> FloatArray:
    """Scores whose truth is 0, and which are alike within a repository."""
    random = np.random.default_rng(11)
    shared = random.normal(0, 1, (SIMULATIONS, repos)).repeat(inside, axis=1)
    return shared + random.normal(0, 1, (SIMULATIONS, repos * inside))


def test_intervals_over_repositories_have_their_nominal_coverage() -> None:
    design = design_of([f"r{n // 4:02}" for n in range(80)], "repository")
    shares = coverage(design, clustered(20, 4), 0.0)
    assert all(map(is_nominal, shares)), shares


def test_ignoring_repositories_would_claim_far_too_much() -> None:
    design = design_of(["one"] * 80)
    assert max(coverage(design, clustered(20, 4)[:300], 0.0)) < 0.9


def test_without_the_widening_small_samples_would_be_covered_too_rarely() -> None:
    random = np.random.default_rng(7)
    samples = random.choice(F1_LIKE, (SIMULATIONS, 6))
    design = design_of(["one"] * 6)
    plain = [
        np.quantile(mean_of(x)(design.weights(draws=999, seed=n)), [0.025, 0.975])
        for n, x in enumerate(samples)
    ]
    held = [low <= F1_LIKE.mean() <= high for low, high in plain]
    assert not is_nominal(float(np.mean(held)))
    assert coverage(design, samples, F1_LIKE.mean())[0] > np.mean(held) + 0.02


def test_percentile_interval_of_a_normal_mean_is_near_students() -> None:
    sample = np.random.default_rng(3).normal(0, 1, 40)
    found = estimate(mean_of(sample), design_of(["one"] * 40), draws=20_000)
    student = stats.t.interval(0.95, 39, sample.mean(), stats.sem(sample))
    assert found.percentile is not None
    assert found.percentile.low == pytest.approx(student[0], abs=0.03)
    assert found.percentile.high == pytest.approx(student[1], abs=0.03)


def test_bca_leans_to_the_long_tail() -> None:
    sample = np.random.default_rng(3).lognormal(0, 1, 30)
    found = estimate(mean_of(sample), design_of(["one"] * 30))
    assert found.percentile is not None
    assert found.bca is not None
    assert found.bca.low > found.percentile.low
    assert found.bca.high > found.percentile.high


def test_last_bits_make_no_difference_to_bca() -> None:
    """Sums in another order differ in their last bits: ties must stay ties."""
    scores = np.array([0.1, 0.2, 0.3, 0.7, 0.4, 0.6, 0.3, 0.1, 0.9])
    design = design_of(["one"] * 9)
    jitter = np.random.default_rng(5)

    def jittered(weights: FloatArray) -> FloatArray:
        means = mean_of(scores)(weights)
        noise: FloatArray = means + 1e-16 * jitter.integers(-3, 4, len(means))
        return noise

    plain = estimate(mean_of(scores), design).bca
    moved = estimate(jittered, design).bca
    assert plain is not None
    assert moved is not None
    assert (moved.low, moved.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


def test_one_instance_has_no_interval() -> None:
    found = estimate(mean_of(np.array([0.5])), design_of(["one"]))
    assert (found.value, found.percentile, found.bca) == (0.5, None, None)


def test_equal_scores_have_an_interval_of_no_width() -> None:
    found = estimate(mean_of(np.full(9, 0.25)), design_of(["one"] * 9))
    assert found.percentile is not None
    assert (found.percentile.low, found.percentile.high) == (0.25, 0.25)
    assert found.bca == found.percentile


def test_value_that_most_resamples_lack_has_no_interval() -> None:
    def fragile(weights: FloatArray) -> FloatArray:
        return np.where(weights.min(axis=1) > 0, 0.5, np.nan)

    found = estimate(fragile, design_of(["one"] * 9))
    assert (found.value, found.percentile) == (0.5, None)


def test_infinite_resamples_end_an_interval_at_infinity() -> None:
    def rarely_infinite(weights: FloatArray) -> FloatArray:
        return np.where(weights[:, 0] == 0, np.inf, weights[:, 0])

    found = estimate(rarely_infinite, design_of(["one"] * 9))
    assert found.percentile is not None
    assert (found.percentile.low, found.percentile.high) == (1.0, math.inf)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=12),
    st.floats(-3, 3),
    st.floats(0.1, 3),
)
def test_intervals_move_with_the_scores(
    scores: list[float], shift: float, scale: float
) -> None:
    design = design_of(["one"] * len(scores))
    x = np.array(scores)
    plain = estimate(mean_of(x), design, draws=200)
    moved = estimate(mean_of(shift + scale * x), design, draws=200)
    assert ends(moved) == pytest.approx([shift + scale * e for e in ends(plain)])


def ends(found: Estimate) -> list[float]:
    assert found.percentile is not None
    return [found.value, found.percentile.low, found.percentile.high]


def test_equal_seeds_draw_equal_resamples_and_others_do_not() -> None:
    design = design_of(["one"] * 9)
    assert np.array_equal(design.weights(seed=1), design.weights(seed=1))
    assert not np.array_equal(design.weights(seed=1), design.weights(seed=2))


def test_draws_within_repositories_keep_the_size_of_each() -> None:
    weights = design_of(["one"] * 6 + ["two"] * 5).weights()
    assert set(weights[:, :6].sum(axis=1)) == {6.0}
    assert set(weights[:, 6:].sum(axis=1)) == {5.0}


def test_repositories_of_a_few_instances_are_pooled() -> None:
    weights = design_of(["one"] * 6 + ["two"] * 2).weights()
    assert len(set(weights[:, :6].sum(axis=1))) > 1
    assert set(weights.sum(axis=1)) == {8.0}


def test_drawing_repositories_keeps_their_instances_together() -> None:
    design = design_of(["one", "one", "two", "three"], "repository")
    weights = design.of_instances(design.weights())
    assert np.array_equal(weights[:, 0], weights[:, 1])
    assert not np.array_equal(weights[:, 0], weights[:, 2])
    assert set(design.weights().sum(axis=1)) == {3.0}
    assert design.units == 3
    left_out = design.of_instances(design.leave_one_out())
    assert left_out.tolist() == [[0, 0, 1, 1], [1, 1, 1, 0], [1, 1, 0, 1]]


def test_amounts_are_added_up_by_unit() -> None:
    design = design_of(["one", "one", "two"], "repository")
    amounts = [("i000", 1.0), ("i001", 2.0), ("i002", 5.0), ("i002", 0.5)]
    assert design.add_up(amounts).tolist() == [3.0, 5.5]


@pytest.mark.parametrize(("repos", "unit"), [(9, "instance"), (10, "repository")])
def test_repositories_are_drawn_where_there_are_enough(repos: int, unit: Unit) -> None:
    cells = [cell(f"shop__till{n}-1") for n in range(repos)]
    assert Design.of(cells).unit == unit


def test_many_units_are_left_out_in_groups_that_tell_the_same() -> None:
    sample = np.random.default_rng(3).lognormal(0, 1, 1_200)
    found = estimate(mean_of(sample), design_of(["one"] * 1_200), draws=500)
    assert design_of(["one"] * 1_200).leave_one_out().shape == (500, 1_200)
    spread = sample - sample.mean()
    exact = (spread**3).sum() / (6 * (spread**2).sum() ** 1.5)
    left_out = mean_of(sample)(design_of(["one"] * 1_200).leave_one_out())
    moved = left_out.mean() - left_out
    grouped = (moved**3).sum() / (6 * (moved**2).sum() ** 1.5)
    assert grouped == pytest.approx(exact, rel=0.5)
    assert found.bca is not None
