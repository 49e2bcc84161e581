"""Dollars of a cell and of a context, by the table of prices as it stands on disk."""

import re
from importlib import resources
from typing import Any

import yaml

from tests.swe_features.report.recount.draws import Numbers
from tests.swe_features.report.recount.rows import Run

__all__ = ["recount_dollars"]


def recount_dollars(run: Run) -> Numbers:
    """All under `costs`."""
    text = (resources.files("agent.models") / "prices.yaml").read_text("utf-8")
    table = yaml.safe_load(text)
    groups: dict[tuple[str, int | None], list[dict[str, Any]]] = {}
    for line in run.lines.values():
        if line["outcome"] == "scored" and line["model"] is not None:
            groups.setdefault((line["arm"], line["budget"]), []).append(line)
    numbers: Numbers = {}
    for (arm, budget), lines in groups.items():
        place = f"costs/points[{arm},{budget}]"
        numbers[f"{place}/budget"] = budget
        test = [_cost(table, line["model"], line["test_tokens"]) for line in lines]
        sleeps = {
            line["context"]: _cost(table, line["sleep_model"], line["sleep_tokens"])
            for line in lines
            if line["sleep_model"] and line["sleep_tokens"]
        }
        numbers[f"{place}/test_usd"] = _mean(test)
        numbers[f"{place}/sleep_usd"] = _mean(list(sleeps.values()))
    return numbers


def _mean(costs: list[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) / len(known) if known and len(known) == len(costs) else None


def _cost(
    table: dict[str, Any], model: str, tokens: dict[str, int] | None
) -> float | None:
    if tokens is None:
        return None
    if model == "offline":
        return 0.0
    provider, _, name = model.rpartition("/")
    plain = re.sub(r"-(\d{8}|\d{4}-\d\d-\d\d|latest)$", "", name)
    sold = [
        (seller, prices[spelled])
        for spelled in (name, plain)
        for seller, prices in table["models"].items()
        if spelled in prices and provider in {"", seller}
    ]
    if not sold or tokens.get("unmeasured_requests"):
        return None
    seller, (prompt, cached, completion) = sold[0]
    brief, hour = table["cache_writes"].get(seller, (1.0, 1.0))
    read, hits = tokens["prompt_tokens"], tokens["cached_prompt_tokens"]
    kept = tokens.get("cache_write_tokens", 0)
    long = tokens.get("hour_cache_write_tokens", 0)
    dollars = prompt * ((read - hits - kept) + (kept - long) * brief + long * hour)
    dollars += cached * hits + completion * tokens["completion_tokens"]
    return float(dollars) / 1e6
