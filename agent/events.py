"""What happened in a sleep or test phase, one event at a time, in order.

The events of a phase are its trajectory: written as they happen, never changed, and
enough to show it or to replay it without a model.

phase        a phase begins: its name, model, budget and tools
message      a system or user message joined the conversation
request      the model is asked: the step, and how many messages it sees
reply        what it said: text, reasoning, tool calls, usage, seconds
tool_call    a call is about to run
observation  what came back, or why it was not run: text, whether it failed, seconds
proposal     the answer so far changed: its files
dropped      old observations and reasoning left the conversation: how many, and
             whether the provider asked for it, and in which words
notice       the loop told the model something: a reminder, a nudge
patch        all changes of an editing agent, in git's form; null where git fails
external_output
             what somebody else's agent printed, and what its walls refused
stop         the phase is over: why, its steps, its usage
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypeAlias

from agent.usage import Usage

__all__ = ["JSON", "Event", "EventSink", "discard", "usage_record"]

JSON: TypeAlias = (
    "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    kind: str
    """One of the kinds listed at the top of this module."""
    data: Mapping[str, JSON]
    at_s: float = field(default_factory=time.time)
    """Seconds since 1970, UTC; not part of what happened, so two runs may differ."""


EventSink: TypeAlias = Callable[[Event], None]
"""Takes events in order; called on the thread that runs the phase."""


def discard(event: Event) -> None:
    """Take an event and keep nothing: for callers who want no trajectory."""
    del event


def usage_record(usage: Usage) -> dict[str, JSON]:
    """A usage as JSON values."""
    return dict(asdict(usage))
