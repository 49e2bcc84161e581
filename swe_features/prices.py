"""Dollars of tokens, from litellm's own table; an unknown price stays unknown."""

from typing import Any

from agent.errors import ModelSetupError
from agent.litellm_library import load_litellm
from agent.models import OFFLINE
from agent.usage import Usage

__all__ = ["price_of"]


def price_of(model: str, usage: Usage) -> float | None:
    """Dollars of some tokens.

    Args:
        model: As litellm names it; `offline` costs nothing.
        usage: Cached tokens are priced as such where the table knows their price.

    Returns:
        None where the library is not installed, or does not know the model.
    """
    if model == OFFLINE:
        return 0.0
    try:
        costs: dict[str, Any] = load_litellm().model_cost
    except ModelSetupError:
        return None
    # The table knows some models with their provider's name, and some without.
    entry = costs.get(model) or costs.get(model.partition("/")[2])
    if not entry or "input_cost_per_token" not in entry:
        return None
    read = entry["input_cost_per_token"]
    cached = entry.get("cache_read_input_token_cost", read)
    fresh = usage.prompt_tokens - usage.cached_prompt_tokens
    return float(
        fresh * read
        + usage.cached_prompt_tokens * cached
        + usage.completion_tokens * entry["output_cost_per_token"]
    )
