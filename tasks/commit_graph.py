"""A whole history in memory: which commit came from which, and when.

Filled from one stream of `git log`, parents before children, in time and memory linear
in the commits: about 250 bytes each.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush
from tempfile import TemporaryFile
from typing import IO

from tasks.git_program import stream_git
from tasks.repository import Repository

__all__ = ["CommitGraph", "read_commit_graph"]

_FORMAT = "--format=%H %P%x00%ct%x00%at %ae%x00%B"
_FIELDS = 4
_CHUNK_BYTES = 1 << 20
_NONE = -1


class CommitGraph:
    """Parents, times and ids of commits, and the main line through them.

    A commit is an `int`, larger than those of all its ancestors. `introduced[c]` is the
    place on the main line at which `c` first became part of it, or -1: then `c` is not
    in the main line's history.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._ids: list[bytes] = []
        self._first_parents = array("i")
        self._more_parents: dict[int, tuple[int, ...]] = {}
        self.times = array("q")
        """Committer's clock, in seconds since 1970."""
        self.keys = array("q")
        """Hash of author, author's clock and subject: survives a rebase."""
        self.main_line = array("i")
        """From the oldest commit to the newest, first parents only."""
        self.introduced = array("i")

    def __len__(self) -> int:
        return len(self._ids)

    def has(self, commit_id: str) -> bool:
        """Whether a full id is one of the history."""
        return commit_id.encode() in self._numbers

    def number(self, commit_id: str) -> int:
        """Number of a commit by its full id; it is one of the history."""
        return self._numbers[commit_id.encode()]

    def id(self, commit: int) -> str:
        """Full id of a commit."""
        return self._ids[commit].decode()

    def parents(self, commit: int) -> tuple[int, ...]:
        """Parents of a commit, the first one first."""
        first = self._first_parents[commit]
        if first == _NONE:
            return ()
        return (first, *self._more_parents.get(commit, ()))

    def is_merge(self, commit: int) -> bool:
        """Whether a commit has more than one parent."""
        return commit in self._more_parents

    def add(self, ids: bytes, time: bytes, author: bytes, subject: bytes) -> int:
        """Take in one commit, its parents first: its id and theirs, between blanks."""
        commit_id, *parents = ids.split()
        numbers = self._numbers
        number = len(self._ids)
        numbers[commit_id] = number
        self._ids.append(commit_id)
        self.times.append(int(time))
        self.keys.append(hash((author, subject)))
        known = [numbers[parent] for parent in parents if parent in numbers]
        self._first_parents.append(known[0] if known else _NONE)
        if len(known) > 1:
            self._more_parents[number] = tuple(known[1:])
        return number

    def set_main_line(self, tip: int) -> None:
        """Choose the main line, and note when each commit became part of it."""
        line = array("i")
        commit = tip
        while commit != _NONE:
            line.append(commit)
            commit = self._first_parents[commit]
        line.reverse()
        self.main_line = line
        self.introduced = array("i", [_NONE]) * len(self)
        for place, start in enumerate(line):
            self._introduce(start, place)

    def _introduce(self, start: int, place: int) -> None:
        introduced = self.introduced
        introduced[start] = place
        for parent in self._more_parents.get(start, ()):
            if introduced[parent] != _NONE:
                continue
            introduced[parent] = place
            waiting = [parent]
            while waiting:
                for above in self.parents(waiting.pop()):
                    if introduced[above] == _NONE:
                        introduced[above] = place
                        waiting.append(above)

    def is_on_main_line(self, commit: int) -> bool:
        """Whether first parents alone lead from the tip to `commit`."""
        place = self.introduced[commit]
        return place != _NONE and self.main_line[place] == commit

    def own_commits(self, tip: int, place: int) -> tuple[list[int], list[int]]:
        """What a branch brings that the main line does not have at one of its places.

        Returns:
            The branch's own commits, newest first, and those of the main line's
            history that they stand on.
        """
        introduced, first_parents = self.introduced, self._first_parents
        more_parents = self._more_parents
        if _NONE < introduced[tip] < place:
            return [], [tip]
        own: list[int] = []
        border: list[int] = []
        seen = {tip}
        waiting = [tip]
        while waiting:
            commit = waiting.pop()
            own.append(commit)
            parent = first_parents[commit]
            above: tuple[int, ...] = (parent,) if parent != _NONE else ()
            if commit in more_parents:
                above = (parent, *more_parents[commit])
            for parent in above:
                if parent not in seen:
                    seen.add(parent)
                    if _NONE < introduced[parent] < place:
                        border.append(parent)
                    else:
                        waiting.append(parent)
        own.sort(reverse=True)
        return own, border

    def unmerged_commits(self, tip: int) -> tuple[list[int], list[int]]:
        """As `own_commits`, at the main line's newest commit."""
        return self.own_commits(tip, len(self.main_line))

    def latest(self, commits: Iterable[int]) -> int | None:
        """Of commits in the main line's history, the one that no other has in its own.

        Of several such, the one that joined the main line last.
        """
        return max(
            commits,
            key=lambda commit: (
                self.introduced[commit],
                self.is_on_main_line(commit),
                commit,
            ),
            default=None,
        )

    def merge_base(self, one: int, other: int) -> int | None:
        """Best common ancestor of two commits; of several, the newest.

        Walks down from both, children before parents: the first commit that both reach
        has no descendant that both reach.
        """
        reached = {one: 1}
        reached[other] = reached.get(other, 0) | 2
        waiting = [-commit for commit in reached]
        heapify(waiting)
        while waiting:
            commit = -heappop(waiting)
            if reached[commit] == 1 | 2:
                return commit
            for parent in self.parents(commit):
                before = reached.get(parent, 0)
                reached[parent] = before | reached[commit]
                if not before:
                    heappush(waiting, -parent)
        return None

    def is_ancestor(self, ancestor: int, descendant: int) -> bool:
        """Whether `ancestor` is `descendant` or in its history."""
        place = self.introduced[descendant] if self.introduced else _NONE
        if place != _NONE and self.main_line[place] == descendant:
            return _NONE < self.introduced[ancestor] <= place
        seen, waiting = {descendant}, [descendant]
        while waiting:
            commit = waiting.pop()
            if commit == ancestor:
                return True
            for parent in self.parents(commit):
                if parent not in seen and parent >= ancestor:
                    seen.add(parent)
                    waiting.append(parent)
        return False


def read_commit_graph(
    repository: Repository,
    tips: Iterable[str],
    on_message: Callable[["CommitGraph", int, bytes], None],
) -> CommitGraph:
    """Read all ancestors of `tips`.

    Args:
        repository: Where they are.
        tips: Full ids, the main line's newest commit first.
        on_message: Called with the graph so far, each commit and its message, parents
            before children.

    Raises:
        RepositoryError: A commit is missing or cannot be read.
    """
    graph = CommitGraph()
    tip_ids = list(tips)
    arguments = ["log", "--topo-order", "--reverse", "--no-show-signature"]
    arguments += ["--encoding=UTF-8", "--no-mailmap", "-z", _FORMAT, "--stdin"]
    with TemporaryFile() as names:
        names.write("".join(f"{tip}\n" for tip in tip_ids).encode())
        names.seek(0)
        with stream_git(repository.git_dir, arguments, stdin=names) as output:
            for ids, time, author, message in _records(output):
                subject = (
                    message[: message.find(b"\n")] if b"\n" in message else message
                )
                on_message(graph, graph.add(ids, time, author, subject), message)
    if tip_ids:
        graph.set_main_line(graph.number(tip_ids[0]))
    return graph


def _records(output: IO[bytes]) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    rest = b""
    while chunk := output.read(_CHUNK_BYTES):
        fields = (rest + chunk).split(b"\0")
        whole = (len(fields) - 1) // _FIELDS * _FIELDS
        for start in range(0, whole, _FIELDS):
            ids, time, author, message = fields[start : start + _FIELDS]
            yield ids, time, author, message
        rest = b"\0".join(fields[whole:])
