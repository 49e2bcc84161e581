"""The learned context c'.

What the sleep phase understood, written down for the test phase.
"""

from dataclasses import dataclass

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
    likely_files: tuple[tuple[str, float], ...] = ()
    """Best candidates known before any query, as (path, weight in [0, 1]).

    May be empty.
    """
