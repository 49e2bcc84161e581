"""Where a pull request's head lies: what its change starts from, and was it merged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.commit_graph import CommitGraph
from tasks.drafts import Kind

__all__ = [
    "Placement",
    "Stretch",
    "find_copies",
    "own_base",
    "place_head",
    "side_base",
    "survey_heads",
]

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


def side_base(graph: CommitGraph, tip: int, onto: int, place: int) -> int | str:
    """Base of a branch that was merged into another one beside the main line.

    Args:
        graph: The history.
        tip: The branch's newest commit.
        onto: The commit that it was merged into.
        place: Where both became part of the main line.

    Returns:
        Where the two parted, or why that is no base.
    """
    base = graph.merge_base(onto, tip)
    if base is None:
        return "it shares no history with the main line"
    if base == tip:
        return "it was merged without a change of its own"
    if any(-1 < graph.introduced[one] < place for one in graph.only_in(tip, onto)):
        return "it brought commits of the main line to another branch"
    return base


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a head brings that is in no other branch."""

    base: int | None
    """Where it starts; None where it stands on nothing that is known."""
    own: tuple[int, ...]
    """Its first commits that are no merges, oldest first."""


def survey_heads(
    graph: CommitGraph, tips: Iterable[int]
) -> tuple[Mapping[int, Stretch], set[int]]:
    """Walk down from each head that is not in the main line's history.

    Returns:
        What each brings, and the keys of all their commits.
    """
    stretches: dict[int, Stretch] = {}
    keys: set[int] = set()
    for tip in tips:
        if graph.introduced[tip] >= 0 or tip in stretches:
            continue
        own, border = graph.unmerged_commits(tip)
        keys.update(graph.keys[commit] for commit in own)
        stretches[tip] = Stretch(_choose_base(graph, border), _described(graph, own))
    return stretches, keys


def _choose_base(graph: CommitGraph, border: list[int]) -> int | None:
    """The commit of another branch that has all the others in its history, if any."""
    for commit in sorted(border, reverse=True):
        if graph.introduced[commit] < 0 and all(
            graph.is_ancestor(other, commit) for other in border
        ):
            return commit
    return graph.latest([c for c in border if graph.introduced[c] >= 0])


def _described(graph: CommitGraph, own: list[int]) -> tuple[int, ...]:
    commits = [commit for commit in reversed(own) if not graph.is_merge(commit)]
    return tuple(commits[:_OWN_COMMITS_LIMIT])


def find_copies(graph: CommitGraph, keys: set[int]) -> Mapping[int, int]:
    """Commits of the main line's history that were made again from a branch's.

    The same author, author's clock and subject tell them, whatever rebasing changed.

    Args:
        graph: The history.
        keys: Of the branches' commits.

    Returns:
        The newest such commit for each of the keys.
    """
    if not keys:
        return {}
    introduced = graph.introduced
    return {
        key: commit
        for commit, key in enumerate(graph.keys)
        if key in keys and introduced[commit] >= 0
    }


def place_head(
    graph: CommitGraph,
    tip: int,
    stretches: Mapping[int, Stretch],
    copies: Mapping[int, int],
) -> Placement | str:
    """Place a head that no merge or squash message tells of.

    Args:
        graph: The history.
        tip: The head.
        stretches: Of it and the other heads.
        copies: What `find_copies` found.

    Returns:
        Where it starts and ends, or why that cannot be told.
    """
    place = graph.introduced[tip]
    if place >= 0:
        return _place_merged(graph, tip, place)
    base, own = stretches[tip].base, stretches[tip].own
    if base is None:
        return "it shares no history with the main line"
    line = graph.first_parents(tip)
    beside = graph.introduced[base] < 0
    copied = _find_copied(graph, line, copies, beside=beside)
    if copied == 0:
        return _place_copied(graph, line, copies)
    if copied is not None:
        # Rewritten copies of the main line's own commits: the change lies above,
        # unless the branch has merged the main line since.
        copy = copies[graph.keys[line[copied]]]
        if beside or graph.latest([base, copy]) == copy:
            base, own = copy, _described(graph, line[:copied])
    return Placement(Kind.BRANCH, base, tip, own=own)


def _find_copied(
    graph: CommitGraph, line: list[int], copies: Mapping[int, int], *, beside: bool
) -> int | None:
    """Place of the first commit that the main line has again, if any.

    On a branch `beside` the main line one that is younger than its copy there was
    taken from it, as a backport is, and is the change itself.
    """
    for place, commit in enumerate(line):
        copy = copies.get(graph.keys[commit])
        if copy is not None and not (
            beside and graph.times[copy] < graph.times[commit]
        ):
            return place
    return None


def _place_merged(graph: CommitGraph, tip: int, place: int) -> Placement | str:
    if graph.is_on_main_line(tip) or place == 0:
        return "its head lies on the main line, and where it began is not recorded"
    base = own_base(graph, tip, place)
    own, _ = graph.own_commits(tip, place)
    onto = graph.parents(graph.find_join(tip, place))[0]
    parted = graph.merge_base(onto, tip)
    if parted is not None and graph.introduced[parted] == place:
        # It stands on commits of another branch, which took it in.
        base, own = side_base(graph, tip, onto, place), graph.only_in(tip, onto)
    if isinstance(base, str):
        return base
    described = _described(graph, own)
    return Placement(Kind.MERGE, base, tip, graph.main_line[place], described)


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
