"""Find the pull requests in a git history: no network, no token.

What a forge writes into merge and squash commits tells most of them; heads that a clone
keeps below `refs/pull` or `refs/merge-requests` tell the rest. Each gets the base that
its kind calls for, so that what the main line did meanwhile is not counted as its own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.branches import (
    Placement,
    find_copies,
    own_base,
    place_head,
    side_base,
    survey_heads,
)
from tasks.commit_graph import CommitGraph, read_commit_graph
from tasks.drafts import Draft, Kind, Rejection
from tasks.errors import RepositoryError
from tasks.git_program import run_git
from tasks.merge_messages import FORMS, read_merge_message
from tasks.repository import Repository
from tasks.tree_pairs import Comparison, compare_pairs

__all__ = ["Found", "compare_drafts", "find_pull_requests"]

_MENTION = re.compile(rb"[#!]\d|[Gg][Hh]-\d|PR \d|merge_requests/\d")
_HEAD_REF = re.compile(r"refs/(?:pull|merge-requests)/(\d+)/head")


@dataclass(frozen=True, slots=True)
class Found:
    """Pull requests of a history, their files not yet looked at."""

    drafts: tuple[Draft, ...]
    """By number."""
    rejections: tuple[Rejection, ...]
    tip: str
    """Full id of the main line's newest commit."""
    commits: int
    """Commits that were read."""
    heads: int
    """Heads of pull requests that the clone keeps."""


def find_pull_requests(
    repository: Repository, *, branch: str = "HEAD", with_commits: bool = False
) -> Found:
    """Find the pull requests that came onto a branch, or never did.

    Args:
        repository: A clone with its whole history.
        branch: The main line's name.
        with_commits: Take plain commits of the main line for pull requests too.

    Raises:
        RepositoryError: The clone is shallow, a commit cannot be read, or nothing was
            found.
    """
    if repository.is_shallow():
        message = (
            f"{repository.path} is a shallow clone, which hides where changes start: "
            f"run git -C {repository.path} fetch --unshallow"
        )
        raise RepositoryError(message)
    tip = repository.find_commit(branch)
    if tip is None:
        raise RepositoryError(_explain_absence(repository, branch))
    heads, branches = _read_refs(repository)
    search = _Search()
    tips = [tip, *heads.values()]
    try:
        graph = read_commit_graph(repository, [*tips, *branches], search.note)
    except RepositoryError:
        # Damage in a branch that nothing is mined from shall not stop us.
        search = _Search()
        graph = read_commit_graph(repository, tips, search.note)
    search.mark_side_lines(graph, branches)
    search.place_sightings(graph)
    search.place_heads(graph, heads)
    if with_commits:
        search.take_commits(graph)
    if not search.drafts:
        message = (
            f"no pull requests in {len(graph)} commits of {repository.path}: looked "
            f"for {FORMS}, and for refs/pull and refs/merge-requests; "
            "--commits takes plain commits"
        )
        raise RepositoryError(message)
    drafts = tuple(search.drafts[number] for number in sorted(search.drafts))
    return Found(drafts, tuple(search.rejections), tip, len(graph), len(heads))


def _explain_absence(repository: Repository, branch: str) -> str:
    """Why a branch names no commit, and what to do."""
    damage = repository.damage_of(branch)
    if damage is not None:
        return f"cannot read {branch!r} of {repository.path}: {damage}; clone anew"
    if not run_git(repository.git_dir, ["for-each-ref", "--count=1"]).stdout:
        return f"{repository.path} has no commits yet: there is nothing to mine"
    return f"no branch {branch!r} in {repository.path}: pass --branch"


def compare_drafts(
    repository: Repository, drafts: Sequence[Draft]
) -> Iterator[tuple[Draft, Comparison]]:
    """Read which files each pull request changed, and how."""
    pairs = [(draft.base, draft.head) for draft in drafts]
    yield from zip(drafts, compare_pairs(repository, pairs), strict=True)


class _Search:
    """What has been found so far."""

    def __init__(self) -> None:
        self.drafts: dict[int, Draft] = {}
        self.rejections: list[Rejection] = []
        self._sightings: list[tuple[int, int]] = []

    def note(self, graph: CommitGraph, first: int, messages: Sequence[bytes]) -> None:
        """Remember commits whose messages name the pull request they merged.

        Only its number is kept: messages of a long history would fill the memory.
        """
        for commit, message in enumerate(messages, first):
            if _MENTION.search(message) is None:
                continue
            text = message.decode("utf-8", "replace")
            found = read_merge_message(text, is_merge=graph.is_merge(commit))
            if found is not None:
                self._sightings.append((found.number, commit))

    def mark_side_lines(self, graph: CommitGraph, branches: Sequence[str]) -> None:
        """Tell the graph of branches that merged pull requests beside the main line.

        A merge that the main line has too was only copied from there.
        """
        beside = {c for _, c in self._sightings if graph.introduced[c] < 0}
        copies = find_copies(graph, {graph.keys[commit] for commit in beside})
        taken = {commit for commit in beside if graph.keys[commit] not in copies}
        tips = [graph.number(branch) for branch in branches if graph.has(branch)]
        graph.mark_side_lines(tips, taken)

    def place_sightings(self, graph: CommitGraph) -> None:
        """Turn noted commits into drafts: on the main line first, the oldest first."""
        order = sorted(
            (not graph.is_on_main_line(c), not graph.is_merge(c), place, number, c)
            for place, (number, c) in enumerate(self._sightings)
            if graph.introduced[c] >= 0
        )
        for *_, number, commit in order:
            if number in self.drafts:
                earlier = self.drafts[number]
                told = (earlier.merge or earlier.head)[:12]
                self._reject(graph, number, commit, f"{told} names #{number} already")
                continue
            placed = _place_sighting(graph, commit)
            if isinstance(placed, str):
                self._reject(graph, number, commit, placed)
            else:
                self._add(graph, number, placed)

    def place_heads(self, graph: CommitGraph, heads: dict[int, str]) -> None:
        """Turn heads that no message told of into drafts."""
        unknown = {n: h for n, h in heads.items() if n not in self.drafts}
        tips = {n: graph.number(h) for n, h in unknown.items() if graph.has(h)}
        stretches, keys = survey_heads(graph, tips.values())
        copies = find_copies(graph, keys)
        refused = {one.number for one in self.rejections}
        for number, head in unknown.items():
            if number not in tips:
                reason = "its head is not in the clone, or no commit"
                self.rejections.append(Rejection(number, head, reason))
                continue
            placed = place_head(graph, tips[number], stretches, copies)
            if not isinstance(placed, str):
                self._add(graph, number, placed)
            elif number not in refused:
                self._reject(graph, number, tips[number], placed)

    def take_commits(self, graph: CommitGraph) -> None:
        """Take each plain commit of the main line, numbered by its id."""
        taken: set[int] = set()
        for draft in self.drafts.values():
            commit = graph.number(draft.merge or draft.head)
            taken.add(commit)
            # A rebase is a row of them, and none but the last is named.
            while draft.kind is Kind.REBASE and graph.id(commit) != draft.base:
                taken.add(commit)
                commit = graph.parents(commit)[0]
        for commit in graph.main_line:
            parents = graph.parents(commit)
            if len(parents) != 1 or commit in taken:
                continue
            number = int(graph.id(commit)[:12], 16)
            placed = Placement(Kind.COMMIT, parents[0], commit, commit)
            self._add(graph, number, placed)

    def _add(self, graph: CommitGraph, number: int, placed: Placement) -> None:
        self.drafts[number] = Draft(
            number=number,
            kind=placed.kind,
            base=graph.id(placed.base),
            head=graph.id(placed.head),
            merge=None if placed.merge is None else graph.id(placed.merge),
            own_commits=tuple(graph.id(commit) for commit in placed.own),
        )

    def _reject(
        self, graph: CommitGraph, number: int, commit: int, reason: str
    ) -> None:
        self.rejections.append(Rejection(number, graph.id(commit), reason))


def _place_sighting(graph: CommitGraph, commit: int) -> Placement | str:
    parents = graph.parents(commit)
    if not parents:
        return "it begins the history"
    if len(parents) == 1:
        return Placement(Kind.SQUASH, parents[0], commit, commit)
    if len(parents) > len(("main line", "branch")):
        return f"it merges {len(parents) - 1} branches at once"
    onto, head = parents
    place = graph.introduced[commit]
    if graph.is_on_main_line(commit):
        base = own_base(graph, head, place)
    else:
        base = side_base(graph, head, onto, place)
    if isinstance(base, str):
        return base
    return Placement(Kind.MERGE, base, head, commit)


def _read_refs(repository: Repository) -> tuple[dict[int, str], tuple[str, ...]]:
    """Heads of pull requests by number, and tips of branches."""
    places = ["refs/pull", "refs/merge-requests", "refs/heads", "refs/remotes"]
    answer = run_git(
        repository.git_dir,
        ["for-each-ref", "--format=%(objectname) %(refname)", *places],
    )
    heads: dict[int, str] = {}
    branches: dict[str, None] = {}
    for line in answer.stdout.decode("utf-8", "surrogateescape").splitlines():
        commit, _, name = line.partition(" ")
        match = _HEAD_REF.fullmatch(name)
        if match:
            heads.setdefault(int(match[1]), commit)
        elif name.startswith(("refs/heads/", "refs/remotes/")):
            branches[commit] = None
    return dict(sorted(heads.items())), tuple(branches)
