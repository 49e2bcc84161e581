"""Which pull requests may be context for which.

The rule and its reasons are in `docs/decisions/0020-what-counts-as-past.md`.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import islice
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


def came_before(
    candidate: PullRequest, target: PullRequest, repository: History
) -> bool:
    """Whether all that we show of `candidate` existed at the base of `target`.

    A merged pull request counts once its merge (or its head) is in the history of the
    base. One that was never merged counts where its head was committed, and it was
    opened, no later than the base, unless the target itself is built on it. What cannot
    be told counts as later.

    Args:
        candidate: A pull request of the same repository.
        target: Whose context it may be; the repository holds its base commit.
        repository: Where both can be looked up.
    """
    base = target.base_commit
    merge = _existing(candidate.merge_commit, repository)
    head = _existing(candidate.head_commit, repository)
    if any(repository.is_ancestor(commit, base) for commit in (merge, head) if commit):
        return True
    if merge is not None:
        return False
    base_time = repository.commit_time(base)
    if candidate.merged_at is not None:
        return parse_time(candidate.merged_at) <= base_time
    if candidate.merge_commit is not None or head is None:
        return False  # it was merged, but not into what the clone has; or nobody knows
    opened = candidate.created_at
    if opened is not None and parse_time(opened) > base_time:
        return False
    return repository.commit_time(head) <= base_time and not _is_part(
        head, target, repository
    )


def _is_part(head: str, target: PullRequest, repository: History) -> bool:
    """Whether a target is built on a head, whose patch is then some of its answer."""
    answer = _existing(target.head_commit, repository)
    return answer is not None and repository.is_ancestor(head, answer)


def choose_related(
    target: PullRequest,
    candidates: Sequence[PullRequest],
    relate: str,
    is_past: Callable[[PullRequest], bool],
) -> list[PullRequest]:
    """Choose among candidates of one repository what is context for `target`.

    Args:
        target: Whose context it is.
        candidates: Every other pull request of its repository.
        relate: One of the ways that `load_suite` names.
        is_past: Whether a candidate may be shown; asked of few, for it takes time.

    Raises:
        SuiteError: There is no such way.
    """
    listed = target.extra.get("related_prs")
    if relate == "none":
        return []
    if relate == "random":
        return _choose_at_random(target, candidates, is_past)
    if relate == "related_prs" or (relate == "auto" and listed is not None):
        chosen = [p for p in candidates if p.pr_number in (listed or ())]
    elif relate in {"cluster", "auto"}:
        chosen = [p for p in candidates if _shares_cluster(p, target)]
    else:
        known = "auto, cluster, related_prs, random or none"
        message = f"unknown relation {relate!r}: use {known}"
        raise SuiteError(message)
    return [p for p in chosen if is_past(p)]


def _shares_cluster(one: PullRequest, other: PullRequest) -> bool:
    return one.cluster is not None and one.cluster == other.cluster


def _choose_at_random(
    target: PullRequest,
    candidates: Sequence[PullRequest],
    is_past: Callable[[PullRequest], bool],
) -> list[PullRequest]:
    """As many as are related, none of them related; the same ones every time."""
    related = choose_related(target, candidates, "auto", is_past)
    listed = target.extra.get("related_prs") or ()
    others = [
        p
        for p in candidates
        if p.pr_number not in listed and not _shares_cluster(p, target)
    ]
    Random(target.instance_id).shuffle(others)
    return list(islice((p for p in others if is_past(p)), len(related)))


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
