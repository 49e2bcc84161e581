"""Tokens of one reply, as chat completions report them."""

from collections.abc import Mapping
from typing import Any

from agent.usage import Usage

__all__ = ["read_usage"]


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
        reasoning_tokens=min(completion, _count(generated.get("reasoning_tokens"))),
        requests=1,
    )


def _read_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(number: object) -> int:
    return max(0, int(number)) if isinstance(number, int | float) else 0
