"""The outcome of one test phase: which files, why it stopped, what it spent."""

from dataclasses import dataclass
from enum import StrEnum

from agent.usage import Usage

__all__ = ["Rollout", "Stop"]


class Stop(StrEnum):
    """Why a phase ended. Each of them leaves an answer that is scored."""

    SUBMITTED = "submitted"
    """The agent said that it is done."""
    BUDGET = "budget"
    """All steps were used; what stood then is the answer."""
    TOKENS = "tokens"
    """The limit of generated tokens was reached."""
    COST = "cost"
    """The limit of cost was reached."""
    TIME = "time"
    """The limit of seconds of work was reached."""
    CONTEXT = "context"
    """The conversation fills the model's window, and nothing is left to drop."""
    REPLIED = "replied"
    """It answered in plain words where that ends its work: in the sleep phase."""

    @property
    def is_limit(self) -> bool:
        """Whether a safety stop ended the phase, and not the agent or its budget."""
        return self in (Stop.TOKENS, Stop.COST, Stop.TIME, Stop.CONTEXT)


@dataclass(frozen=True, slots=True)
class Rollout:
    """What one attempt at one instance came to."""

    predicted_files: tuple[str, ...]
    """POSIX paths from the repository root.

    In predict mode as proposed, the likeliest first; in edit mode sorted.
    """
    stop: str
    """A value of `Stop`."""
    steps: int
    """Model replies."""
    usage: Usage
    """Of the test phase alone."""
    duration_s: float
    proposals: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """Each change of the answer so far, as (step, files); empty in edit mode."""
    tool_calls: int = 0
    failed_calls: int = 0
    """Calls that came back as an error: unknown tool, bad arguments, no such file."""
    repeated_calls: int = 0
    """Calls that repeated an earlier one to the letter with nothing written between."""
    idle_steps: int = 0
    """Replies without any tool call."""
