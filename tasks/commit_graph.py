"""A whole history in memory: which commit came from which, and when.

Filled from one stream of `git log`, parents before children, in time and memory linear
in the commits: about 250 bytes each.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from tempfile import TemporaryFile
from typing import IO

from tasks.git_program import stream_git
from tasks.repository import Repository
from tasks.times import read_clock

__all__ = ["CommitGraph", "CommitRecords", "read_commit_graph"]

_FORMAT = "--format=%H %P%x00%ct%x00%at %ae%x00%B"
_FIELDS = 4
_CHUNK_BYTES = 1 << 20
_NONE = -1


@dataclass(frozen=True, slots=True)
class CommitRecords:
    """What git tells of some commits in a row: one list a field, as they are read."""

    ids: Sequence[bytes]
    """A commit's full id and those of its parents, between blanks."""
    times: Sequence[bytes]
    authors: Sequence[bytes]
    """Author's clock and address."""
    messages: Sequence[bytes]


OnMessages = Callable[["CommitGraph", int, Sequence[bytes]], None]
"""Called with the graph so far, the first commit's number, and messages in a row."""


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
        self._side_lines: dict[int, int] = {}

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

    def extend(self, records: CommitRecords) -> int:
        """Take in commits, parents before children; the number of the first."""
        numbers, ids, first_parents = self._numbers, self._ids, self._first_parents
        start = number = len(ids)
        for line in records.ids:
            commit_id, _, parents = line.partition(b" ")
            numbers[commit_id] = number
            ids.append(commit_id)
            # Mostly one parent, and known; a few words more tell of all else.
            parent = numbers.get(parents, _NONE)
            if parent == _NONE and parents:
                known = [numbers[p] for p in parents.split() if p in numbers]
                parent = known[0] if known else _NONE
                if len(known) > 1:
                    self._more_parents[number] = tuple(known[1:])
            first_parents.append(parent)
            number += 1
        self.times.extend(map(read_clock, records.times))
        subjects = [message.partition(b"\n")[0] for message in records.messages]
        self.keys.extend(map(hash, zip(records.authors, subjects, strict=True)))
        return start

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

    def mark_side_lines(self, tips: Iterable[int], taken: AbstractSet[int]) -> None:
        """Note the branches beside the main line that took changes in, as it does.

        Each is what first parents lead through from its tip down to the main line's
        history.

        Args:
            tips: Of all branches.
            taken: Commits that merged a change; a branch without any of them is
                somebody's work, and counts for nothing.
        """
        for tip in set(tips):
            line = self.first_parents(tip)
            if not taken.isdisjoint(line):
                for commit in line:
                    self._side_lines[commit] = self._side_lines.get(commit, 0) + 1

    def first_parents(self, tip: int) -> list[int]:
        """First parents from a commit down to the main line's history, newest first."""
        line = []
        while tip != _NONE and self.introduced[tip] == _NONE:
            line.append(tip)
            tip = self._first_parents[tip]
        return line

    def unmerged_commits(self, tip: int) -> tuple[list[int], list[int]]:
        """What a head brings that neither the main line has nor a branch beside it.

        A branch that runs through the head itself is no other.

        Returns:
            As `own_commits`.
        """
        introduced, lines = self.introduced, self._side_lines
        through = lines.get(tip, 0)
        shared = set(self.first_parents(tip)) if through else set()
        own: list[int] = []
        border: list[int] = []
        seen = {tip}
        waiting = [tip]
        while waiting:
            commit = waiting.pop()
            own.append(commit)
            for parent in self.parents(commit):
                if parent in seen:
                    continue
                seen.add(parent)
                others = lines.get(parent, 0) - (through if parent in shared else 0)
                if introduced[parent] != _NONE or others > 0:
                    border.append(parent)
                else:
                    waiting.append(parent)
        own.sort(reverse=True)
        return own, border

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

    def only_in(self, one: int, other: int) -> list[int]:
        """Commits of the history of `one` that `other` does not have, newest first."""
        reached = {other: 2}
        reached[one] = reached.get(one, 0) | 1
        waiting = [-commit for commit in reached]
        heapify(waiting)
        found: list[int] = []
        # So many wait that nothing has led to from `other` so far.
        alone = int(reached[one] == 1)
        while alone:
            commit = -heappop(waiting)
            if reached[commit] == 1:
                found.append(commit)
                alone -= 1
            for parent in self.parents(commit):
                before = reached.get(parent, 0)
                reached[parent] = before | reached[commit]
                if not before:
                    heappush(waiting, -parent)
                alone += (reached[parent] == 1) - (before == 1)
        return found

    def find_join(self, tip: int, place: int) -> int:
        """The merge that took a branch in, on its way to a place of the main line.

        Args:
            tip: The branch's newest commit, introduced at `place`.
            place: Where it became part of the main line.
        """
        merge = self.main_line[place]
        if tip in self.parents(merge):
            return merge
        line = {tip}
        for commit in reversed(self.own_commits(merge, place)[0]):
            parents = self.parents(commit)
            if line.isdisjoint(parents):
                continue
            if parents[0] not in line:
                return commit
            line.add(commit)
        return merge

    def is_ancestor(self, ancestor: int, descendant: int) -> bool:
        """Whether `ancestor` is `descendant` or in its history."""
        introduced = self.introduced
        place = introduced[descendant] if introduced else _NONE
        if place != _NONE and self.main_line[place] == descendant:
            return _NONE < introduced[ancestor] <= place
        joined = introduced[ancestor] if introduced else _NONE
        seen, waiting = {descendant}, [descendant]
        while waiting:
            commit = waiting.pop()
            if commit == ancestor:
                return True
            for parent in self.parents(commit):
                if parent in seen or parent < ancestor:
                    continue
                # All that is above one of the main line's history joined that before.
                place = introduced[parent] if introduced else _NONE
                if place == _NONE or _NONE < joined <= place:
                    seen.add(parent)
                    waiting.append(parent)
        return False


def read_commit_graph(
    repository: Repository,
    tips: Iterable[str],
    on_messages: OnMessages = lambda *_: None,
) -> CommitGraph:
    """Read all ancestors of `tips`.

    Args:
        repository: Where they are.
        tips: Full ids, the main line's newest commit first. Any behind it that names no
            commit, or nothing, is passed over.
        on_messages: Called with messages as they come, parents before children.

    Raises:
        RepositoryError: A commit is missing or cannot be read.
    """
    graph = CommitGraph()
    tip_ids = list(tips)
    arguments = ["log", "--topo-order", "--reverse", "--no-show-signature"]
    arguments += ["--encoding=UTF-8", "--no-mailmap", "-z", _FORMAT]
    arguments += ["--ignore-missing", "--stdin"]
    with TemporaryFile() as names:
        names.write("".join(f"{tip}\n" for tip in tip_ids).encode())
        names.seek(0)
        with stream_git(repository.git_dir, arguments, stdin=names) as output:
            for records in _records(output):
                on_messages(graph, graph.extend(records), records.messages)
    if tip_ids:
        graph.set_main_line(graph.number(tip_ids[0]))
    return graph


def _records(output: IO[bytes]) -> Iterator[CommitRecords]:
    rest = b""
    while chunk := output.read(_CHUNK_BYTES):
        fields = (rest + chunk).split(b"\0")
        whole = (len(fields) - 1) // _FIELDS * _FIELDS
        yield CommitRecords(*(fields[n:whole:_FIELDS] for n in range(_FIELDS)))
        rest = b"\0".join(fields[whole:])
