"""Read a patch that somebody else wrote into changed files.

The statuses are those of `docs/scoring.md`, the same that `diffs` gives to what git
says about two trees.
"""

import re
from io import StringIO

from unidiff.constants import DEV_NULL
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from tasks.errors import RowError
from tasks.pull_requests import ChangedFile, FileStatus

__all__ = ["parse_patch"]

_PREFIXES = re.compile(r"[acio1]/(?P<source>.*)\0[bciow2]/(?P<target>.*)", re.DOTALL)
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
        parsed = PatchSet(StringIO(text.replace("\r\n", "\n"), newline="\n"))
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
