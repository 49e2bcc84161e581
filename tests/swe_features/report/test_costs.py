from dataclasses import replace
from datetime import date

import pytest

from agent.models.prices import Prices
from agent.usage import Usage
from swe_features.report.costs import costs_record
from swe_features.results import StoredExperiment

PRICES = Prices(date(2024, 1, 1), {("shop", "student"): (1.0, 0.1, 10.0)})


def costs_of(experiment: StoredExperiment, model: str) -> dict[str, float | None]:
    results = [
        replace(
            result,
            model=result.model and model,
            sleep_model=result.sleep_model and model,
        )
        for result in experiment.results.values()
    ]
    points = costs_record(results, PRICES)["points"]
    return next(p for p in points if (p["arm"], p["budget"]) == ("sleep-time", 2))


def test_dollars_are_tokens_by_their_price(experiment: StoredExperiment) -> None:
    found = costs_of(experiment, "shop/student")
    cells = [(900, 100 + number) for number in (1, 2, 3)]
    test = sum(read + 10 * written for read, written in cells) / 3 / 1e6
    assert found["test_usd"] == pytest.approx(test)
    assert found["sleep_usd"] == pytest.approx((5000 + 10 * 900) / 1e6)


def test_unknown_price_is_unknown_and_not_zero(experiment: StoredExperiment) -> None:
    found = costs_of(experiment, "shop/stranger")
    assert (found["test_usd"], found["sleep_usd"]) == (None, None)


def test_one_cell_of_unknown_cost_makes_the_mean_unknown(
    experiment: StoredExperiment,
) -> None:
    results = [
        replace(result, model="shop/student") for result in experiment.results.values()
    ]
    unmeasured = Usage(requests=1, unmeasured_requests=1)
    results[0] = replace(results[0], test_tokens=unmeasured)
    points = costs_record(results, PRICES)["points"]
    unknown = [p for p in points if p["test_usd"] is None]
    assert [(p["arm"], p["budget"]) for p in unknown] == [
        (results[0].arm, results[0].budget)
    ]


def test_arm_that_asks_no_model_has_no_price(experiment: StoredExperiment) -> None:
    points = costs_record(experiment.results.values(), PRICES)["points"]
    assert "bm25" not in {point["arm"] for point in points}
