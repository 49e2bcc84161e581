"""What git prints about two trees, read into changed files.

Names come from git's NUL-separated output, so quotes, newlines and bytes that are not
UTF-8 (kept as surrogate escapes) survive. Statuses follow `docs/scoring.md`.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import IO

from tasks.pull_requests import ChangedFile, FileStatus

__all__ = [
    "LineCounts",
    "RawChange",
    "TreeDifference",
    "attach_patches",
    "pair_exact_renames",
    "read_pairs",
    "read_raw",
    "to_changed_files",
]

_CHUNK_BYTES = 1 << 18
_GITLINK = "160000"
_SAME_FILE_MODE = b":100644 100644 "
_STATUS = {
    "A": FileStatus.ADDED,
    "C": FileStatus.ADDED,
    "D": FileStatus.REMOVED,
    "R": FileStatus.RENAMED,
    "T": FileStatus.CHANGED,
}


@dataclass(frozen=True, slots=True)
class RawChange:
    """One entry of `git diff-tree --raw -z`."""

    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    letter: str
    """`A`, `C`, `D`, `M`, `R` or `T`."""
    path: str
    previous_path: str | None = None

    @property
    def status(self) -> FileStatus:
        """What happened to the file, in the words of the scoring spec."""
        if self.letter in _STATUS:
            return _STATUS[self.letter]
        is_edit = self.old_id != self.new_id and self.new_mode != _GITLINK
        return FileStatus.MODIFIED if is_edit else FileStatus.CHANGED

    @property
    def blob_ids(self) -> tuple[str, ...]:
        """Ids of the file contents on either side; a submodule has none here."""
        sides = ((self.old_mode, self.old_id), (self.new_mode, self.new_id))
        return tuple(i for mode, i in sides if mode not in {_GITLINK, "000000"})


LineCounts = tuple[int | None, int | None]
"""Added and removed lines; None where git calls the file binary."""


@dataclass(slots=True)
class TreeDifference:
    """What `--raw --numstat -z` says of two trees."""

    entries: list[RawChange] = field(default_factory=list)
    counts: list[LineCounts] = field(default_factory=list)
    """Of each entry; empty where lines were not counted."""

    def take(self, first: bytes, fields: Iterator[bytes]) -> None:
        """Take in one record: its first field, and what of `fields` belongs to it."""
        if first.startswith(b":"):
            self.entries.append(_read_entry(first.decode("ascii"), fields))
            return
        added, removed, path = first.split(b"\t", 2)
        if not path:  # a rename: two names follow
            next(fields)
            next(fields)
        self.counts.append((_read_count(added), _read_count(removed)))


def read_raw(output: bytes) -> TreeDifference:
    """Read all of `git diff-tree --raw --numstat -z` of two trees."""
    difference = TreeDifference()
    fields = iter(output.split(b"\0"))
    for first in fields:
        if first:
            difference.take(first, fields)
    return difference


def read_pairs(
    output: IO[bytes],
) -> Generator[list[ChangedFile], None, list[ChangedFile] | None]:
    """Read `git diff-tree --stdin --raw -z` of many pairs while git writes it.

    A file that several pairs change in the same way is one value for all of them, which
    saves most of the work: a long history has hundreds of thousands of changes.

    Yields:
        The changed files of each pair once the next one begins.

    Returns:
        Those of the last pair, which may be cut off where git failed; None if there
        was no pair.
    """
    fields = chain.from_iterable(_read_fields(output))
    edited: dict[bytes, ChangedFile] = {}
    added: dict[bytes, ChangedFile] = {}
    removed: dict[bytes, ChangedFile] = {}
    files: list[ChangedFile] | None = None
    for one in fields:
        if one[:1] != b":":
            if files is not None:
                yield files
            files = []
            continue
        letter = one[-1:]
        if letter == b"M" and one.startswith(_SAME_FILE_MODE):
            known, status = edited, FileStatus.MODIFIED
        elif letter == b"A":
            known, status = added, FileStatus.ADDED
        elif letter == b"D":
            known, status = removed, FileStatus.REMOVED
        else:
            file = _read_odd_file(one, fields)
            if file is None or files is None:
                break
            files.append(file)
            continue
        name = next(fields, None)
        if name is None or files is None:
            break
        file = known.get(name)
        if file is None:
            file = ChangedFile(_decode(name), status)
            known[name] = file
        files.append(file)
    return files


def _read_fields(output: IO[bytes]) -> Iterator[list[bytes]]:
    rest = b""
    while chunk := output.read(_CHUNK_BYTES):
        *fields, rest = (rest + chunk).split(b"\0")
        yield fields


def _read_odd_file(meta: bytes, fields: Iterator[bytes]) -> ChangedFile | None:
    """A file that was renamed, or that did not stay a plain file; None if cut off."""
    _, new_mode, old_id, new_id, letter = meta.split(b" ")
    first = next(fields, None)
    name = next(fields, None) if letter[:1] in b"RC" else first
    if first is None or name is None:
        return None
    if letter == b"M":
        is_edit = old_id != new_id and new_mode != _GITLINK.encode()
        status = FileStatus.MODIFIED if is_edit else FileStatus.CHANGED
        return ChangedFile(_decode(name), status)
    was = _decode(first) if letter[:1] == b"R" else None
    status = _STATUS[letter[:1].decode()]
    return ChangedFile(_decode(name), status, previous_filename=was)


def _decode(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _read_count(text: bytes) -> int | None:
    return None if text == b"-" else int(text)


def _read_entry(meta: str, fields: Iterator[bytes]) -> RawChange:
    old_mode, new_mode, old_id, new_id, letter = meta[1:].split(" ")
    first = next(fields).decode("utf-8", "surrogateescape")
    if letter[0] not in "RC":
        return RawChange(old_mode, new_mode, old_id, new_id, letter[0], first)
    path = next(fields).decode("utf-8", "surrogateescape")
    return RawChange(old_mode, new_mode, old_id, new_id, letter[0], path, first)


def pair_exact_renames(entries: Iterable[RawChange]) -> list[RawChange]:
    """Join removals and additions of the very same content, without reading it."""
    removed = {e.old_id: e for e in entries if e.letter == "D"}
    paired: dict[str, RawChange] = {}
    for entry in entries:
        source = removed.get(entry.new_id) if entry.letter == "A" else None
        if source is not None and source.path not in paired:
            paired[source.path] = replace(
                entry,
                letter="R",
                old_mode=source.old_mode,
                old_id=source.old_id,
                previous_path=source.path,
            )
    renamed = {entry.path: entry for entry in paired.values()}
    return [renamed.get(e.path, e) for e in entries if e.path not in paired]


def to_changed_files(
    entries: Iterable[RawChange], counts: Iterable[LineCounts] = ()
) -> list[ChangedFile]:
    """Entries as changed files, with line counts where there are any."""
    known = iter(counts)
    files = []
    for entry in entries:
        additions, deletions = next(known, (None, None))
        files.append(
            ChangedFile(
                filename=entry.path,
                status=entry.status,
                additions=additions,
                deletions=deletions,
                previous_filename=entry.previous_path if entry.letter == "R" else None,
            )
        )
    return files


def attach_patches(
    files: list[ChangedFile], entries: list[RawChange], output: bytes
) -> list[ChangedFile]:
    """Give each file its hunks out of `git diff-tree -p` of the same two trees.

    Files and sections are in the same order; a file that changed its kind has two
    sections, its removal and its addition. A file without hunks (binary, mode only,
    renamed without an edit) keeps None.
    """
    sections = _sections(output.decode("utf-8", "surrogateescape"))
    patched = []
    for file, entry in zip(files, entries, strict=True):
        own = [next(sections) for _ in range(2 if entry.letter == "T" else 1)]
        hunks = "".join(_hunks(section) for section in own)
        patched.append(replace(file, patch=hunks or None))
    return patched


def _sections(patch: str) -> Iterator[str]:
    """Split at headers; a line of a hunk never begins with `d`."""
    section: list[str] = []
    for line in patch.split("\n"):
        if line.startswith("diff --git ") and section:
            yield "\n".join(section) + "\n"
            section = []
        section.append(line)
    yield "\n".join(section)


def _hunks(section: str) -> str:
    start = section.find("\n@@ ")
    return section[start + 1 :] if start >= 0 else ""
