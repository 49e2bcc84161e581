"""Keep a conversation within the model's window by one stated rule.

The window is the model's, as far as it is known, or a smaller one that was set as a
limit. The rule: when a conversation fills more than 85% of it, the text of its oldest
observations is replaced by a line that says so, oldest first, until it fills 50%. So
is the reasoning of old replies, where no provider signed it. The last two of each stay.
Where that is not enough, messages of the user follow, all but the first and the last:
in the sleep phase these are pull requests that were read. Everything else stays: the
system message, the task with what was learned, what the model itself said, and which
tools it called. Much is dropped at once and rarely, because whatever changes in the
middle of a conversation throws away what the provider has cached behind it.

How many tokens a text has is not computed but learned: from what the provider said that
the last request had, which is the conversation and the definitions of its tools.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from agent.messages import Message, ToolSpec

__all__ = ["ContextWindow"]

_FULL = 0.85
_AFTERWARDS = 0.5
_KEPT = 2
"""The last observations, and the last replies with their reasoning."""
_CHARACTERS_PER_TOKEN = 3.0
"""Before the first reply; code has 3 to 4."""
_NOTICE = "[Dropped to save room. Call the tool again if it is needed.]"
_REASONING_NOTICE = "[Dropped to save room.]"


class ContextWindow:
    """How much of a model's window one conversation fills, and how to make room."""

    def __init__(
        self,
        limit: int | None = None,
        model_tokens: int | None = None,
        tools: Sequence[ToolSpec] = (),
    ) -> None:
        """Watch over one conversation.

        Args:
            limit: Tokens that somebody set as the most; None sets none.
            model_tokens: Size of the model's window; None where nobody knows, and only
                the provider's refusal tells.
            tools: What each request defines beside the conversation.
        """
        self._limit = limit
        known = [tokens for tokens in (limit, model_tokens) if tokens is not None]
        self._tokens = min(known, default=None)
        self._tool_characters = sum(_count_definition(tool) for tool in tools)
        self._tokens_per_character = 1 / _CHARACTERS_PER_TOKEN

    def measure(self, messages: Sequence[Message], prompt_tokens: int) -> None:
        """Learn from what the provider counted for a request; 0 says nothing."""
        characters = self._count(messages)
        if prompt_tokens and characters:
            self._tokens_per_character = prompt_tokens / characters

    def is_exceeded(self, messages: Sequence[Message]) -> bool:
        """Whether the conversation is beyond its limit, for all that is known.

        Of the model's own window its provider is the better judge.
        """
        return self._limit is not None and self._estimate(messages) > self._limit

    def make_room(self, messages: list[Message]) -> int:
        """Apply the rule where it is time.

        Args:
            messages: Changed in place.

        Returns:
            How many messages lost their text.
        """
        if self._tokens is None or self._estimate(messages) <= _FULL * self._tokens:
            return 0
        return self._drop(messages, _AFTERWARDS * self._tokens)

    def make_room_at_once(self, messages: list[Message]) -> int:
        """Drop half of what may be dropped, because the provider refused.

        Args:
            messages: Changed in place.

        Returns:
            How many messages lost their text; 0 where nothing is left to drop.
        """
        droppable = [messages[index] for index in _find_droppable(messages)]
        characters = sum(len(_droppable_text(message)) for message in droppable)
        half = characters / 2 * self._tokens_per_character
        return self._drop(messages, self._estimate(messages) - half)

    def _drop(self, messages: list[Message], target_tokens: float) -> int:
        dropped = 0
        for index in _find_droppable(messages):
            messages[index] = _without_text(messages[index])
            dropped += 1
            if self._estimate(messages) <= target_tokens:
                break
        return dropped

    def _estimate(self, messages: Sequence[Message]) -> float:
        return self._count(messages) * self._tokens_per_character

    def _count(self, messages: Sequence[Message]) -> int:
        return self._tool_characters + sum(map(_count_characters, messages))


def _find_droppable(messages: Sequence[Message]) -> list[int]:
    """Messages whose text may go, in the order in which it goes."""
    observations = [i for i, message in enumerate(messages) if message.role == "tool"]
    replies = [i for i, message in enumerate(messages) if message.role == "assistant"]
    told = [i for i, message in enumerate(messages) if message.role == "user"]
    old = [*sorted(observations[:-_KEPT] + replies[:-_KEPT]), *told[1:-1]]
    return [i for i in old if len(_droppable_text(messages[i])) > len(_NOTICE)]


def _droppable_text(message: Message) -> str:
    is_reply = message.role == "assistant"
    return message.unsigned_reasoning if is_reply else message.content


def _without_text(message: Message) -> Message:
    if message.role == "assistant":
        return message.with_reasoning(_REASONING_NOTICE)
    return replace(message, content=_NOTICE)


def _count_characters(message: Message) -> int:
    count = len(message.content)
    if message.tool_calls:
        count += sum(len(str(call)) for call in message.tool_calls)
    if message.provider_fields:
        # Where there are several fields, they say the same in several forms.
        count += max(len(str(value)) for value in message.provider_fields.values())
    return count


def _count_definition(tool: ToolSpec) -> int:
    parameters = json.dumps(dict(tool.parameters), default=str)
    return len(tool.name) + len(tool.description) + len(parameters)
