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
    "mark_files",
    "search_term",
]

_LINE_COMMENTS = {
    "//": [
        "js",
        "ts",
        "tsx",
        "jsx",
        "mjs",
        "go",
        "rs",
        "java",
        "kt",
        "c",
        "cc",
        "cpp",
        "h",
        "hpp",
        "cs",
        "php",
        "swift",
        "scala",
    ],
    "..": ["rst"],
    "<!--": ["md", "html"],
}
_NOTE_CHARACTERS = 100
_COUNT = "| grep . | sort | uniq -c | sort -rn | head -60"


class Looks:
    """Makes calls with ids that are unique in the conversation."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._taken = {exchange.call.call_id for exchange in exchanges}
        self._made = len(exchanges)

    def call(self, tool: str, /, **arguments: object) -> ToolCall:
        """One tool call, which may be left unsaid: its id is not used again."""
        call_id = ""
        while not call_id or call_id in self._taken:
            self._made += 1
            call_id = f"call_{self._made}"
        return ToolCall(call_id, tool, arguments)


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


def mark_files(looks: Looks, paths: Sequence[str], title: str) -> list[ToolCall]:
    """Leave a note in each file that the change would modify.

    Without a language model nobody writes the change itself; the note is what a tree
    that is compared by the host has to show for the answer.
    """
    by_comment: dict[str, list[str]] = {}
    for path in paths:
        suffix = path.rpartition(".")[2].lower()
        leads = [lead for lead, known in _LINE_COMMENTS.items() if suffix in known]
        by_comment.setdefault(leads[0] if leads else "#", []).append(path)
    topic = " ".join(title.split())[:_NOTE_CHARACTERS]
    return [
        looks.call(
            "run_command",
            command=(
                f"printf '\\n%s\\n' {shlex.quote(_comment(lead, topic))}"
                f" | tee -a -- {' '.join(shlex.quote(f'./{p}') for p in files)}"
                " > /dev/null"
            ),
        )
        for lead, files in by_comment.items()
    ]


def _comment(lead: str, topic: str) -> str:
    ending = " -->" if lead == "<!--" else ""
    return f"{lead} To change: {topic}{ending}"
