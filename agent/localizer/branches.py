"""Branches that were merged: their words as one text, and their commits one by one."""

from collections.abc import Mapping, Sequence

from agent.localizer.changes import BODY_LIMIT, Change, Commit, split_message

__all__ = ["branch_of", "parts_of_merges"]

_LARGEST_BRANCH = 40
_MOST_PARTS = 200
_FEWEST_PARTS = 2


def branch_of(merge: Commit, commits: Mapping[str, Commit]) -> list[Commit]:
    """Commits of a merged branch, oldest first, as far as its first parents tell."""
    branch: list[Commit] = []
    at = commits.get(merge.parents[1])
    while at is not None and len(branch) < _LARGEST_BRANCH and len(at.parents) == 1:
        branch.append(at)
        if at.parents[0] == merge.parents[0]:
            break
        at = commits.get(at.parents[0])
    branch.reverse()
    return branch if len(branch) < _LARGEST_BRANCH else []


def parts_of_merges(
    chain: Sequence[Commit], commits: Mapping[str, Commit]
) -> dict[str, list[Change]]:
    """Commits that each merge brought, the oldest first, by the merge's id.

    A merge says what a whole branch did to many files; its commits say it of a few.
    Where a branch has one commit there is nothing to tell apart.

    Args:
        chain: The first-parent chain, oldest first.
        commits: All that the chain's commits build on, by their ids.
    """
    claimed = {one.commit for one in chain}
    parts = {}
    for merge in chain:
        waiting = list(merge.parents[1:])
        own = []
        while waiting:
            name = waiting.pop()
            if name not in claimed and name in commits:
                claimed.add(name)
                own.append(commits[name])
                waiting.extend(commits[name].parents)
        own = [one for one in own if len(one.parents) == 1]
        if len(own) >= _FEWEST_PARTS:
            own.sort(key=lambda one: (one.time, one.commit))
            parts[merge.commit] = [_part(one, merge) for one in own[-_MOST_PARTS:]]
    return parts


def _part(one: Commit, merge: Commit) -> Change:
    title, body = split_message(one.message)
    return Change(
        commit=one.commit,
        parent=one.parents[0],
        time=merge.time,
        title=title,
        body=body[:BODY_LIMIT],
        is_part=True,
    )
