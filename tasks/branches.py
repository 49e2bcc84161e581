"""Where a pull request's head lies: what its change starts from, and was it merged."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.commit_graph import CommitGraph
from tasks.drafts import Kind

__all__ = ["Placement", "find_copies", "own_base", "place_head"]

_OWN_COMMITS_LIMIT = 50
"""Commits of a branch that describe it; more are somebody's history, not a change."""

_ONE_MERGE_S = 3600
"""Within this time a rebase makes all of its copies."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a change starts and ends, in numbers of the commit graph."""

    kind: Kind
    base: int
    head: int
    merge: int | None = None
    own: tuple[int, ...] = ()
    """Oldest first."""


def own_base(graph: CommitGraph, tip: int, place: int) -> int | str:
    """Base of a branch that joined the main line at `place`.

    A branch that merged the main line into itself starts where it last did so: what
    came from there is not its own.

    Returns:
        The commit, or why there is none.
    """
    introduced = graph.introduced
    if -1 < introduced[tip] < place:
        return "it was merged without a change of its own"
    _, border = graph.own_commits(tip, place)
    base = graph.latest(border)
    return "it shares no history with the main line" if base is None else base


def find_copies(graph: CommitGraph, heads: list[int]) -> Mapping[int, int]:
    """Commits of the main line's history that were made again from a branch's.

    The same author, author's clock and subject tell them, whatever rebasing changed.

    Returns:
        The newest such commit for each key of a commit that only the heads have.
    """
    introduced, keys = graph.introduced, graph.keys
    wanted: set[int] = set()
    for head in heads:
        own, _ = graph.unmerged_commits(head)
        wanted.update(keys[commit] for commit in own)
    copies: dict[int, int] = {}
    if wanted:
        for commit, key in enumerate(keys):
            if key in wanted and introduced[commit] >= 0:
                copies[key] = commit
    return copies


def place_head(
    graph: CommitGraph, tip: int, copies: Mapping[int, int]
) -> Placement | str:
    """Place a head that no merge or squash message tells of.

    Returns:
        Where it starts and ends, or why that cannot be told.
    """
    place = graph.introduced[tip]
    if place >= 0:
        return _place_merged(graph, tip, place)
    own, border = graph.unmerged_commits(tip)
    base = graph.latest(border)
    if base is None:
        return "it shares no history with the main line"
    line = _first_parents(graph, tip)
    if graph.keys[tip] in copies:
        return _place_copied(graph, line, copies)
    for number, commit in enumerate(line):
        copy = copies.get(graph.keys[commit])
        if copy is not None:
            # Rewritten copies of the main line's own commits: the change lies above,
            # unless the branch has merged the main line since.
            if graph.latest([base, copy]) == copy:
                base, own = copy, line[:number]
            break
    described = tuple(reversed([c for c in own if not graph.is_merge(c)]))
    return Placement(Kind.BRANCH, base, tip, own=described[:_OWN_COMMITS_LIMIT])


def _place_merged(graph: CommitGraph, tip: int, place: int) -> Placement | str:
    if graph.is_on_main_line(tip) or place == 0:
        return "its head lies on the main line, and where it began is not recorded"
    base = own_base(graph, tip, place)
    if isinstance(base, str):
        return base
    own, _ = graph.own_commits(tip, place)
    described = tuple(reversed([c for c in own if not graph.is_merge(c)]))
    return Placement(
        Kind.MERGE, base, tip, graph.main_line[place], described[:_OWN_COMMITS_LIMIT]
    )


def _place_copied(
    graph: CommitGraph, line: list[int], copies: Mapping[int, int]
) -> Placement | str:
    """A rebase merge: the branch's last commits stand on the main line in one row.

    Copies that were made long before the last one are no part of it: they are what the
    branch had of the main line's own, rewritten.
    """
    tip = copies[graph.keys[line[0]]]
    base, own = tip, []
    for commit in line:
        copy = copies.get(graph.keys[commit])
        if copy is None or graph.times[tip] - graph.times[copy] > _ONE_MERGE_S:
            break
        if copy != base:
            return "its commits were made again on the main line, but not in one row"
        own.append(commit)
        parent = next(iter(graph.parents(copy)), None)
        if parent is None:
            return "it begins the history"
        base = parent
    return Placement(Kind.REBASE, base, tip, tip, tuple(reversed(own)))


def _first_parents(graph: CommitGraph, tip: int) -> list[int]:
    """First parents from a head down to the main line's history, newest first."""
    line = []
    commit: int | None = tip
    while commit is not None and graph.introduced[commit] < 0:
        line.append(commit)
        commit = next(iter(graph.parents(commit)), None)
    return line
