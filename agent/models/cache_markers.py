"""Marks that tell a provider which part of a request to keep for the next one.

A conversation only grows at its end, so three marks do: after the system message (the
tools stand before it), after the first user message (the task with what was learned),
and after the last message. The first two are shared by many rollouts and live long; the
last is read again by the next step, seconds later.
"""

from typing import Any

__all__ = ["mark_prefix"]

_STEP_LIFETIME = "5m"


def mark_prefix(messages: list[dict[str, Any]], lifetime: str) -> list[dict[str, Any]]:
    """Mark the stable part of a request.

    Args:
        messages: As chat completions have them. Any: JSON values.
        lifetime: `5m` or `1h`, of the part that does not change from step to step.
    """
    marked = list(messages)
    stable = [_first(messages, "system"), _first(messages, "user")]
    for index in stable:
        if index is not None:
            marked[index] = _mark(marked[index], lifetime)
    last = len(messages) - 1
    if last >= 0 and last not in stable:
        marked[last] = _mark(marked[last], _STEP_LIFETIME)
    return marked


def _first(messages: list[dict[str, Any]], role: str) -> int | None:
    found = (i for i, message in enumerate(messages) if message["role"] == role)
    return next(found, None)


def _mark(message: dict[str, Any], lifetime: str) -> dict[str, Any]:
    control = {"type": "ephemeral"}
    if lifetime != _STEP_LIFETIME:
        control["ttl"] = lifetime
    content = message["content"]
    if not isinstance(content, str) or not content:
        return message
    part = {"type": "text", "text": content, "cache_control": control}
    return {**message, "content": [part]}
