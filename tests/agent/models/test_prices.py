"""Dollars are derived from tokens, and unknown where a price is."""

from pathlib import Path

import pytest

from agent.errors import ModelSetupError
from agent.models.prices import Prices
from agent.usage import Usage

TABLE = """
as_of: 2026-01-31
cache_writes:
  shop: [1.25, 2]
models:
  shop:
    wise: [10, 1, 100]
  stall:
    quick: [10, 1, 100]
"""


@pytest.fixture
def prices(tmp_path: Path) -> Prices:
    path = tmp_path / "prices.yaml"
    path.write_text(TABLE)
    return Prices.load(path)


def test_cached_tokens_cost_their_own_price(prices: Prices) -> None:
    usage = Usage(
        prompt_tokens=1_000_000,
        cached_prompt_tokens=400_000,
        completion_tokens=200_000,
        reasoning_tokens=150_000,
        requests=3,
    )

    assert prices.find_cost("shop/wise", usage) == pytest.approx(6 + 0.4 + 20)


def test_what_is_newly_cached_costs_more_and_more_for_an_hour(prices: Prices) -> None:
    usage = Usage(
        prompt_tokens=1_000_000,
        cached_prompt_tokens=400_000,
        cache_write_tokens=300_000,
        hour_cache_write_tokens=100_000,
        requests=1,
    )

    cost = prices.find_cost("shop/wise", usage)

    assert cost == pytest.approx(3 + 0.4 + 2 * 1.25 + 1 * 2)


def test_a_provider_without_a_fee_asks_a_prompts_price_for_it(prices: Prices) -> None:
    usage = Usage(prompt_tokens=100_000, cache_write_tokens=50_000, requests=1)

    assert prices.find_cost("stall/quick", usage) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "name", ["wise", "shop/wise-20260131", "shop/wise-2026-01-31", "shop/wise-latest"]
)
def test_a_dated_name_costs_what_the_model_costs(prices: Prices, name: str) -> None:
    assert prices.find_cost(name, Usage(prompt_tokens=100_000, requests=1)) == 1.0


@pytest.mark.parametrize("name", ["shop/wiser", "ollama_chat/wise", "wise-mini"])
def test_an_unknown_price_is_unknown_and_not_zero(prices: Prices, name: str) -> None:
    assert prices.find_cost(name, Usage(prompt_tokens=1, requests=1)) is None


def test_unmeasured_requests_make_the_cost_unknown(prices: Prices) -> None:
    usage = Usage(prompt_tokens=10, requests=2, unmeasured_requests=1)

    assert prices.find_cost("shop/wise", usage) is None


def test_the_offline_model_costs_nothing(prices: Prices) -> None:
    assert prices.find_cost("offline", Usage(completion_tokens=10)) == 0.0


def test_the_table_of_the_package_has_a_date_and_sane_prices() -> None:
    prices = Prices.load()

    assert prices.as_of.year >= 2026
    for prompt, cached, completion in prices.by_model.values():
        assert 0 < cached < prompt < completion


@pytest.mark.parametrize("text", ["[]", "as_of: x", "{", "as_of: 2026-01-01\nm: {}"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)

    with pytest.raises(ModelSetupError, match=r"mine\.yaml"):
        Prices.load(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelSetupError, match="missing"):
        Prices.load(tmp_path / "missing.yaml")
