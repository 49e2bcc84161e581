"""One tool: how a model sees it, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.messages import ToolSpec

__all__ = ["Observation", "Tool"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What came back from one tool call."""

    text: str
    failed: bool = False
    """Whether the call could not be done as asked; a command's exit code is not it."""
    proposal: tuple[str, ...] | None = None
    """The answer so far, where this call changed it."""
    is_final: bool = False
    """Whether the agent ends its work with this call."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A description for the model and a function for the loop."""

    spec: ToolSpec
    run: Callable[[Mapping[str, Any]], Observation]
    """Takes arguments that fit the description's schema.

    Any: JSON values.
    """
    takes_time: bool = False
    """Whether it may take long: it is not begun once the limit of time is reached."""
