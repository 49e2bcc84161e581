"""The tool calls that the policy makes, and how it knows their answers again."""

import shlex
from collections.abc import Iterable, Sequence

from agent.messages import ToolCall
from agent.offline.evidence import LOG_FORMAT
from agent.offline.transcript import Exchange

__all__ = [
    "Looks",
    "count_changes",
    "count_companions",
    "find_changes",
    "list_changes",
    "list_named",
    "search_term",
]

_COUNT = "| grep . | sort | uniq -c | sort -rn | head -60"


class Looks:
    """Makes calls with ids that are unique in the conversation."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._made = len(exchanges)

    def call(self, tool: str, /, **arguments: object) -> ToolCall:
        """One tool call."""
        self._made += 1
        return ToolCall(f"call_{self._made}", tool, arguments)


def search_term(looks: Looks, term: str) -> ToolCall:
    """Which files have a term, and on how many lines."""
    return looks.call("search", pattern=term, output="files")


def list_named(looks: Looks, name: str) -> ToolCall:
    """Which files have this in their name."""
    return looks.call("list_files", name=f"*{name}*")


def list_changes(looks: Looks, *, page: int, size: int) -> ToolCall:
    """Past changes, newest first, a page at a time."""
    command = f"git log --no-merges {LOG_FORMAT} -n {size} --skip {page * size}"
    return looks.call("run_command", command=command)


def find_changes(looks: Looks, terms: Iterable[str]) -> ToolCall:
    """Past changes whose message has one of the terms."""
    wanted = " ".join(f"--grep={shlex.quote(term)}" for term in terms)
    command = f"git log --no-merges {LOG_FORMAT} -n 60 -i -F {wanted}"
    return looks.call("run_command", command=command)


def count_changes(looks: Looks) -> ToolCall:
    """How often each file was changed lately."""
    command = f"git log --no-merges -n 300 --format= --name-only --no-renames {_COUNT}"
    return looks.call("run_command", command=command)


def count_companions(looks: Looks, path: str) -> ToolCall:
    """How often other files were changed together with one."""
    command = (
        "git log --no-merges -n 60 --format= --name-only --no-renames --full-diff "
        f"-- {shlex.quote(path)} {_COUNT}"
    )
    return looks.call("run_command", command=command)
