"""A model without a language model: it reads, counts and ranks.

It goes through the same loop and tools as any other model, and sees only what they show
it, so that the whole path runs with no key and no network. Its figures are its own and
never a language model's.
"""

from collections.abc import Sequence

from agent.messages import Message, ToolSpec
from agent.model import Reply
from agent.offline import sleeping, testing
from agent.offline.counting import count_usage
from agent.offline.transcript import read_transcript

__all__ = ["OfflineModel"]


class OfflineModel:
    """Replies to the conversations of our sleep and test phases, and to no others.

    The same conversation and seed give the same reply. It keeps nothing between calls.
    """

    context_tokens = None

    def __init__(self, *, seed: int = 0, name: str = "offline") -> None:
        self.name = name
        self._seed = seed

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Reply:
        """Choose the next step from what the conversation says."""
        transcript = read_transcript(messages)
        offered = {spec.name for spec in tools}
        if "rethink_memory" in offered:
            limit = _characters_limit(tools)
            calls = sleeping.choose_step(transcript, notes_limit=limit)
        else:
            calls = testing.choose_step(
                transcript, seed=self._seed, is_editing="edit_file" in offered
            )
        return Reply(
            "",
            tuple(calls),
            usage=count_usage(messages, tools, "", calls),
            finish_reason="tool_calls",
        )


def _characters_limit(tools: Sequence[ToolSpec]) -> int:
    """How long a text the memory takes, as its tool's schema says."""
    (memory,) = (spec for spec in tools if spec.name == "rethink_memory")
    return int(memory.parameters["properties"]["new_memory"]["maxLength"])
