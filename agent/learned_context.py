"""The learned context c'.

What the sleep phase understood, written down for the test phase.
"""

from dataclasses import dataclass, replace

from agent.redaction import Redactor
from agent.usage import Usage

__all__ = ["LearnedContext", "Revision"]


@dataclass(frozen=True, slots=True)
class Revision:
    """The memory block after one `rethink_memory`."""

    text: str
    pr_number: int | None
    """The related pull request that was being read; None outside of any."""
    usage: Usage
    """Everything spent in the sleep phase up to and including this call."""


@dataclass(frozen=True, slots=True)
class LearnedContext:
    """What one sleep phase learned, and where it came from."""

    text: str
    repo: str
    commit: str
    """Full id of the commit that was explored."""
    related: tuple[int, ...]
    """Numbers of the pull requests that were read, in order."""
    model: str
    prompt_hash: str
    """SHA-256 of the templates that the sleep phase used."""
    usage: Usage
    duration_s: float
    revisions: tuple[Revision, ...] = ()

    def as_of(self, revision: int) -> "LearnedContext":
        """What would have been learned, had the phase ended with one of its revisions.

        So one long sleep gives a whole curve against what sleeping costs. The time of
        a revision is not kept: `duration_s` is the whole phase's.

        Args:
            revision: Its position in `revisions`, from 0.
        """
        kept = self.revisions[: revision + 1]
        return replace(self, text=kept[-1].text, usage=kept[-1].usage, revisions=kept)

    def without_keys(self, redactor: Redactor) -> "LearnedContext":
        """The same with all keys taken out of what was written."""
        clean = redactor.text
        kept = tuple(replace(each, text=clean(each.text)) for each in self.revisions)
        return replace(self, text=clean(self.text), revisions=kept)
