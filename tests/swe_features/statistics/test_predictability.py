import math

import pytest

from swe_features.statistics.curves import Contest
from swe_features.statistics.predictability import agree, gain_by_predictability
from swe_features.statistics.query_likelihood import Likelihood
from tests.swe_features.statistics.tables import arm_cells, cell

TEN = [n / 20 for n in range(10)]


def contest(gains: list[float]) -> Contest:
    cells = [
        *arm_cells("test-time", {4: (100, [0.2] * len(gains))}),
        *arm_cells("sleep-time", {4: (100, [0.2 + gain for gain in gains])}),
    ]
    return Contest(cells, "test-time", "sleep-time")


def likelihoods(values: list[float]) -> dict[str, Likelihood]:
    """Of so many nats a token; queries of different lengths."""
    return {
        f"shop__till-{n}": Likelihood(value * (n + 1), n + 1)
        for n, value in enumerate(values)
    }


def test_bins_are_equal_in_size_and_ascend() -> None:
    given = likelihoods([-float(n) for n in range(10)])
    found = gain_by_predictability(contest(TEN), given, budget=4)
    assert found is not None
    assert found.bins[0].instances == (
        "shop__till-9",
        "shop__till-8",
    )
    assert [len(each.instances) for each in found.bins] == [2] * 5
    assert (found.bins[-1].least, found.bins[-1].most) == (-1, 0)
    assert found.bins[0].gain.value == pytest.approx((0.45 + 0.4) / 2)
    assert found.bins[0].other_f1 - found.bins[0].baseline_f1 == pytest.approx(0.425)


@pytest.mark.parametrize("sign", [1, -1])
def test_gain_that_follows_predictability_is_a_trend(sign: int) -> None:
    given = likelihoods([float(sign * n) for n in range(10)])
    found = gain_by_predictability(contest(TEN), given, budget=4)
    assert found is not None
    assert found.trend.value == pytest.approx(sign)
    assert found.p < 0.001


def test_gain_that_is_everywhere_the_same_is_no_trend() -> None:
    given = likelihoods([float(n) for n in range(10)])
    found = gain_by_predictability(contest([0.1] * 10), given, budget=4)
    assert found is not None
    assert math.isnan(found.trend.value)
    assert found.p == 1


def test_empty_query_is_in_no_bin() -> None:
    given = likelihoods([-float(n + 1) for n in range(10)])
    given["shop__till-9"] = Likelihood(0.0, 0)
    assert math.isnan(given["shop__till-9"].per_token)
    found = gain_by_predictability(contest(TEN), given, budget=4)
    assert found is not None
    binned = [name for each in found.bins for name in each.instances]
    assert sorted(binned) == [f"shop__till-{n}" for n in range(9)]
    assert (found.bins[-1].most, agree(given, given).queries) == (-1, 9)


def test_p_that_ignores_repositories_says_so() -> None:
    names = [f"shop__till{n}-1" for n in range(10)]
    cells = [cell(name, arm) for name in names for arm in ("test-time", "sleep-time")]
    given = {name: Likelihood(-float(n + 1), 1) for n, name in enumerate(names)}
    duel = Contest(cells, "test-time", "sleep-time")
    found = gain_by_predictability(duel, given, budget=4)
    assert found is not None
    assert any("takes instances for independent" in d for d in found.reading.doubts)
    few = gain_by_predictability(contest(TEN), likelihoods([-1.0] * 10), budget=4)
    assert few is not None
    assert not any("for independent" in d for d in few.reading.doubts)


def test_fewer_instances_than_bins_give_no_figure() -> None:
    given = likelihoods([0.0] * 4)
    assert gain_by_predictability(contest(TEN), given, budget=4) is None


def test_models_that_rank_alike_agree_whatever_their_scale() -> None:
    one = likelihoods([-1.0, -2.0, -3.0, -4.0])
    same = likelihoods([-10.0, -200.0, -201.0, -1000.0])
    assert agree(one, same).correlation == pytest.approx(1)
    back = likelihoods([-4.0, -3.0, -2.0, -1.0])
    assert agree(one, back).correlation == pytest.approx(-1)
    assert math.isnan(agree(one, likelihoods([-1.0])).correlation)
