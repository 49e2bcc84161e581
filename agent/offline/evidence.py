"""What observations say about files."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.code_tokens import telling_words
from agent.offline.transcript import Exchange, Part
from agent.prompting import DataBlock

__all__ = [
    "LOG_FORMAT",
    "Change",
    "TermHits",
    "read_counts",
    "read_likely",
    "read_log",
    "read_pulls",
    "read_term_hits",
]

LOG_FORMAT = "--format=@%s --name-only --no-renames"
"""How the policy asks git for past changes, so that it can read the answer."""
_COUNTED = re.compile(r"^\s*(\d+) (\S.*)$", re.MULTILINE)
_IN_FILES = re.compile(r"^(\d+) matching lines in (\d+) files")
_CANDIDATE = re.compile(r"^(\d\.\d\d) ([+-]) (.+?)(?:: .*)?$", re.MULTILINE)
_PULL_HEAD = re.compile(r"^Pull request #\d+$", re.MULTILINE)
_BLOCK_MARK = re.compile("\0(\\d+)\0")
_LISTED_FILE = re.compile(
    r"^- (added|modified|removed|renamed) (.+?)(?: \(was .+\))?$", re.MULTILINE
)
_PATCH_OF = "patch of "


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed before: a commit or a pull request."""

    text: str
    """Its title, for a pull request with its description."""
    files: tuple[str, ...]
    added_words: Counter[str] = field(default_factory=Counter)
    """Words of its patch, where that was shown."""


@dataclass(frozen=True, slots=True)
class TermHits:
    """Where one search term occurs."""

    term: str
    files_total: int
    lines: dict[str, int]
    """Matching lines by file, of the files that were listed."""


def read_log(text: str) -> list[Change]:
    """Past changes from the output of git log in `LOG_FORMAT`."""
    changes = []
    for entry in f"\n{text}".split("\n@")[1:]:
        subject, *files = entry.split("\n")
        kept = tuple(f for f in files if f and not f.startswith("["))
        if kept:
            changes.append(Change(subject, kept))
    return changes


def read_counts(text: str) -> dict[str, int]:
    """Numbers by path, from lines of a number and a path."""
    return {path: int(number) for number, path in _COUNTED.findall(text)}


def read_term_hits(exchanges: Iterable[Exchange]) -> list[TermHits]:
    """What the searches for terms found."""
    hits = []
    for exchange in exchanges:
        arguments = exchange.call.arguments
        if exchange.call.name == "search" and arguments.get("output") == "files":
            head = _IN_FILES.match(exchange.observation)
            total = int(head.group(2)) if head else 0
            lines = read_counts(exchange.observation.partition("\n")[2])
            hits.append(TermHits(str(arguments["pattern"]).lower(), total, lines))
    return hits


def read_likely(blocks: Iterable[DataBlock]) -> dict[str, tuple[float, bool]]:
    """Probability of each candidate that an index named, and whether it answers it."""
    return {
        path: (float(probability), mark == "+")
        for block in blocks
        if block.name == "likely_files"
        for probability, mark, path in _CANDIDATE.findall(block.text)
    }


def read_pulls(part: Part) -> list[Change]:
    """The pull requests of a prompt: title and body, files, words of the patches."""
    sections = _PULL_HEAD.split(part.outline)[1:]
    return [_read_pull(section, part.blocks) for section in sections]


def _read_pull(section: str, blocks: Sequence[DataBlock]) -> Change:
    shown = [blocks[int(number)] for number in _BLOCK_MARK.findall(section)]
    # The target's own title and body follow the last pull request of a task.
    told = [block.text for block in shown if block.name in {"title", "body"}][:2]
    files = [
        path for status, path in _LISTED_FILE.findall(section) if status != "removed"
    ]
    patched: Counter[str] = Counter()
    for block in shown:
        if block.name.startswith(_PATCH_OF):
            added = [line for line in block.text.split("\n") if line.startswith("+")]
            patched.update(set(telling_words("\n".join(added))))
    return Change("\n".join(told), tuple(files), patched)
