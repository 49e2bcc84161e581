import pytest

from swe_features.statistics.scaling import scale_sleep
from tests.swe_features.statistics.tables import arm_cells

ARMS = {"sleep-time": 1, "sleep-time-2": 2, "sleep-time-4": 4}


def test_slope_is_f1_a_doubling() -> None:
    cells = [
        *arm_cells("sleep-time-4", {2: (100, [0.5] * 5)}, sleep=400),
        *arm_cells("sleep-time", {2: (100, [0.3] * 5)}, sleep=100),
        *arm_cells("sleep-time-2", {2: (100, [0.4] * 5)}, sleep=200),
    ]
    found = scale_sleep(cells, ARMS, budget=2)
    assert found is not None
    assert found.slope.value == pytest.approx(0.1)
    assert [(p.k, p.sleep_tokens.value) for p in found.points] == [
        (1, 100),
        (2, 200),
        (4, 400),
    ]
    assert found.most_against_least is not None
    assert found.most_against_least.all_cells is not None
    assert found.most_against_least.all_cells.difference.value == pytest.approx(0.2)


def test_one_k_is_no_curve() -> None:
    cells = arm_cells("sleep-time", {2: (100, [0.3] * 5)})
    assert scale_sleep(cells, ARMS, budget=2) is None
