"""Read a patch that somebody else wrote into changed files.

The statuses are those of `docs/scoring.md`, the same that `diffs` gives to what git
says about two trees.
"""

import re
from collections.abc import Sequence
from io import StringIO
from itertools import islice

from unidiff.constants import DEV_NULL
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from tasks.errors import RowError
from tasks.pull_requests import ChangedFile, FileStatus

__all__ = ["parse_patch"]

_PREFIXES = re.compile(r"[acio1]/(?P<source>.*)\0[bciow2]/(?P<target>.*)", re.DOTALL)
_HEADER = "diff --git "
_MOVE = re.compile(r"(?:rename|copy) (?:from|to) (.+)")
_QUOTE, _SPACE = '"', r"\040"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_KIND_DIGITS = 3
"""Leading digits of a git mode that say what a path is: a file, a link, a submodule."""


def parse_patch(text: str) -> tuple[ChangedFile, ...]:
    """Files that a unified diff changes, each once, in its order.

    Args:
        text: Output of `git diff`, of `diff -u`, or several of them joined.

    Raises:
        RowError: It is no unified diff that a program could apply.
    """
    if not text.strip():
        return ()
    try:
        plain = _escape_spaces(text.replace("\r\n", "\n"))
        parsed = PatchSet(StringIO(plain, newline="\n"))
    except UnidiffParseError as error:
        reason = " ".join(str(error).split())[:80]
        message = f"the patch is malformed ({reason}): write it with git diff"
        raise RowError(message) from error
    if not parsed:
        msg = "the patch names no file: write it with git diff"
        raise RowError(msg)
    files: dict[str, ChangedFile] = {}
    modes: dict[str, str | None] = {}
    for section in parsed:
        file = _read_section(section)
        earlier = files.get(file.filename)
        kinds = (modes.get(file.filename), section.target_mode)
        files[file.filename] = _join(earlier, file, kinds) if earlier else file
        modes[file.filename] = section.source_mode
    return tuple(files.values())


def _escape_spaces(text: str) -> str:
    """The patch with the spaces in the names of git's headers as git's escapes.

    Only a name's prefix tells where the one before it ends, and a patch that was
    written with `--no-prefix` has none: unidiff would split it anywhere.
    """
    lines = text.split("\n")
    is_escaped = False
    for place, line in enumerate(lines):
        if line.startswith(_HEADER):
            names = _split_header(line.removeprefix(_HEADER), lines, place + 1)
            is_escaped = bool(names)
            if names:
                lines[place] = _HEADER + " ".join(map(_escape, names))
        elif line.startswith("@@ "):
            is_escaped = False
        elif is_escaped and line.startswith(("--- ", "+++ ")):
            name, *rest = line[4:].split("\t")
            lines[place] = line[:4] + "\t".join([_escape(name), *rest])
    return "\n".join(lines)


def _split_header(names: str, lines: Sequence[str], start: int) -> tuple[str, ...]:
    """Both names of git's header; none where it has no spaces to take for its end."""
    if names.count(" ") <= 1:
        return ()
    moved: list[str] = []
    for line in islice(lines, start, None):
        if line.startswith((_HEADER, "--- ", "@@ ", "Binary ", "GIT ")):
            break
        if match := _MOVE.fullmatch(line):
            moved.append(re.escape(match[1].strip('"')))
    if len(moved) == len(("from", "to")):
        old, new = moved
        sides = rf'("?(?:[acio1]/)?{old}"?) ("?(?:[bciow2]/)?{new}"?)'
        match = re.fullmatch(sides, names)
        return match.groups() if match else ()
    middle = len(names) // 2
    left, right = names[:middle], names[middle + 1 :]
    pair = _PREFIXES.fullmatch(f"{_unquote(left)}\0{_unquote(right)}")
    is_one = left == right or (pair and pair["source"] == pair["target"])
    return (left, right) if is_one else ()


def _escape(name: str) -> str:
    """A name without spaces, as git would quote it; `_unquote` reads it again."""
    if name == DEV_NULL or " " not in name:
        return name
    return f'"{name.strip(_QUOTE).replace(" ", _SPACE)}"'


def _read_section(section: PatchedFile) -> ChangedFile:
    source, target = _names(section)
    if source is None or target is None:
        status = FileStatus.REMOVED if target is None else FileStatus.ADDED
        return ChangedFile((target if source is None else source) or "", status)
    if source != target:
        is_copy = any(
            line.startswith("copy from ") for line in section.patch_info or ()
        )
        status = FileStatus.ADDED if is_copy else FileStatus.RENAMED
        return ChangedFile(target, status, previous_filename=source)
    is_edit = (len(section) > 0 or section.is_binary_file) and not section.is_submodule
    return ChangedFile(target, FileStatus.MODIFIED if is_edit else FileStatus.CHANGED)


def _join(
    earlier: ChangedFile, later: ChangedFile, kinds: tuple[str | None, str | None]
) -> ChangedFile:
    """What two sections do to one path together.

    Git shows a file that becomes a link as its removal and its addition; two patches
    that were joined may both edit a file, or add it and then edit it.
    """
    both = (earlier.status, later.status)
    if both == (FileStatus.REMOVED, FileStatus.ADDED):
        old, new = ((kind or "100")[:_KIND_DIGITS] for kind in kinds)
        return ChangedFile(
            later.filename, FileStatus.MODIFIED if old == new else FileStatus.CHANGED
        )
    if FileStatus.REMOVED in both or earlier.status is FileStatus.CHANGED:
        return later
    return earlier


def _names(section: PatchedFile) -> tuple[str | None, str | None]:
    """Names before and after, unquoted, without the prefixes of either side."""
    source, target = (
        _unquote(name.rstrip("\r\n"))
        for name in (section.source_file, section.target_file)
    )
    if source == target:  # written without prefixes
        return source, target
    if DEV_NULL in {source, target}:
        return (
            None if source == DEV_NULL else re.sub(r"^[acio1]/", "", source),
            None if target == DEV_NULL else re.sub(r"^[bciow2]/", "", target),
        )
    match = _PREFIXES.fullmatch(f"{source}\0{target}")
    return (match["source"], match["target"]) if match else (source, target)


def _unquote(name: str) -> str:
    """A name as git quotes it: in double quotes, with C's escapes for its bytes."""
    if len(name) < len('""') or not (name.startswith('"') and name.endswith('"')):
        return name

    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] in "01234567":
            return bytes([int(escape, 8) & 0xFF]).decode("latin-1")
        return _ESCAPES.get(escape, escape)

    plain = re.sub(r"\\([0-7]{1,3}|.)", replace, name[1:-1])
    return _as_utf8(plain)


def _as_utf8(text: str) -> str:
    """Join the bytes that octal escapes gave; what is text already stays."""
    try:
        return text.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text
