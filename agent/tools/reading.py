"""list_files, search and open_file: how the agent looks at the repository."""

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any

from agent.plain_text import decode, strip_escapes
from agent.tools.schema import boolean, describe, integer, string
from agent.tools.tool import Observation, Tool
from agent.tools.tree import Tree
from sandbox.contract import Sandbox

__all__ = ["reading_tools"]

_LISTED_PATHS = 200
_LISTED_MATCHES = 80
_LISTED_FILES = 60
_LINE_CHARACTERS = 200
_DEFAULT_WINDOW = 100
_LONGEST_WINDOW = 400
_SEARCH_TIMEOUT_S = 30.0
_SEARCH_LIMIT_BYTES = 4 * 1024 * 1024
_NO_MATCH = 1
"""Exit code of ripgrep and git grep where nothing matched."""

_LIST_FILES = describe(
    "list_files",
    "List the files of a folder and of the folders in it. A large listing is "
    "given by folder with the number of files in each.",
    {
        "folder": string("Folder from the repository root; all if left out."),
        "name": string("Only files whose name fits this pattern: *.md"),
    },
)
_SEARCH = describe(
    "search",
    "Search the text of the files with ripgrep, case-insensitively unless told "
    "otherwise. The pattern is plain text, or a regular expression on demand.",
    {
        "pattern": string("What to look for."),
        "regex": boolean("Whether the pattern is a regular expression."),
        "match_case": boolean("Whether upper and lower case differ."),
        "whole_words": boolean("Whether only whole words match."),
        "path": string("Only in this file or folder."),
        "output": string(
            "`lines`: the matching lines (as if left out). `files`: how many "
            "lines match in each file, most first.",
            choices=("lines", "files"),
        ),
    },
    required=("pattern",),
)
_OPEN_FILE = describe(
    "open_file",
    "Show a window of a file with line numbers.",
    {
        "path": string("Path from the repository root."),
        "line": integer(
            "First line to show; 1 if left out.", minimum=1, maximum=10_000_000
        ),
        "lines": integer(
            f"How many lines; {_DEFAULT_WINDOW} if left out.",
            minimum=1,
            maximum=_LONGEST_WINDOW,
        ),
    },
    required=("path",),
)


def reading_tools(sandbox: Sandbox, tree: Tree) -> tuple[Tool, ...]:
    """The tools that only look."""
    return (_list_files(sandbox), _search(sandbox), _open_file(sandbox, tree))


def _list_files(sandbox: Sandbox) -> Tool:
    def run(arguments: Mapping[str, Any]) -> Observation:
        folder = arguments.get("folder")
        name = arguments.get("name")
        command = f"find {_operand(folder)} -name .git -prune -o -type f"
        if name is not None:
            command += f" -name {shlex.quote(name)}"
        result = sandbox.run(f"{command} -print0")
        if result.exit_code != 0 and not result.stdout:
            said = decode(result.stderr).strip()
            return Observation(f"The folder cannot be listed: {said}", failed=True)
        paths = sorted(
            _clean_path(path)
            for path in result.stdout.decode("utf-8", "surrogateescape").split("\0")
            if path
        )
        return Observation(_show_paths(paths))

    return Tool(_LIST_FILES, run, takes_time=True)


def _show_paths(paths: list[str]) -> str:
    if not paths:
        return "No files."
    if len(paths) <= _LISTED_PATHS:
        return "\n".join([f"{len(paths)} files", *paths])
    folders = Counter(path.rpartition("/")[0] or "." for path in paths)
    lines = [f"{count:6d} {folder}/" for folder, count in sorted(folders.items())]
    shown = lines[:_LISTED_PATHS]
    if len(lines) > len(shown):
        shown.append(f"[{len(lines) - len(shown)} more folders]")
    return "\n".join([f"{len(paths)} files, too many to list; by folder:", *shown])


def _search(sandbox: Sandbox) -> Tool:
    def run(arguments: Mapping[str, Any]) -> Observation:
        result = sandbox.run(
            _search_command(arguments),
            timeout_s=_SEARCH_TIMEOUT_S,
            output_limit_bytes=_SEARCH_LIMIT_BYTES,
        )
        if result.timed_out:
            return Observation("The search took too long; narrow it.", failed=True)
        if result.exit_code == _NO_MATCH:
            return Observation("No matches.")
        if result.exit_code != 0 and not result.stdout:
            said = decode(result.stderr).strip()
            return Observation(f"The search failed: {said}", failed=True)
        matches = _parse_matches(result.stdout)
        is_counting = arguments.get("output", "lines") == "files"
        shown = _show_counts(matches) if is_counting else _show_lines(matches)
        cut = "\n[There is more than could be read: narrow the search.]"
        return Observation(shown + (cut if result.omitted_bytes else ""))

    return Tool(_SEARCH, run, takes_time=True)


def _search_command(arguments: Mapping[str, Any]) -> str:
    """A command for both programs: ripgrep, and git's own where there is none.

    Both look at every text file under the path, ignored and hidden ones included, and
    print `path NUL line:text` by path, so that results depend neither on which one ran
    nor, where there is more than can be read, on which file a thread finished first.
    """
    flags = "" if arguments.get("match_case", False) else " -i"
    flags += " -w" if arguments.get("whole_words", False) else ""
    is_regex = arguments.get("regex", False)
    operands = (
        f"-e {shlex.quote(arguments['pattern'])} -- {_operand(arguments.get('path'))}"
    )
    ripgrep = (
        "rg --no-config --no-heading --with-filename --color never --hidden"
        " --no-ignore -g '!/.git/' -n --null --sort path"
        f"{flags}{'' if is_regex else ' -F'} {operands}"
    )
    git_grep = (
        "git --no-pager --literal-pathspecs grep --no-color --untracked"
        " --no-exclude-standard -I -n -z"
        f"{flags}{' -P' if is_regex else ' -F'} {operands}"
    )
    return f"if command -v rg >/dev/null; then {ripgrep}; else {git_grep}; fi"


def _parse_matches(stdout: bytes) -> list[tuple[str, int, str]]:
    matches = []
    for line in stdout.decode("utf-8", errors="surrogateescape").split("\n"):
        path, _, rest = line.partition("\0")
        number, separator, text = rest.replace("\0", ":", 1).partition(":")
        if separator and number.isdigit():
            matches.append((_clean_path(path), int(number), text))
    return sorted(matches)


def _show_lines(matches: list[tuple[str, int, str]]) -> str:
    lines = [
        f"{path}:{number}:{_shorten(text)}"
        for path, number, text in matches[:_LISTED_MATCHES]
    ]
    if len(matches) > len(lines):
        files = len({path for path, _, _ in matches})
        lines.append(
            f"[{len(matches) - len(lines)} more matches; {len(matches)} in {files} "
            "files: narrow the search, or ask for output `files`]"
        )
    return "\n".join(lines) or "No matches."


def _show_counts(matches: list[tuple[str, int, str]]) -> str:
    counts = Counter(path for path, _, _ in matches)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{len(matches)} matching lines in {len(counts)} files"]
    lines += [f"{count:5d} {path}" for path, count in ranked[:_LISTED_FILES]]
    if len(ranked) > _LISTED_FILES:
        lines.append(f"[{len(ranked) - _LISTED_FILES} more files]")
    return "\n".join(lines)


def _open_file(sandbox: Sandbox, tree: Tree) -> Tool:
    def run(arguments: Mapping[str, Any]) -> Observation:
        path = arguments["path"]
        try:
            content = sandbox.read(path)
        except FileNotFoundError:
            similar = tree.similar_to(path)
            hint = f" Similar: {', '.join(similar)}." if similar else ""
            return Observation(f"There is no file {path}.{hint}", failed=True)
        except OSError as error:
            return Observation(f"{path} cannot be opened: {error}.", failed=True)
        first = arguments.get("line", 1)
        return Observation(
            _show_window(path, content, first, arguments.get("lines", _DEFAULT_WINDOW))
        )

    return Tool(_OPEN_FILE, run)


def _show_window(path: str, content: bytes, first: int, count: int) -> str:
    if b"\0" in content[:8192]:
        return f"{path} is binary, {len(content)} bytes."
    lines = decode(content).split("\n")
    if lines[-1] == "":
        lines.pop()
    if first > len(lines):
        return f"{path} has only {len(lines)} lines."
    last = min(first + count - 1, len(lines))
    shown = [f"{path}, lines {first} to {last} of {len(lines)}"]
    shown += [
        f"{number:5d} {_shorten(line)}"
        for number, line in enumerate(lines[first - 1 : last], start=first)
    ]
    return "\n".join(shown)


def _operand(path: str | None) -> str:
    """A path as a shell word that no program takes for an option; `.` for None."""
    if path is None:
        return "."
    return shlex.quote(path if path.startswith(("/", "./")) else f"./{path}")


def _clean_path(path: str) -> str:
    return strip_escapes(path.removeprefix("./").removeprefix("./"))


def _shorten(line: str) -> str:
    line = strip_escapes(line).rstrip()
    if len(line) <= _LINE_CHARACTERS:
        return line
    return f"{line[:_LINE_CHARACTERS]} [+{len(line) - _LINE_CHARACTERS} characters]"
