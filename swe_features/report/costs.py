"""Dollars, derived from tokens by the dated table of prices; never stored.

What the table does not know is unknown, and makes a mean unknown: it is not zero.
"""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from agent.models.prices import Prices
from swe_features.cell_results import CellResult

__all__ = ["costs_record"]


def costs_record(results: Iterable[CellResult], prices: Prices) -> dict[str, Any]:
    """Mean dollars of a cell and of a learned context, by arm and budget.

    Any: JSON values.
    """
    groups: dict[tuple[str, int | None], list[CellResult]] = {}
    for result in results:
        if result.outcome == "scored" and result.model is not None:
            groups.setdefault((result.arm, result.budget), []).append(result)
    return {
        "as_of": prices.as_of.isoformat(),
        "points": [
            {
                "arm": arm,
                "budget": budget,
                "test_usd": _mean([_test_cost(each, prices) for each in own]),
                "sleep_usd": _mean(_sleep_costs(own, prices)),
            }
            for (arm, budget), own in groups.items()
        ],
    }


def _test_cost(result: CellResult, prices: Prices) -> float | None:
    if result.model is None or result.test_tokens is None:
        return None
    return prices.find_cost(result.model, result.test_tokens)


def _sleep_costs(
    results: Iterable[CellResult], prices: Prices
) -> Sequence[float | None]:
    """Each learned context once, however many cells share it."""
    costs = {
        result.context: prices.find_cost(result.sleep_model, result.sleep_tokens)
        for result in results
        if result.sleep_model is not None and result.sleep_tokens is not None
    }
    return list(costs.values())


def _mean(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return fmean(known) if known and len(known) == len(costs) else None
