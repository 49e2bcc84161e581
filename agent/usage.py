"""Tokens by kind: prompt, cached, completion, reasoning; never added to one another."""

from dataclasses import dataclass

__all__ = ["Usage"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply, or of many.

    Dollars are derived from it in reports, and never stored as truth.
    """

    prompt_tokens: int = 0
    """Tokens read, the cached ones included."""
    cached_prompt_tokens: int = 0
    """Share of `prompt_tokens` that the provider had cached."""
    completion_tokens: int = 0
    """Tokens generated, the reasoning ones included: the paper's test-time tokens."""
    reasoning_tokens: int = 0
    """Share of `completion_tokens` that was reasoning."""
    requests: int = 0
    unmeasured_requests: int = 0
    """Share of `requests` for which the provider reported no usage."""
    cache_write_tokens: int = 0
    """Share of `prompt_tokens` that the provider newly cached, where it says so."""
    hour_cache_write_tokens: int = 0
    """Share of `cache_write_tokens` that is kept for an hour, at a price of its own."""

    def __add__(self, other: "Usage") -> "Usage":
        """Usage of both together."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_prompt_tokens + other.cached_prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.requests + other.requests,
            self.unmeasured_requests + other.unmeasured_requests,
            self.cache_write_tokens + other.cache_write_tokens,
            self.hour_cache_write_tokens + other.hour_cache_write_tokens,
        )
