"""The learned context that the offline model writes, and reads again.

Plain Markdown, of use to any reader: which files such changes touch, what goes with
what, which words point where. A context that another model wrote has other lines; what
can be read from it is the files that it names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.offline.terms import named_paths

__all__ = ["Notes", "read_notes", "write_notes"]

_FILES = "## Files by how likely a change touches them"
_COMPANIONS = "## Files that change together"
_WORDS = "## Words and the files they point to"
_PULLS = "## Pull requests studied"
_WEIGHTED = re.compile(r"(\S.*?) (\d\.\d\d)(?:, |$)")
_MENTION_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Notes:
    """What was learned of a repository. Every weight is in [0, 1]."""

    pulls: tuple[str, ...] = ()
    """One line for each pull request that was studied."""
    files: Mapping[str, float] = field(default_factory=dict)
    companions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Of a file: those that change with it, by how often."""
    words: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Of a word's stem: the files whose changes were described with it."""


def write_notes(notes: Notes, *, limit: int) -> str:
    """The notes as text of at most `limit` characters; the last lines are left out."""
    sections = [
        (_PULLS, [f"- {line}" for line in notes.pulls]),
        (_FILES, [f"- {path} {weight:.2f}" for path, weight in notes.files.items()]),
        (_COMPANIONS, _list_weighted(notes.companions)),
        (_WORDS, _list_weighted(notes.words)),
    ]
    text = "\n\n".join("\n".join([head, *lines]) for head, lines in sections if lines)
    return text if len(text) <= limit else text[: limit + 1].rpartition("\n")[0]


def _list_weighted(table: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [
        f"- {key}: " + ", ".join(f"{path} {weight:.2f}" for path, weight in row.items())
        for key, row in table.items()
        if row
    ]


def read_notes(text: str) -> Notes:
    """Read notes back; from text of another form, only the files that it names."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("## "):
            lines = sections.setdefault(line.strip(), [])
        elif line.startswith("- "):
            lines.append(line[2:])
    if _FILES not in sections:
        return Notes(files=dict.fromkeys(named_paths(text), _MENTION_WEIGHT))
    return Notes(
        pulls=tuple(sections.get(_PULLS, ())),
        files=_read_weighted(", ".join(sections[_FILES])),
        companions=_read_table(sections.get(_COMPANIONS, [])),
        words=_read_table(sections.get(_WORDS, [])),
    )


def _read_table(lines: list[str]) -> dict[str, dict[str, float]]:
    table = {}
    for line in lines:
        key, separator, row = line.partition(": ")
        if separator:
            table[key] = _read_weighted(row)
    return table


def _read_weighted(row: str) -> dict[str, float]:
    return {path: float(weight) for path, weight in _WEIGHTED.findall(row)}
