"""A model of Inspect's, as our agent sees one.

Inspect is asynchronous and our phases are not: a phase runs on a thread of its own, and
each request goes back to Inspect's loop, which counts, limits and logs it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio.from_thread
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.model import Model as Asked
from inspect_ai.tool import ToolCall as AskedCall
from inspect_ai.tool import ToolInfo, ToolParams

from agent.errors import ContextOverflowError, ModelError
from agent.messages import Message, ToolCall, ToolSpec
from agent.model import Reply
from agent.usage import Usage

__all__ = ["InspectModel"]

MESSAGE = "inspect_message"
"""Where a reply keeps Inspect's own message, which carries signed reasoning."""

FINISH_REASONS = {"max_tokens": "length"}
"""Where Inspect has another word than chat completions."""


class InspectModel:
    """Asks a model of Inspect's; only on a thread that Inspect's loop started."""

    context_tokens = None

    def __init__(self, model: Asked) -> None:
        self.name = str(model)
        self._model = model

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Ask the model, within Inspect's own limits and retries.

        Raises:
            ContextOverflowError: The conversation is longer than the model's window.
            ModelError: It replied with nothing.
        """
        written = [_write(message) for message in messages]
        offered = [_offer(tool) for tool in tools]
        output = anyio.from_thread.run(self._model.generate, written, offered)
        return _read(output, self.name)


def _write(message: Message) -> ChatMessage:
    if message.role == "system":
        return ChatMessageSystem(content=message.content)
    if message.role == "user":
        return ChatMessageUser(content=message.content)
    if message.role == "tool":
        return ChatMessageTool(
            content=message.content, tool_call_id=message.tool_call_id
        )
    kept = message.provider_fields.get(MESSAGE)
    if kept is not None:
        return ChatMessageAssistant.model_validate(kept)
    calls = [
        AskedCall(call.call_id, call.name, dict(call.arguments))
        for call in message.tool_calls
    ]
    return ChatMessageAssistant(content=message.content, tool_calls=calls or None)


def _offer(tool: ToolSpec) -> ToolInfo:
    parameters = ToolParams.model_validate(dict(tool.parameters))
    return ToolInfo(name=tool.name, description=tool.description, parameters=parameters)


def _read(output: ModelOutput, name: str) -> Reply:
    if not output.choices:
        msg = f"{name} replied with nothing: {output.error or 'no reason given'}"
        raise ModelError(msg)
    if output.stop_reason == "model_length":
        msg = f"the conversation is longer than the window of {name}"
        raise ContextOverflowError(msg)
    message = output.message
    kept: Mapping[str, Any] = message.model_dump(mode="json")  # Any: JSON values
    return Reply(
        content=message.text,
        tool_calls=tuple(_read_call(call) for call in message.tool_calls or ()),
        usage=_read_usage(output.usage),
        finish_reason=FINISH_REASONS.get(output.stop_reason, output.stop_reason),
        reasoning=_read_reasoning(message),
        duration_s=output.time or 0.0,
        provider_fields={MESSAGE: kept},
    )


def _read_call(call: AskedCall) -> ToolCall:
    return ToolCall(
        call.id, call.function, dict(call.arguments), raw_arguments=call.parse_error
    )


def _read_reasoning(message: ChatMessageAssistant) -> str:
    if isinstance(message.content, str):
        return ""
    parts = (p for p in message.content if isinstance(p, ContentReasoning))
    return "\n".join(part.reasoning for part in parts)


def _read_usage(usage: ModelUsage | None) -> Usage:
    if usage is None:
        return Usage(requests=1, unmeasured_requests=1)
    cached = usage.input_tokens_cache_read or 0
    written = usage.input_tokens_cache_write or 0
    return Usage(
        # Inspect counts cached tokens beside the others, and we count them among them.
        prompt_tokens=usage.input_tokens + cached + written,
        cached_prompt_tokens=cached,
        cache_write_tokens=written,
        completion_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens or 0,
        requests=1,
    )
