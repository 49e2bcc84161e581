"""Anthropic's Messages and OpenAI's Responses, as far as coding agents speak them.

What comes in is read as chat completions have it; a reply goes out as the events of a
stream, which is all that these agents ask for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.agent.chat_server import Answer, Line, Received, Write

__all__ = ["Request", "read_request", "write_reply"]

MESSAGES = "/messages"
RESPONSES = "/responses"
STREAM = "text/event-stream"
USAGE = {"input_tokens": 100, "output_tokens": 20}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whatever it came as."""

    tools: frozenset[str]
    instructions: str
    """What the system says."""
    told: tuple[str, ...]
    """Texts of the user, and what came back from tools, in order."""
    replies: int
    """Replies of the model that are in it."""


def read_request(received: Received) -> Request:
    """What a request says, in whichever protocol."""
    body = received.body
    tools = [tool.get("function") or tool for tool in body.get("tools") or ()]
    names = frozenset(str(tool.get("name")) for tool in tools)
    if _speaks(received, RESPONSES):
        items = body.get("input") or ()
        told = [each for each in items if each.get("role") == "user"]
        told += [each for each in items if each.get("type") == "function_call_output"]
        calls = [each for each in items if each.get("type") == "function_call"]
        system = _text(body.get("instructions"))
        return Request(names, system, tuple(map(_text, told)), len(calls))
    messages = body.get("messages") or ()
    told = [each for each in messages if each["role"] in ("user", "tool")]
    said = [each for each in messages if each["role"] == "assistant"]
    ruled = [each for each in messages if each["role"] in ("system", "developer")]
    system = _text([body.get("system"), ruled])
    return Request(names, system, tuple(map(_text, told)), len(said))


def _text(value: object) -> str:
    """All text in a message, a part of one, or what a tool gave back."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return "\n".join(map(_text, value))
    if isinstance(value, Mapping):
        names = ("text", "content", "output")
        return _text([value[name] for name in names if value.get(name)])
    return ""


def write_reply(received: Received, text: str, call: Mapping[str, Any] | None) -> Line:
    """A reply with a text, or with one tool call as chat completions have it."""
    # Ids have to differ: an agent may take replies with one id for parts of one.
    number = len(json.dumps(received.body))
    if _speaks(received, MESSAGES):
        if "count_tokens" in received.path:
            return Write(b'{"input_tokens": 100}')
        return Write(_write_events(_message(text, call, number)), STREAM)
    if _speaks(received, RESPONSES):
        return Write(_write_events(_response(text, call, number)), STREAM)
    calls = [call] if call else []
    return Answer(text, calls, finish_reason="tool_calls" if call else "stop")


def _speaks(received: Received, protocol: str) -> bool:
    return protocol in received.path.partition("?")[0]


def _message(
    text: str, call: Mapping[str, Any] | None, number: int
) -> list[dict[str, Any]]:
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta = {"type": "text_delta", "text": text}
    if call is not None:
        function = call["function"]
        block = {"type": "tool_use", "id": f"toolu_{number}", "input": {}}
        block["name"] = function["name"]
        delta = {"type": "input_json_delta", "partial_json": function["arguments"]}
    message: dict[str, Any] = {"id": f"msg_{number}", "type": "message"}
    message |= {"role": "assistant"}
    message |= {"model": "stand-in", "content": [], "usage": USAGE}
    ended = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ]


def _response(
    text: str, call: Mapping[str, Any] | None, number: int
) -> list[dict[str, Any]]:
    part = {"type": "output_text", "text": text, "annotations": []}
    item: dict[str, Any] = {"type": "message", "id": f"msg_{number}"}
    item |= {"role": "assistant", "content": [part]}
    if call is not None:
        item = {"type": "function_call", "id": f"fc_{number}", **call["function"]}
        item["call_id"] = f"call_{number}"
    response: dict[str, Any] = {
        "id": f"resp_{number}",
        "object": "response",
        "model": "stand-in",
    }
    usage = USAGE | {"total_tokens": 120}
    done = response | {"status": "completed", "output": [item], "usage": usage}
    return [
        {"type": "response.created", "response": response | {"output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]


def _write_events(events: Sequence[Mapping[str, Any]]) -> bytes:
    lines = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events]
    return "".join(lines).encode()
