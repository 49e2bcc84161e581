"""Our values as chat completions have them, and back.

What a provider sends is not trusted: missing parts, calls without an id, and arguments
that are not JSON all have their place in a `Reply`.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.models.error_answers import ReportedError
from agent.models.faults import BrokenReplyError
from agent.models.reported_usage import read_bill, read_usage

__all__ = [
    "find_error",
    "is_storable",
    "read_reply",
    "write_messages",
    "write_tools",
]

_NOTHING_SAID = "(nothing)"
_SENT_BACK = ("thinking_blocks", "reasoning_content", "reasoning_details")
_CALL_SENT_BACK = "extra_content"
"""Google's signature of the thought before a call, wanted back with it."""
_DEEPEST = 100
_NO_NAME = "unknown"
_NAME_CHARACTERS = 64


def write_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """A conversation as the list of a request. Any: JSON values."""
    return [_write_message(message) for message in messages]


def _write_message(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "tool":
        written["tool_call_id"] = message.tool_call_id
    fields = dict(message.provider_fields)
    extras = fields.pop(_CALL_SENT_BACK, {})
    if message.tool_calls:
        written["tool_calls"] = [
            _write_call(call, extras.get(call.call_id)) for call in message.tool_calls
        ]
        written["content"] = message.content or None
    elif message.role == "assistant" and not message.content.strip():
        # Providers refuse a message with nothing in it, and with it the whole request.
        written["content"] = _NOTHING_SAID
    sent: dict[str, Any] = _in_unicode(written | fields)
    return sent


def _in_unicode(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """A JSON value that UTF-8 can carry: halves of surrogate pairs are spelled out.

    In arguments, which are JSON themselves, that is how JSON spells them.
    """
    if isinstance(value, str):
        return value.encode("utf-8", errors="backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {name: _in_unicode(each) for name, each in value.items()}
    return [_in_unicode(each) for each in value] if isinstance(value, list) else value


def _write_call(call: ToolCall, extra: object) -> dict[str, Any]:
    arguments = dict(call.arguments)
    if call.raw_arguments is not None:
        # Sent back as they were, they would break the provider's own parser.
        arguments = {"not_a_json_object": call.raw_arguments}
    text = json.dumps(arguments, ensure_ascii=False)
    # Servers refuse a name that no tool could have, and with it the whole request.
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", call.name)[:_NAME_CHARACTERS] or _NO_NAME
    function = {"name": name, "arguments": text}
    written = {"id": call.call_id, "type": "function", "function": function}
    return written | ({_CALL_SENT_BACK: extra} if extra else {})


def write_tools(tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Tools as the list of a request. Any: JSON values."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters)
                or {"type": "object", "properties": {}},
            },
        }
        for tool in tools
    ]


def read_reply(completion: Mapping[str, Any], taken_ids: frozenset[str]) -> Reply:
    """A completion as a reply.

    Args:
        completion: The provider's JSON. Any: JSON values.
        taken_ids: Ids of calls made earlier in the conversation.

    Raises:
        ReportedError: It says that the provider failed, in place of a reply.
        BrokenReplyError: It has no choice with a message in it.
    """
    choice = _first(completion.get("choices"))
    error = _find_words(completion.get("error")) or find_error(choice)
    if error:
        raise ReportedError(error)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        msg = "there is no message in it"
        raise BrokenReplyError(msg)
    told = message.get("tool_calls") or []
    calls = _read_calls(told, taken_ids)
    content = _read_text(message.get("content"))
    finish_reason = str(choice.get("finish_reason") or "stop")
    refusal = _find_refusal(message)
    if refusal and not content and not calls:
        content, finish_reason = refusal, "refusal"
    usage = _read_object(completion.get("usage"))
    fields = {name: message[name] for name in _SENT_BACK if message.get(name)}
    extras = _read_extras(told, calls)
    if extras:
        fields[_CALL_SENT_BACK] = extras
    return Reply(
        content,
        tool_calls=calls,
        usage=read_usage(usage),
        finish_reason=finish_reason,
        reasoning=_read_text(
            message.get("reasoning_content") or message.get("reasoning")
        ),
        billed_usd=read_bill(usage),
        provider_fields=fields,
    )


def find_error(choice: Mapping[str, Any]) -> object:
    """What a choice says of an error that cut it short; None where it says nothing.

    Args:
        choice: Of a whole reply, or of a piece. Any: JSON values.
    """
    fields = _read_object(choice.get("provider_specific_fields"))
    if error := _find_words(choice.get("error")) or _find_words(fields.get("error")):
        return error
    return "finish_reason: error" if choice.get("finish_reason") == "error" else None


def _find_words(error: object) -> object:
    """An error that says something; some servers send an empty one with each reply."""
    said = error.values() if isinstance(error, Mapping) else (error,)
    return error if any(said) else None


def _first(values: object) -> Mapping[str, Any]:
    """The first object of a list, or an empty one."""
    return _read_object(values[0]) if isinstance(values, list) and values else {}


def _read_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _read_text(content: object) -> str:
    """Text, which some servers send in parts."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping)]
        return "".join(str(part.get("text") or "") for part in parts)
    return str(content or "")


def _find_refusal(message: Mapping[str, Any]) -> str:
    fields = _read_object(message.get("provider_specific_fields"))
    return str(message.get("refusal") or fields.get("refusal") or "")


def _read_calls(calls: object, taken_ids: frozenset[str]) -> tuple[ToolCall, ...]:
    read: list[ToolCall] = []
    taken = set(taken_ids)
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if not isinstance(function, Mapping):
            msg = f"a tool call in it names no function: {str(call)[:100]}"
            raise BrokenReplyError(msg)
        call_id = str(call.get("id") or "")
        if not call_id or call_id in taken:
            others = (f"{call_id or 'call'}_{number}" for number in count(len(taken)))
            call_id = next(other for other in others if other not in taken)
        taken.add(call_id)
        arguments, raw = _read_arguments(function.get("arguments"))
        name = str(function.get("name") or "")
        read.append(ToolCall(call_id, name, arguments, raw))
    return tuple(read)


def _read_extras(
    told: Sequence[Mapping[str, Any]], calls: Sequence[ToolCall]
) -> dict[str, Any]:
    """What is sent back with calls beside themselves, by their ids."""
    return {
        call.call_id: one[_CALL_SENT_BACK]
        for one, call in zip(told, calls, strict=False)
        if one.get(_CALL_SENT_BACK)
    }


def _read_arguments(written: object) -> tuple[Mapping[str, Any], str | None]:
    """Arguments as an object, and as text where they are none."""
    if isinstance(written, Mapping):
        if is_storable(written):
            return dict(written), None
        return {}, "(numbers or depths that JSON does not have)"
    text = str(written or "")
    if not text.strip():
        return {}, None
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        return {}, text
    is_object = isinstance(arguments, dict) and is_storable(arguments)
    return (arguments, None) if is_object else ({}, text)


def is_storable(value: object, levels: int = _DEEPEST) -> bool:
    """Whether a value can be written down: finite numbers, at a bounded depth."""
    if isinstance(value, float):
        return math.isfinite(value)
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(inner, str) or not isinstance(inner, Iterable):
        return True
    return levels > 0 and all(is_storable(each, levels - 1) for each in inner)
