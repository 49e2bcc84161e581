"""Heads of pull requests: what was proposed before the base commit was made."""

from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

from agent.localizer.changes import (
    BODY_LIMIT,
    Change,
    Commit,
    read_commits,
    split_message,
)
from agent.localizer.horizon import pull_heads

__all__ = ["add_by_time", "head_changes"]

_LARGEST_PROPOSAL = 40


def head_changes(
    repo: Path, commit: str, ancestors: Mapping[str, Commit]
) -> list[Change]:
    """Proposals that are not among the ancestors of a commit and no younger than it.

    Args:
        repo: Where the history is.
        commit: Full id of the base commit.
        ancestors: All of its ancestors and itself.
    """
    named = pull_heads(repo)
    heads = {name: number for name, number in named.items() if name not in ancestors}
    if not heads:
        return []
    commits = read_commits(repo, [*heads, f"^{commit}"])
    order = {name: rank for rank, name in enumerate(reversed(list(ancestors)))}
    latest = ancestors[commit].time
    changes = []
    for head, number in heads.items():
        if head in commits and commits[head].time <= latest:
            change = _head_change(commits[head], number, commits, order)
            if change is not None:
                changes.append(change)
    return sorted(changes, key=lambda change: change.time)


def _head_change(
    head: Commit, number: int, commits: Mapping[str, Commit], order: Mapping[str, int]
) -> Change | None:
    """A proposal against the newest ancestor of the base commit that it builds on."""
    own: dict[str, Commit] = {}
    forks: set[str] = set()
    waiting = [head.commit]
    while waiting:
        name = waiting.pop()
        if name in order:
            forks.add(name)
        elif name in commits and name not in own:
            own[name] = commits[name]
            waiting.extend(commits[name].parents)
            if len(own) > _LARGEST_PROPOSAL:
                return None
    if not forks:
        return None
    # Found newest first; a sort by time keeps that order among equal times.
    found = reversed(list(own.values()))
    written = [one for one in found if len(one.parents) == 1]
    written.sort(key=lambda one: one.time)
    texts = [split_message(one.message) for one in written or [head]]
    body = [texts[0][1], *(f"{subject}\n{rest}".strip() for subject, rest in texts[1:])]
    return Change(
        commit=head.commit,
        parent=max(forks, key=order.__getitem__),
        time=head.time,
        title=texts[0][0],
        body="\n".join(body)[:BODY_LIMIT],
        number=number,
        is_head=True,
    )


def add_by_time(chain: list[Change], heads: list[Change]) -> list[Change]:
    """Put each head before the first commit of the chain that is younger than it."""
    newest: list[int] = []
    for change in chain:
        newest.append(max(change.time, newest[-1]) if newest else change.time)
    placed: dict[int, list[Change]] = {}
    for head in heads:
        placed.setdefault(bisect_right(newest, head.time), []).append(head)
    merged: list[Change] = []
    for position, change in enumerate(chain):
        merged.extend(placed.get(position, ()))
        merged.append(change)
    merged.extend(placed.get(len(chain), ()))
    return merged
