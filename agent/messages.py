"""The conversation with a model.

Messages, tool calls and tool descriptions, as chat completions have them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = ["Message", "Role", "ToolCall", "ToolSpec"]

Role = Literal["system", "user", "assistant", "tool"]
_REASONING = "reasoning_content"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of a reply."""

    call_id: str
    """Unique in the conversation; its observation refers to it."""
    name: str
    arguments: Mapping[str, Any]
    """Parsed JSON object; empty where the model's text could not be parsed.

    Any: JSON values.
    """
    raw_arguments: str | None = None
    """The arguments as the model wrote them, where they are not a JSON object.

    None otherwise.
    """


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's message only."""
    tool_call_id: str | None = None
    """Of a tool's message: the call that it answers."""
    provider_fields: Mapping[str, Any] = field(default_factory=dict)
    """Of an assistant's message: what its provider wants back as it was.

    Signed reasoning, for example. Any: JSON values.
    """

    @property
    def unsigned_reasoning(self) -> str:
        """Reasoning that goes back as plain text, and may be shortened; often empty.

        Beside other fields it is a copy of what the provider signed.
        """
        reasoning = self.provider_fields.get(_REASONING)
        is_alone = len(self.provider_fields) == 1
        return reasoning if is_alone and isinstance(reasoning, str) else ""

    def with_reasoning(self, text: str) -> "Message":
        """The same with another text for its unsigned reasoning.

        The field stays: some providers refuse a reply that has lost it.
        """
        return replace(self, provider_fields={_REASONING: text})


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of an object. Any: JSON values."""
