"""How the offline model counts tokens: one for each four bytes of UTF-8, rounded up.

The rule is exact and the same everywhere. It is no language model's tokenizer, and its
figures are to be compared with one another only.
"""

import json
from collections.abc import Sequence

from agent.messages import Message, ToolCall, ToolSpec
from agent.usage import Usage

__all__ = ["count_usage"]

_BYTES_PER_TOKEN = 4


def count_usage(
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    text: str,
    calls: Sequence[ToolCall],
) -> Usage:
    """Usage of one reply: everything it was shown, and everything it wrote."""
    shown = sum(_tokens(m.content) + _call_tokens(m.tool_calls) for m in messages)
    described = sum(
        _tokens(spec.name + spec.description + json.dumps(spec.parameters))
        for spec in tools
    )
    return Usage(
        prompt_tokens=shown + described,
        completion_tokens=_tokens(text) + _call_tokens(calls),
        requests=1,
    )


def _call_tokens(calls: Sequence[ToolCall]) -> int:
    return sum(
        _tokens(
            call.name
            + json.dumps(
                dict(call.arguments), ensure_ascii=False, separators=(",", ":")
            )
        )
        for call in calls
    )


def _tokens(text: str) -> int:
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)
