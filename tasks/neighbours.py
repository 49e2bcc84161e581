"""For each target, the pull requests of its past that are most like it."""

from collections.abc import Sequence
from dataclasses import replace

from tasks.histories import read_history
from tasks.pull_requests import PullRequest
from tasks.relating import came_before
from tasks.repository import Repository
from tasks.similarity import similarities, vectorize

__all__ = ["relate_nearest"]


def relate_nearest(
    targets: Sequence[PullRequest],
    candidates: Sequence[PullRequest],
    repository: Repository,
    *,
    tip: str,
    count: int = 5,
) -> tuple[PullRequest, ...]:
    """Give each target a column `related_prs`: the numbers of its nearest past.

    Args:
        targets: Pull requests of one repository.
        candidates: What may be context, the targets among them.
        repository: Where all of them are.
        tip: Full id of the main line's newest commit.
        count: How many at most; those that share nothing are never taken.
    """
    heads = [p.head_commit for p in candidates if p.head_commit]
    history = read_history(repository, [tip, *heads])
    likeness = similarities(vectorize(candidates))
    places = {p.pr_number: place for place, p in enumerate(candidates)}
    related = []
    for target in targets:
        row = likeness[places[target.pr_number]]
        nearest: list[int] = []
        for place in sorted(row, key=lambda place: (-row[place], place)):
            if len(nearest) == count:
                break
            if came_before(candidates[place], target.base_commit, history):
                nearest.append(candidates[place].pr_number)
        extra = {**target.extra, "related_prs": nearest}
        related.append(replace(target, extra=extra))
    return tuple(related)
