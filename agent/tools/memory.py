"""rethink_memory and finish_rethinking_memory: how the sleep phase writes c'.

The two functions of arXiv 2504.13171, appendix K.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agent.learned_context import Revision
from agent.messages import ToolSpec
from agent.tools.schema import describe, string
from agent.tools.tool import Observation, Tool
from agent.usage import Usage

__all__ = [
    "BLOCK_LABEL",
    "BYTES_PER_TOKEN",
    "REVISION_LIMIT",
    "TOKEN_BUDGET",
    "Memory",
    "memory_tools",
]

REVISION_LIMIT = 10
"""`rethink_memory` calls in one sleep phase (arXiv 2504.13171, appendix K)."""
BLOCK_LABEL = "learned_context"
"""The only block there is."""
TOKEN_BUDGET = 4_000
"""Tokens of the block: c' is read again in every request of every rollout."""
BYTES_PER_TOKEN = 4
"""A usual figure for English and code; models differ, so the rule is fixed."""


class Memory:
    """The block that the sleep phase rewrites, and every version of it."""

    def __init__(
        self,
        *,
        token_budget: int = TOKEN_BUDGET,
        revision_limit: int = REVISION_LIMIT,
    ) -> None:
        self._revision_limit = revision_limit
        self.spent: Callable[[], Usage] = Usage
        """Tells what the phase has spent so far."""
        self.characters_limit = token_budget * BYTES_PER_TOKEN
        self.revisions: list[Revision] = []
        self.reading: int | None = None
        """Number of the pull request that is being read."""

    @property
    def text(self) -> str:
        """The block as it stands."""
        return self.revisions[-1].text if self.revisions else ""

    def rethink(self, text: str) -> Observation:
        """Replace the block, if a revision is left."""
        if len(self.revisions) >= self._revision_limit:
            return Observation(
                f"All {self._revision_limit} revisions are used; the memory stays as "
                "it is.",
                failed=True,
            )
        self.revisions.append(Revision(text, self.reading, self.spent()))
        left = self._revision_limit - len(self.revisions)
        return Observation(
            f"The memory is replaced: {len(text)} characters. Revisions left: {left}."
        )


def memory_tools(memory: Memory) -> tuple[Tool, ...]:
    """The tools of the sleep phase that write to `memory`."""

    def rethink(arguments: Mapping[str, Any]) -> Observation:
        return memory.rethink(arguments["new_memory"])

    def finish(arguments: Mapping[str, Any]) -> Observation:
        del arguments
        return Observation("Finished with this pull request.", is_final=True)

    return (
        Tool(_describe_rethink(memory.characters_limit), rethink),
        Tool(_FINISH, finish),
    )


_FINISH = describe(
    "finish_rethinking_memory",
    "Say that the memory holds all that is worth keeping of what you have read so far. "
    "After the last pull request this ends the phase.",
)


def _describe_rethink(characters_limit: int) -> ToolSpec:
    return describe(
        "rethink_memory",
        "Replace the whole memory block by a new text, which joins what it said before "
        f"with what you have learned since. At most {REVISION_LIMIT} times.",
        {
            "new_memory": string(
                "The whole new text of the block.", longest=characters_limit
            ),
            "target_block_label": string(
                "The block to replace.", choices=(BLOCK_LABEL,)
            ),
            "source_block_label": string(
                "Where the new knowledge comes from: a pull request, as "
                "`pull_request_12`, or the block itself."
            ),
        },
        required=("new_memory", "target_block_label", "source_block_label"),
    )
