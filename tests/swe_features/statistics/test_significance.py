import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swe_features.statistics.significance import (
    adjust_by_holm,
    sign_flip_test,
    smallest_detectable,
)

SCORES = st.lists(
    st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 3)), min_size=1, max_size=9
)


def test_sign_flips_of_three_equal_differences_leave_two_of_eight() -> None:
    found = sign_flip_test([0.2, 0.2, 0.2])
    assert (found.p, found.is_exact, found.nonzero) == (0.25, True, 3)


def test_no_difference_at_all_is_no_evidence() -> None:
    assert sign_flip_test([0.0, 0.0]).p == 1.0


@given(SCORES)
def test_exact_sign_flips_agree_with_trying_every_pattern(values: list[float]) -> None:
    total = abs(math.fsum(values))
    patterns = list(product((1, -1), repeat=len(values)))
    sums = [math.fsum(s * v for s, v in zip(p, values, strict=True)) for p in patterns]
    expected = sum(abs(s) >= total - 1e-9 for s in sums) / len(patterns)
    assert sign_flip_test(values).p == pytest.approx(expected)


@given(SCORES)
def test_sign_flips_do_not_care_which_side_is_the_baseline(values: list[float]) -> None:
    assert sign_flip_test(values).p == sign_flip_test([-v for v in values]).p


def test_random_sign_flips_agree_with_exact_ones() -> None:
    values = np.random.default_rng(5).normal(0.3, 1, 20)
    exact = sign_flip_test(values)
    # A tiny twenty-first difference takes the random way, and changes next to nothing.
    drawn = sign_flip_test([*values, 1e-7])
    assert exact.is_exact
    assert not drawn.is_exact
    assert drawn.p == pytest.approx(exact.p, abs=0.01)


def test_holm_steps_down_by_hand() -> None:
    assert adjust_by_holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_helps_and_keeps_the_order(values: list[float]) -> None:
    adjusted = adjust_by_holm(values)
    assert all(a >= p for a, p in zip(adjusted, values, strict=True))
    assert max(adjusted) <= 1
    ranked = sorted(zip(values, adjusted, strict=True))
    assert [a for _, a in ranked] == sorted(a for _, a in ranked)


def test_smallest_detectable_difference_is_detected_in_four_of_five_samples() -> None:
    random = np.random.default_rng(1)
    pilot = random.normal(0, 1, 18)
    pilot = (pilot - pilot.mean()) / pilot.std(ddof=1)
    size = smallest_detectable(pilot)
    samples = random.normal(size, 1, (4_000, 18))
    t = samples.mean(axis=1) / (samples.std(axis=1, ddof=1) / math.sqrt(18))
    assert np.mean(np.abs(t) > 2.1098) == pytest.approx(0.8, abs=0.02)


def test_smallest_detectable_difference_needs_a_spread() -> None:
    assert math.isnan(smallest_detectable([0.5]))
    assert math.isnan(smallest_detectable([0.5, 0.5, 0.5]))
