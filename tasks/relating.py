"""Which pull requests may be context for which.

The rule and its reasons are in `docs/decisions/0020-what-counts-as-past.md`.
"""

from collections.abc import Iterable
from enum import StrEnum

from tasks.pull_requests import PullRequest
from tasks.repository import Repository
from tasks.times import parse_time

__all__ = ["Order", "came_before", "oldest_first"]


class Order(StrEnum):
    """Whether context may be younger than its target."""

    PAST_ONLY = "past-only"
    """Only what existed before the target's base commit."""
    ANY_ORDER = "any-order"
    """The paper's setting: the future leaks into the context."""


def came_before(candidate: PullRequest, base: str, repository: Repository) -> bool:
    """Whether everything we show of `candidate` existed when `base` was committed.

    A merged pull request counts once its merge (or its head) is in the history of
    `base`. One that was never merged counts where its head was committed, and it was
    opened, no later than `base`. What cannot be told counts as later.

    Args:
        candidate: A pull request of the same repository.
        base: The target's base commit; the repository holds it.
        repository: Where both can be looked up.
    """
    merge = _existing(candidate.merge_commit, repository)
    head = _existing(candidate.head_commit, repository)
    if any(repository.is_ancestor(commit, base) for commit in (merge, head) if commit):
        return True
    if merge is not None:
        return False
    base_time = repository.commit_time(base)
    if candidate.merged_at is not None:
        return parse_time(candidate.merged_at) <= base_time
    if head is None or repository.commit_time(head) > base_time:
        return False
    return candidate.created_at is None or parse_time(candidate.created_at) <= base_time


def oldest_first(
    pull_requests: Iterable[PullRequest], repository: Repository
) -> tuple[PullRequest, ...]:
    """Sort by when each was merged, or, never merged, by its head; then by number."""

    def age(pull_request: PullRequest) -> tuple[int, int]:
        commit = _existing(pull_request.merge_commit, repository) or _existing(
            pull_request.head_commit, repository
        )
        moment = repository.commit_time(commit) if commit else 0
        return moment, pull_request.pr_number

    return tuple(sorted(pull_requests, key=age))


def _existing(commit: str | None, repository: Repository) -> str | None:
    return repository.find_commit(commit) if commit else None
