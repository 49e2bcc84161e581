"""Tool calls as text, for models whose provider has no tool calling.

Tools are described in the system message, a call is a block of JSON in the reply, and
what came back is the next user message. The conversation itself stays as it is: only
what goes over the wire is written differently, so the loop knows nothing of it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.models.chat_completions import is_storable
from agent.prompting import render_prompt

__all__ = ["read_text_calls", "write_as_text"]

TEMPLATE = "text_tools"
_WHOLE_CALL = r"<tool_call>(?:(?!</?tool_call>).)*</tool_call>"
_QUOTED = r"(?<=[`'\"])</?think>[`'\"]"
_THOUGHT_OR_CALL = re.compile(
    # Where the template itself begins the thought, the reply only ends it. A mark
    # within a call or quotes is one that the model speaks of.
    rf"(\A(?:{_WHOLE_CALL}|(?!<think>|{_WHOLE_CALL}).)*?(?!{_QUOTED})</think>"
    rf"|(?!{_QUOTED})<think>.*?(?:</think>|\Z))|{_WHOLE_CALL}",
    re.DOTALL,
)
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|(?=<tool_call>)|\Z)", re.S)
_FENCE = re.compile(r"\A```\w*\s*(.*?)\s*```\Z", re.DOTALL)
_NAME = re.compile(r'"name"\s*:\s*"([^"]*)"')


def write_as_text(
    messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> tuple[Message, ...]:
    """A conversation without any tool call in it that says the same.

    Args:
        messages: With tool calls and observations.
        tools: Described at the end of the system message.
    """
    names = {call.call_id: call.name for m in messages for call in m.tool_calls}
    written: list[Message] = []
    for message in messages:
        if message.role == "tool":
            name = names.get(message.tool_call_id or "", "")
            _append_user(written, _write_response(name, message.content))
        elif message.role == "user":
            _append_user(written, message.content)
        elif message.tool_calls:
            blocks = [_write_call(call) for call in message.tool_calls]
            text = "\n".join([message.content, *blocks]).strip()
            written.append(Message(message.role, text))
        else:
            written.append(replace(message, provider_fields={}))
    if not tools:
        return tuple(written)
    return _with_tools(written, tools)


def read_text_calls(reply: Reply, taken_ids: frozenset[str]) -> Reply:
    """Take the calls out of a reply's text; calls that the server took out stay.

    Args:
        reply: Its text may hold blocks; what a model writes while it thinks is no call.
        taken_ids: Ids of calls made earlier in the conversation.
    """
    found = _THOUGHT_OR_CALL.finditer(reply.content)
    thoughts = "\n".join(match[1] for match in found if match[1])
    said = _THOUGHT_OR_CALL.sub(
        lambda match: "" if match[1] else match[0], reply.content
    )
    calls = []
    for number, match in enumerate(_CALL.finditer(said), start=len(taken_ids)):
        calls.append(_read_call(match.group(1), f"text_{number}"))
    finish_reason = reply.finish_reason
    if calls and finish_reason == "stop":
        finish_reason = "tool_calls"
    return replace(
        reply,
        content=_CALL.sub("", said).strip(),
        tool_calls=(*reply.tool_calls, *calls),
        reasoning="\n".join(part for part in (reply.reasoning, thoughts) if part),
        finish_reason=finish_reason,
    )


def _with_tools(
    messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> tuple[Message, ...]:
    described = [
        {
            "name": tool.name,
            "description": tool.description,
            "parameters": json.dumps(dict(tool.parameters), ensure_ascii=False),
        }
        for tool in tools
    ]
    text = render_prompt(TEMPLATE, tools=described)
    first, *rest = messages or [Message("system", "")]
    if first.role != "system":
        return (Message("system", text), first, *rest)
    return (replace(first, content=f"{first.content}\n\n{text}".strip()), *rest)


def _append_user(written: list[Message], text: str) -> None:
    """What follows one reply shares a message: many servers want roles to alternate."""
    last = written[-1] if written else None
    if last is not None and last.role == "user":
        written[-1] = replace(last, content=f"{last.content}\n{text}")
    else:
        written.append(Message("user", text))


def _write_response(name: str, text: str) -> str:
    return f'<tool_response name="{name}">\n{text}\n</tool_response>'


def _write_call(call: ToolCall) -> str:
    if call.raw_arguments is not None:
        text = call.raw_arguments
    else:
        value = {"name": call.name, "arguments": dict(call.arguments)}
        # An end mark inside of an argument must not end the block.
        text = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    return f"<tool_call>\n{text}\n</tool_call>"


def _read_call(text: str, call_id: str) -> ToolCall:
    text = _FENCE.sub(r"\1", text)
    try:
        # Line breaks inside of strings are forbidden by JSON and loved by models.
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        arguments = value.get("arguments", {})
        if isinstance(arguments, dict) and is_storable(arguments):
            return ToolCall(call_id, value["name"], arguments)
    name = _NAME.search(text)
    return ToolCall(call_id, name.group(1) if name else "", {}, raw_arguments=text)
