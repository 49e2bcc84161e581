"""What each change did to the files: one pass over git's own diffs, in bounded memory.

Two streams over the same list of commits: which paths changed (needs no file to be
read, so it works where the largest blobs are missing), then the changed lines of those
files that can be read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.localizer.changes import Change
from agent.localizer.git import run_git, stream_git

__all__ = ["ChangeDiff", "ChangedPath", "Patch", "read_diffs"]

_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([abfnrtv\"\\]|[0-7]{3})")
_ESCAPED = {b"a": 7, b"b": 8, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"v": 11}
_PATCH_LIMIT = 150_000
_LINE_LIMIT = 600
_MOST_EXCLUDED = 200
_DIFF = (
    "diff-tree",
    "--stdin",
    "-r",
    "--root",
    "--no-abbrev",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=all",
)


@dataclass(frozen=True, slots=True)
class ChangedPath:
    """One path that a change touched, renames as a deletion and an addition."""

    path: str
    status: str
    """`A`, `M` or `D`."""


@dataclass(slots=True)
class Patch:
    """Changed lines of one file, each side cut at a limit."""

    path: str = ""
    old_path: str = ""
    added: list[bytes] = field(default_factory=list)
    removed: list[bytes] = field(default_factory=list)
    room_added: int = _PATCH_LIMIT
    room_removed: int = _PATCH_LIMIT


@dataclass(frozen=True, slots=True)
class ChangeDiff:
    """Everything one change did to the tree."""

    paths: tuple[ChangedPath, ...]
    patches: tuple[Patch, ...]


def read_diffs(repo: Path, changes: Sequence[Change]) -> Iterator[ChangeDiff]:
    """What each change did, in the order given."""
    pairs = [f"{change.commit} {change.parent}".strip() for change in changes]
    touched, blobs = _read_paths(repo, changes, pairs)
    missing = _missing_blobs(repo, blobs)
    excluded = sorted({path for blob in missing for path in blobs[blob]})
    patches = _read_patches(repo, pairs, excluded)
    commit, found = next(patches, ("", ()))
    for change, paths in zip(changes, touched, strict=True):
        if commit == change.commit:
            yield ChangeDiff(paths, found)
            commit, found = next(patches, ("", ()))
        else:
            yield ChangeDiff(paths, ())


def _read_paths(
    repo: Path, changes: Sequence[Change], pairs: Sequence[str]
) -> tuple[list[tuple[ChangedPath, ...]], dict[bytes, set[str]]]:
    touched: list[list[ChangedPath]] = [[] for _ in changes]
    blobs: dict[bytes, set[str]] = {}
    at = -1
    for line in stream_git(repo, (*_DIFF, "--raw", "--no-renames"), pairs):
        if not line.startswith(b":"):
            name = line.strip().decode()
            at += 1
            while changes[at].commit != name:
                at += 1
            continue
        facts, _, name_bytes = line.rstrip(b"\n").partition(b"\t")
        old_mode, new_mode, old, new, _ = facts[1:].split(b" ")
        # Neither links nor submodules are files to edit.
        was_file, is_file = (mode.startswith(b"100") for mode in (old_mode, new_mode))
        if not (was_file or is_file):
            continue
        path = _unquote(name_bytes)
        for blob, real in ((old, was_file), (new, is_file)):
            if real:
                blobs.setdefault(blob, set()).add(path)
        letter = "M" if was_file and is_file else "A" if is_file else "D"
        touched[at].append(ChangedPath(path, letter))
    return [tuple(paths) for paths in touched], blobs


def _missing_blobs(repo: Path, blobs: dict[bytes, set[str]]) -> list[bytes]:
    names = (blob.decode() for blob in blobs)
    output = run_git(repo, ("cat-file", "--batch-check", "--buffer"), names)
    lines = output.splitlines()
    return [line.split(b" ")[0] for line in lines if line.endswith(b" missing")]


def _read_patches(
    repo: Path, pairs: Sequence[str], excluded: Sequence[str]
) -> Iterator[tuple[str, tuple[Patch, ...]]]:
    """Patches of each commit that has some; paths whose blobs are missing left out."""
    if len(excluded) > _MOST_EXCLUDED:
        # Each excluded path is compared with each changed one, so folders it is.
        folders = {path.rpartition("/")[0] or path for path in excluded}
        excluded = sorted(folders)[:_MOST_EXCLUDED]
    limits = ["--", ":(top)", *(f":(top,exclude,literal){path}" for path in excluded)]
    commit = ""
    patches: list[Patch] = []
    lines = stream_git(
        repo,
        (*_DIFF, "-p", "-U0", "-M", *(limits if excluded else ())),
        pairs,
        alone=True,
    )
    for line in lines:
        if line.startswith(b"diff --git "):
            patches.append(Patch())
        elif line.startswith(b"@@ "):
            _read_hunk(line, lines, patches[-1])
        elif line.startswith((b"--- ", b"+++ ", b"rename ")):
            _read_header(line.rstrip(b"\n"), patches[-1])
        elif _is_commit(line):
            if commit:
                yield commit, tuple(patches)
            commit, patches = line.strip().decode(), []
    if commit:
        yield commit, tuple(patches)


def _is_commit(line: bytes) -> bool:
    name = line.rstrip(b"\n")
    return len(name) in (40, 64) and not name.strip(b"0123456789abcdef")


def _read_header(line: bytes, patch: Patch) -> None:
    if line.startswith(b"rename from "):
        patch.old_path = _unquote(line.removeprefix(b"rename from "))
    elif line.startswith(b"rename to "):
        patch.path = _unquote(line.removeprefix(b"rename to "))
    elif line.startswith((b"--- ", b"+++ ")) and not line.endswith(b" /dev/null"):
        patch.path = _unquote(line[4:].removesuffix(b"\t"))[2:]


def _read_hunk(line: bytes, lines: Iterator[bytes], patch: Patch) -> None:
    """Take exactly the lines that the hunk announces, whatever they look like."""
    match = _HUNK.match(line)
    if match is None:
        return
    removed = 1 if match[1] is None else int(match[1])
    added = 1 if match[2] is None else int(match[2])
    patch.room_removed = _take(lines, removed, patch.removed, patch.room_removed)
    patch.room_added = _take(lines, added, patch.added, patch.room_added)


def _take(lines: Iterator[bytes], expected: int, kept: list[bytes], room: int) -> int:
    """Take lines off a stream, keep what there is room for, return what room is left.

    Both sides of a patch have their own: a file that is written anew must not be cut on
    one side only.
    """
    while expected:
        one = next(lines, None)
        if one is None:
            break
        if one.startswith(b"\\"):
            continue
        expected -= 1
        if len(one) <= min(room, _LINE_LIMIT):
            room -= len(one)
            kept.append(one[1:])
    return room


def _unquote(path: bytes) -> str:
    if path.startswith(b'"') and path.endswith(b'"'):
        path = _ESCAPE.sub(_unescape, path[1:-1])
    return path.decode("utf-8", "surrogateescape")


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code.isdigit():
        return bytes((int(code, 8),))
    return bytes((_ESCAPED.get(code, code[0]),))
