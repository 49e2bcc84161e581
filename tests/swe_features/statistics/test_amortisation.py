import math
from dataclasses import replace

import pytest

from agent.usage import Usage
from swe_features.statistics.amortisation import amortise
from swe_features.statistics.curves import Contest
from swe_features.statistics.prices import GENERATED_ONLY, INPUT_PRICED, TokenPrices
from tests.swe_features.statistics.tables import arm_cells


def contest(
    base: int = 300, other: int = 200, sleep: int = 4_000, f1: float = 0.5
) -> Contest:
    cells = [
        *arm_cells("test-time", {4: (base, [0.5] * 4)}),
        *arm_cells("sleep-time", {4: (other, [f1] * 4)}, sleep=sleep),
    ]
    return Contest(cells, "test-time", "sleep-time")


def test_cost_a_query_by_hand() -> None:
    (found,) = amortise(contest())
    assert found.baseline_cost.value == 3_000
    assert found.sleep_cost.value == 4_000
    costs = {c.queries: c.cost.value for c in found.by_queries}
    assert costs == {1: 6_000, 2: 4_000, 5: 2_800, 10: 2_400, 20: 2_200}
    assert found.by_queries[3].ratio.value == pytest.approx(3_000 / 2_400)


def test_break_even_is_where_the_saved_tokens_have_paid_for_sleeping() -> None:
    (found,) = amortise(contest())
    # 4,000 tokens of sleep, 10 x 100 tokens saved by each query.
    assert found.break_even.value == 4
    assert "pays for its sleep where 4 or more queries" in found.reading.shows


def test_sleeping_that_saves_nothing_never_pays() -> None:
    (found,) = amortise(contest(other=300))
    assert math.isinf(found.break_even.value)
    assert "never pays" in found.reading.shows


def test_sleeping_that_costs_nothing_pays_from_the_first_query() -> None:
    found, *_ = amortise(contest(other=0, sleep=0))
    assert found.reading.shows.endswith(
        "where 1 or more queries share it; with 20, sleep-time costs nothing that was "
        "counted."
    )


def test_resamples_without_a_scored_cell_do_not_say_never() -> None:
    """They know no gain: of one in 12 nothing is known, so there is no interval."""
    cells = [
        *arm_cells("test-time", {4: (300, [0.5, 0.5, None, None, None])}),
        *arm_cells("sleep-time", {4: (200, [0.5] * 5)}, sleep=4_000),
    ]
    (found,) = amortise(Contest(cells, "test-time", "sleep-time"))
    assert found.break_even.value == 4
    assert found.break_even.percentile is None


def test_at_equal_f1_a_level_that_is_not_reached_never_pays() -> None:
    (found,) = amortise(contest(f1=0.4), basis="equal F1")
    assert math.isinf(found.break_even.value)
    assert found.by_queries[0].ratio.value == 0


def test_at_equal_f1_the_smaller_need_is_what_counts() -> None:
    cells = [
        *arm_cells("test-time", {8: (600, [0.5] * 4)}),
        *arm_cells(
            "sleep-time", {2: (100, [0.4] * 4), 8: (700, [0.6] * 4)}, sleep=2_000
        ),
    ]
    against = Contest(cells, "test-time", "sleep-time")
    (found,) = amortise(against, basis="equal F1")
    # 0.5 lies half way from 0.4 at 100 tokens to 0.6 at 700.
    assert found.break_even.value == pytest.approx(2_000 / (10 * (600 - 400)))
    (at_budget,) = amortise(against)
    assert math.isinf(at_budget.break_even.value)


def test_context_that_instances_share_is_paid_for_once() -> None:
    given = contest(sleep=1_000)
    cells = [
        replace(o, context="shared", sleep_tokens=Usage(completion_tokens=400))
        if o.context in {"context of shop__till-0", "context of shop__till-1"}
        else o
        for o in given.observations
    ]
    (found,) = amortise(replace(given, observations=cells))
    assert found.sleep_cost.value == pytest.approx((400 + 1_000 + 1_000) / 3)


def test_arm_that_did_not_sleep_has_nothing_to_amortise() -> None:
    given = contest()
    assert amortise(Contest(given.observations, "sleep-time", "test-time")) == ()


def test_prices_count_each_kind_once() -> None:
    usage = Usage(prompt_tokens=1_000, cached_prompt_tokens=600, completion_tokens=50)
    assert GENERATED_ONLY.cost(usage) == 50
    assert INPUT_PRICED.cost(usage) == pytest.approx(400 * 0.2 + 600 * 0.02 + 50)
    assert TokenPrices("all alike", 1, 1).cost(usage) == 1_050


def test_priced_input_changes_the_break_even() -> None:
    def reading(seen: int) -> Usage:
        return Usage(prompt_tokens=seen, completion_tokens=100)

    cells = [
        replace(
            o,
            test_tokens=reading(5_000 if o.arm == "test-time" else 1_000),
            sleep_tokens=o.sleep_tokens and reading(30_000),
        )
        for o in contest().observations
    ]
    against = Contest(cells, "test-time", "sleep-time")
    (free,) = amortise(against)
    (priced,) = amortise(against, prices=INPUT_PRICED)
    assert math.isinf(free.break_even.value)
    assert priced.break_even.value == pytest.approx(6_100 / (10 * 800))
