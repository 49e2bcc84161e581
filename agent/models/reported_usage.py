"""Tokens and bill of one reply, as chat completions report them."""

import math
from collections.abc import Mapping
from typing import Any

from agent.usage import Usage

__all__ = ["read_bill", "read_usage"]


def read_usage(usage: object) -> Usage:
    """Read what a provider, or litellm in its name, says of one request.

    What is not said is unmeasured.

    Args:
        usage: Its JSON value, whatever that is.
    """
    told = _read_object(usage)
    prompt = _count(told.get("prompt_tokens"))
    completion = _count(told.get("completion_tokens"))
    if not prompt and not completion:
        return Usage(requests=1, unmeasured_requests=1)
    read = _read_object(told.get("prompt_tokens_details"))
    generated = _read_object(told.get("completion_tokens_details"))
    reasoning = _count(generated.get("reasoning_tokens"))
    together = prompt + completion
    total = _count(told.get("total_tokens"))
    if total != together and (reasoning > completion or total == together + reasoning):
        # xAI and others count reasoning beside the completion, not in it.
        completion += reasoning
    cached = min(prompt, _count(read.get("cached_tokens")))
    written = min(prompt - cached, _count(read.get("cache_creation_tokens")))
    lifetimes = _read_object(read.get("cache_creation_token_details"))
    return Usage(
        prompt_tokens=prompt,
        cached_prompt_tokens=cached,
        cache_write_tokens=written,
        hour_cache_write_tokens=min(
            written, _count(lifetimes.get("ephemeral_1h_input_tokens"))
        ),
        completion_tokens=completion,
        reasoning_tokens=min(completion, reasoning),
        requests=1,
    )


def read_bill(usage: object) -> float | None:
    """Read what a provider says that it bills for one request, dollars.

    OpenRouter bills a fee, and the provider behind it the rest where the key is one's
    own there.

    Args:
        usage: Its JSON value, whatever that is.

    Returns:
        None where there is no bill.
    """
    told = _read_object(usage)
    parts = [told.get("cost")]
    if told.get("is_byok"):
        details = _read_object(told.get("cost_details"))
        parts.append(details.get("upstream_inference_cost"))
    dollars = [part for part in parts if isinstance(part, int | float)]
    # What is no number would pass every limit of cost.
    if not dollars or not all(map(math.isfinite, dollars)):
        return None
    return float(sum(dollars))


def _read_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(number: object) -> int:
    if not isinstance(number, int | float) or not math.isfinite(number):
        return 0
    return max(0, int(number))
