"""Compare many pairs of commits with a few processes of git, never one for each.

Two of them at a time, on some pairs each. Where one stops, because an object is missing
or damaged, that pair is compared alone and a new process goes on.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile

from tasks.diffs import read_pairs
from tasks.errors import RepositoryError
from tasks.git_program import stream_git
from tasks.pull_requests import ChangedFile
from tasks.repository import DIFF_OPTIONS, RENAMES, Repository

__all__ = ["Comparison", "compare_pairs"]

_PROCESSES = 2
_BATCH = 1000
"""Pairs that one process compares; three times as many have their files in memory."""

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
    compare = partial(_compare_batch, repository)
    batches = (pairs[n : n + _BATCH] for n in range(0, len(pairs), _BATCH))
    with ThreadPoolExecutor(_PROCESSES) as pool:
        waiting: deque[Future[list[Comparison]]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(compare, batch))
                if len(waiting) > _PROCESSES:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _compare_batch(repository: Repository, pairs: Sequence[Pair]) -> list[Comparison]:
    compared: list[Comparison] = []
    while len(compared) < len(pairs):
        start = len(compared)
        try:
            for files in _stream(repository, pairs[start:]):
                compared.append(Comparison(*pairs[len(compared)], tuple(files)))
        except RepositoryError:
            # git stopped at the second of these, or at the first if it was its first.
            for pair in pairs[len(compared) :][:2]:
                compared.append(_compare_alone(repository, *pair))
    return compared


def _compare_alone(repository: Repository, base: str, head: str) -> Comparison:
    try:
        files = repository.changed_files(
            base, head, patches=False, counts=False, lacks_contents=True
        )
    except RepositoryError as error:
        return Comparison(base, head, problem=str(error))
    return Comparison(base, head, files)


def _stream(
    repository: Repository, pairs: Sequence[Pair]
) -> Iterator[list[ChangedFile]]:
    """Changed files of each pair; of one that git did not finish, nothing."""
    arguments = [*DIFF_OPTIONS, RENAMES, "--raw", "-z", "--stdin", "--always"]
    with TemporaryFile() as names:
        # git takes a line of a commit and, behind it, what it shall call its parents.
        names.write("".join(f"{head} {base}\n" for base, head in pairs).encode())
        names.seek(0)
        with stream_git(repository.git_dir, arguments, stdin=names) as output:
            last = yield from read_pairs(output)
    if last is not None:
        yield last
