"""The seam to whatever thinks.

A model reads a conversation and replies with text and tool calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.messages import Message, ToolCall, ToolSpec
from agent.usage import Usage

__all__ = ["Model", "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said once."""

    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    """`stop`, `tool_calls`, `length`, `content_filter`, `refusal`.

    Or the provider's own word.
    """
    reasoning: str = ""
    """Reasoning text where the provider shows it."""
    billed_usd: float | None = None
    """What the provider says it billed; None where it does not say."""
    duration_s: float = 0.0
    """Time of the request that succeeded, seconds; waiting for retries is not in it."""
    waited_s: float = 0.0
    """Time before that request: for rate limits, and for retries and their requests."""
    attempts: int = 1
    """Requests it took; only the last one was answered."""
    provider_fields: Mapping[str, Any] = field(default_factory=dict)
    """What the provider wants back with this reply. Any: JSON values."""

    def as_message(self) -> Message:
        """The reply as the assistant's message of the conversation that goes on."""
        return Message(
            "assistant",
            self.content,
            tool_calls=self.tool_calls,
            provider_fields=self.provider_fields,
        )


class Model(Protocol):
    """Something that replies to a conversation. Thread-safe: rollouts share one."""

    @property
    def name(self) -> str:
        """The name it was asked for by, as results record it."""
        ...

    @property
    def context_tokens(self) -> int | None:
        """Tokens that a conversation may have; None where that is not known."""
        ...

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Reply to a conversation.

        Args:
            messages: The whole conversation, the system message first.
            tools: What the reply may call.

        Raises:
            ContextOverflowError: The conversation is longer than the model's window.
            ModelError: No usable reply could be had; retries are over.
        """
        ...
