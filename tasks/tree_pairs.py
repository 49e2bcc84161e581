"""Compare many pairs of commits with a few processes of git, never one for each.

The trees alone tell everything but renames with edits; only pairs that both add and
remove files are looked at a second time, with contents. Where git stops, because an
object is missing or damaged, that pair is compared alone and a new process goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

from tasks.diffs import PairReader
from tasks.errors import RepositoryError
from tasks.git_program import stream_git
from tasks.pull_requests import ChangedFile, FileStatus
from tasks.repository import DIFF_OPTIONS, RENAMES, Repository

__all__ = ["Comparison", "compare_pairs"]

_CHUNK_BYTES = 1 << 20
_BATCH = 2000
"""Pairs whose files are in memory at a time."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between the trees of two commits."""

    base: str
    head: str
    files: tuple[ChangedFile, ...] = ()
    """Without line counts and patches, in git's order."""
    problem: str | None = None
    """Why the two cannot be compared; None where they were."""


def compare_pairs(
    repository: Repository, pairs: Sequence[tuple[str, str]]
) -> Iterator[Comparison]:
    """Compare (base, head) pairs of full ids, in their order."""
    for start in range(0, len(pairs), _BATCH):
        batch = pairs[start : start + _BATCH]
        compared = list(_compare(repository, batch, "--no-renames"))
        unsure = [n for n, one in enumerate(compared) if _may_rename(one)]
        again = _compare(repository, [batch[n] for n in unsure], RENAMES)
        for place, comparison in zip(unsure, again, strict=True):
            compared[place] = comparison
        yield from compared


def _may_rename(comparison: Comparison) -> bool:
    statuses = {file.status for file in comparison.files}
    return FileStatus.ADDED in statuses and FileStatus.REMOVED in statuses


def _compare(
    repository: Repository, pairs: Sequence[Pair], renames: str
) -> Iterator[Comparison]:
    done = 0
    while done < len(pairs):
        try:
            for files in _stream(repository, pairs[done:], renames):
                yield Comparison(*pairs[done], tuple(files))
                done += 1
        except RepositoryError:
            if done < len(pairs):
                yield _compare_alone(repository, *pairs[done])
                done += 1


def _compare_alone(repository: Repository, base: str, head: str) -> Comparison:
    try:
        files = repository.changed_files(
            base, head, patches=False, counts=False, lacks_contents=True
        )
    except RepositoryError as error:
        return Comparison(base, head, problem=str(error))
    return Comparison(base, head, files)


def _stream(
    repository: Repository, pairs: Sequence[Pair], renames: str
) -> Iterator[list[ChangedFile]]:
    """Changed files of each pair; of one that git did not finish, nothing."""
    arguments = [*DIFF_OPTIONS, renames, "--raw", "-z", "--stdin", "--always"]
    with TemporaryFile() as names:
        # git takes a line of a commit and, behind it, what it shall call its parents.
        names.write("".join(f"{head} {base}\n" for base, head in pairs).encode())
        names.seek(0)
        with stream_git(repository.git_dir, arguments, stdin=names) as output:
            reader = PairReader()
            for chunk in iter(lambda: output.read(_CHUNK_BYTES), b""):
                yield from reader.feed(chunk)
        yield from reader.end()
