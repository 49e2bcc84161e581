"""The seam to whatever names likely files from an index, without a language model.

A sleep phase may leave an index beside its text; then a test phase shows its best
candidates with the task, and lets the agent ask it again in other words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agent.plain_text import show_on_one_line
from agent.tools.schema import describe, integer, string
from agent.tools.tool import Observation, Tool

__all__ = [
    "SHOWN_CANDIDATES",
    "Candidate",
    "Finder",
    "likely_files_tool",
    "write_candidates",
]

SHOWN_CANDIDATES = 50
"""Nine in ten files of an answer are among so many, on the sets it was tried on."""
_EVIDENCE_CHARACTERS = 160
_DEFAULT_LIMIT = 15


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that a change may have to modify."""

    path: str
    probability: float
    """In [0, 1], as far as it is calibrated."""
    is_predicted: bool = False
    """Whether it belongs to the set that the index would answer."""
    evidence: str = ""
    """Why, in words."""


class Finder(Protocol):
    """Finds files for a description. Thread-safe: rollouts share one."""

    def find(self, title: str, body: str, *, limit: int) -> Sequence[Candidate]:
        """The likeliest files, best first."""
        ...


def write_candidates(candidates: Sequence[Candidate]) -> str:
    """Candidates as text: probability, `+` for those predicted, path, evidence."""
    return "\n".join(
        f"{candidate.probability:.2f} {'+' if candidate.is_predicted else '-'} "
        f"{show_on_one_line(candidate.path)}"
        + (f": {_shorten(candidate.evidence)}" if candidate.evidence else "")
        for candidate in candidates
    )


def likely_files_tool(finder: Finder) -> Tool:
    """The tool that asks a finder."""

    def run(arguments: Mapping[str, Any]) -> Observation:
        limit = arguments.get("limit", _DEFAULT_LIMIT)
        candidates = finder.find(arguments["description"], "", limit=limit)
        return Observation(write_candidates(candidates) or "No likely files.")

    return Tool(
        describe(
            "likely_files",
            "Ask an index of this repository, built beforehand from its text and its "
            "past changes, which files a change would modify. Each line has the "
            "probability, `+` where it would be answered, the path, and why.",
            {
                "description": string("The change, or a part of it, in words."),
                "limit": integer(
                    f"How many files; {_DEFAULT_LIMIT} if left out.",
                    minimum=1,
                    maximum=SHOWN_CANDIDATES,
                ),
            },
            required=("description",),
        ),
        run,
    )


def _shorten(evidence: str) -> str:
    return show_on_one_line(" ".join(evidence.split()))[:_EVIDENCE_CHARACTERS]
