"""Our events as a conversation: who said what, called what, and got what back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.usage import Usage

__all__ = ["Call", "Conversation", "Turn", "read_conversation"]


@dataclass(slots=True)
class Call:
    """One tool call and what came back."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]
    """Any: JSON values."""
    observation: str | None = None
    """None where the call was never answered."""


@dataclass(slots=True)
class Turn:
    """One message with all that belongs to it; filled while events are read."""

    source: Literal["system", "user", "agent"]
    text: str
    at_s: float
    reasoning: str = ""
    calls: list[Call] = field(default_factory=list)
    usage: Usage | None = None
    """Of an agent's turn that a model replied."""
    billed_usd: float | None = None
    finish_reason: str = ""


@dataclass(slots=True)
class Conversation:
    """One phase of one attempt."""

    phase: Mapping[str, Any] = field(default_factory=dict)
    """What the phase said of itself as it began. Any: JSON values."""
    turns: list[Turn] = field(default_factory=list)
    stop: Mapping[str, Any] = field(default_factory=dict)
    """What it said as it ended; empty where it never did. Any: JSON values."""
    patch: str | None = None

    @property
    def usage(self) -> Usage:
        """Tokens of all replies; of somebody else's agent, as it says itself."""
        told = [turn.usage for turn in self.turns if turn.usage is not None]
        if told:
            return sum(told, Usage())
        return Usage(**self.stop.get("usage", {}))


def read_conversation(events: Iterable[Mapping[str, Any]]) -> Conversation:
    """Put the events of one phase together.

    Args:
        events: As they are on the disk; one that is not known is passed over. Any:
        JSON.
    """
    read = Conversation()
    open_calls: dict[str, Call] = {}
    for event in events:
        kind, data = event["kind"], event["data"]
        at_s = float(event.get("at_s", 0.0))
        if kind == "phase":
            read.phase = data
        elif kind == "message":
            read.turns.append(Turn(data["role"], data["content"], at_s))
        elif kind == "notice":
            read.turns.append(Turn("user", data["text"], at_s))
        elif kind == "reply":
            turn = _read_reply(data, at_s)
            open_calls = {call.call_id: call for call in turn.calls}
            read.turns.append(turn)
        elif kind == "observation" and data["call_id"] in open_calls:
            open_calls[data["call_id"]].observation = data["text"]
        elif kind == "external_output":
            read.turns.append(Turn("agent", data["text"], at_s))
        elif kind == "patch":
            read.patch = data["text"]
        elif kind == "stop":
            read.stop = data
    return read


def _read_reply(data: Mapping[str, Any], at_s: float) -> Turn:
    calls = []
    for call in data["tool_calls"]:
        arguments = call["arguments"]
        if call.get("raw_arguments") is not None:
            arguments = {"not_a_json_object": call["raw_arguments"]}
        calls.append(Call(call["call_id"], call["name"], arguments))
    return Turn(
        "agent",
        data["content"],
        at_s,
        reasoning=data.get("reasoning", ""),
        calls=calls,
        usage=Usage(**data["usage"]),
        billed_usd=data.get("billed_usd"),
        finish_reason=data.get("finish_reason", ""),
    )
