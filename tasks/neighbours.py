"""For each target, the pull requests of its past that are most like it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

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
    wanted = {target.pr_number: target for target in targets}
    nearest: dict[int, list[int]] = {}
    for one, row in zip(candidates, similarities(vectorize(candidates)), strict=True):
        if one.pr_number in wanted:
            alike = (candidates[n] for n in sorted(row, key=lambda n: (-row[n], n)))
            target = wanted[one.pr_number]
            past = (other for other in alike if came_before(other, target, history))
            nearest[one.pr_number] = [other.pr_number for other in islice(past, count)]
    return tuple(
        replace(one, extra={**one.extra, "related_prs": nearest[one.pr_number]})
        for one in targets
    )
