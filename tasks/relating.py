"""Which pull requests may be context for which.

The rule and its reasons are in `docs/decisions/0020-what-counts-as-past.md`.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from random import Random
from typing import Protocol

from tasks.errors import SuiteError
from tasks.pull_requests import PullRequest
from tasks.times import parse_time

__all__ = ["History", "Order", "came_before", "choose_related", "oldest_first"]


class History(Protocol):
    """What is asked of a history; a `Repository` is one."""

    def find_commit(self, revision: str) -> str | None:
        """Full id of a commit; None where there is none of that name."""
        ...

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether `ancestor` is `descendant` or in its history."""
        ...

    def commit_time(self, commit: str) -> int:
        """Committer's clock, in seconds since 1970."""
        ...


class Order(StrEnum):
    """Whether context may be younger than its target."""

    PAST_ONLY = "past-only"
    """Only what existed before the target's base commit."""
    ANY_ORDER = "any-order"
    """The paper's setting: the future leaks into the context."""


def came_before(candidate: PullRequest, base: str, repository: History) -> bool:
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


def choose_related(
    target: PullRequest, candidates: Sequence[PullRequest], relate: str
) -> list[PullRequest]:
    """Choose among candidates of one repository what is context for `target`.

    Raises:
        SuiteError: `relate` is none of the ways that `load_suite` names.
    """
    listed = target.extra.get("related_prs")
    if relate == "none":
        return []
    if relate == "random":
        return _choose_at_random(target, candidates)
    if relate == "related_prs" or (relate == "auto" and listed is not None):
        return [p for p in candidates if p.pr_number in (listed or ())]
    if relate in {"cluster", "auto"}:
        cluster = target.cluster
        return [p for p in candidates if cluster is not None and p.cluster == cluster]
    message = (
        f"unknown relation {relate!r}: use auto, cluster, related_prs, random or none"
    )
    raise SuiteError(message)


def _choose_at_random(
    target: PullRequest, candidates: Sequence[PullRequest]
) -> list[PullRequest]:
    """As many as are related, none of them related; the same ones every time."""
    related = choose_related(target, candidates, "auto")
    others = [
        p
        for p in candidates
        if p not in related and (p.cluster is None or p.cluster != target.cluster)
    ]
    return Random(target.instance_id).sample(others, min(len(related), len(others)))


def oldest_first(
    pull_requests: Iterable[PullRequest], repository: History
) -> tuple[PullRequest, ...]:
    """Sort by when each was merged, or, never merged, by its head; then by number."""

    def age(pull_request: PullRequest) -> tuple[int, int]:
        commit = _existing(pull_request.merge_commit, repository) or _existing(
            pull_request.head_commit, repository
        )
        moment = repository.commit_time(commit) if commit else 0
        return moment, pull_request.pr_number

    return tuple(sorted(pull_requests, key=age))


def _existing(commit: str | None, repository: History) -> str | None:
    return repository.find_commit(commit) if commit else None
