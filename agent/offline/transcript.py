"""Read a conversation back: what was asked, what was done, what came of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.messages import Message, ToolCall
from agent.prompting import DataBlock, find_data, without_data

__all__ = ["Exchange", "Part", "Transcript", "read_transcript"]

_COUNT = re.compile(r"\[Step: (\d+)/(\d+)\]\s*\Z")
_TRAILER = re.compile(r"(?:\n\[[^\n]*\])*\n?\[Step: \d+/\d+\]\s*\Z")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One tool call and its observation, without the loop's own remarks."""

    call: ToolCall
    observation: str


@dataclass(frozen=True, slots=True)
class Part:
    """A user's message and what was done about it until the next one."""

    outline: str
    """The message, each fenced text replaced by its number between NUL characters."""
    blocks: tuple[DataBlock, ...]
    exchanges: tuple[Exchange, ...]
    steps: int
    """Replies since the message."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole conversation."""

    background: tuple[DataBlock, ...]
    """What the system prompt holds of fenced texts."""
    parts: tuple[Part, ...]
    steps_used: int
    budget: int
    """As the last count of steps says."""

    @property
    def exchanges(self) -> list[Exchange]:
        """Every tool call so far."""
        return [exchange for part in self.parts for exchange in part.exchanges]


def read_transcript(messages: Sequence[Message]) -> Transcript:
    """Read a conversation that our own prompts began."""
    parts: list[Part] = []
    observed = {m.tool_call_id: m.content for m in messages if m.role == "tool"}
    for position, message in enumerate(messages):
        if message.role == "user":
            parts.append(_read_part(message, messages[position + 1 :], observed))
    counts = [m for m in (_COUNT.search(message.content) for message in messages) if m]
    used, budget = (int(n) for n in counts[-1].groups()) if counts else (0, 1)
    background = [
        block for m in messages if m.role == "system" for block in find_data(m.content)
    ]
    return Transcript(tuple(background), tuple(parts), used, budget)


def _read_part(
    message: Message,
    following: Sequence[Message],
    observed: dict[str | None, str],
) -> Part:
    exchanges = []
    steps = 0
    for later in following:
        if later.role == "user":
            break
        if later.role == "assistant":
            steps += 1
            exchanges += [
                Exchange(call, _TRAILER.sub("", observed[call.call_id]))
                for call in later.tool_calls
                if call.call_id in observed
            ]
    return Part(
        without_data(message.content),
        tuple(find_data(message.content)),
        tuple(exchanges),
        steps,
    )
