"""Branches that were merged: their words as one text, and their commits one by one."""

from collections.abc import Mapping, Sequence

from agent.localizer.changes import BODY_LIMIT, Change, Commit, split_message

__all__ = ["branch_of", "brought_by_merges", "parts_of"]

_LARGEST_BRANCH = 40
_MOST_PARTS = 200
_FEWEST_PARTS = 2


def brought_by_merges(
    chain: Sequence[Commit], commits: Mapping[str, Commit]
) -> dict[str, dict[str, Commit]]:
    """Commits that each merge brought, and none before it, by the merge's id.

    Args:
        chain: The first-parent chain, oldest first.
        commits: All that the chain's commits build on, by their ids.
    """
    claimed = {one.commit for one in chain}
    brought = {}
    for merge in chain:
        waiting = list(merge.parents[1:])
        own: dict[str, Commit] = {}
        while waiting:
            name = waiting.pop()
            if name not in claimed and name in commits:
                claimed.add(name)
                own[name] = commits[name]
                waiting.extend(commits[name].parents)
        if own:
            brought[merge.commit] = own
    return brought


def branch_of(merge: Commit, brought: Mapping[str, Commit]) -> list[Commit]:
    """Commits of the merged branches, oldest first, as far as first parents tell."""
    lines = [_line_to(tip, brought) for tip in merge.parents[1:]]
    return list({one.commit: one for line in lines for one in line}.values())


def _line_to(tip: str, brought: Mapping[str, Commit]) -> list[Commit]:
    line: list[Commit] = []
    at = brought.get(tip)
    while at is not None and len(line) < _LARGEST_BRANCH and len(at.parents) == 1:
        line.append(at)
        at = brought.get(at.parents[0])
    line.reverse()
    return line if len(line) < _LARGEST_BRANCH else []


def parts_of(merge: Commit, brought: Mapping[str, Commit]) -> list[Change]:
    """The commits that a merge brought, each a change, oldest first.

    A merge says what a whole branch did to many files; its commits say it of a few.
    Where a branch has one commit there is nothing to tell apart.
    """
    own = [one for one in brought.values() if len(one.parents) == 1]
    if len(own) < _FEWEST_PARTS:
        return []
    own.sort(key=lambda one: (one.time, one.commit))
    return [_part(one, merge) for one in own[-_MOST_PARTS:]]


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
