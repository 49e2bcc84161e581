"""One change that was proposed twice would be its own context, and answer itself."""

from collections.abc import Sequence

from tasks.drafts import Rejection
from tasks.pull_requests import PullRequest
from tasks.suite import gold_files

__all__ = ["drop_duplicates"]


def drop_duplicates(
    pull_requests: Sequence[PullRequest],
) -> tuple[tuple[PullRequest, ...], tuple[Rejection, ...]]:
    """Keep one of those with the same head, or the same title and modified files.

    A merged one is kept before one that was not, then the smaller number.

    Returns:
        What is kept, in its order, and why the rest is not.
    """
    kept: dict[str, int] = {}
    rejections: list[Rejection] = []
    for one in sorted(
        pull_requests, key=lambda p: (p.merge_commit is None, p.pr_number)
    ):
        keys = _keys(one)
        earlier = next((kept[key] for key in keys if key in kept), None)
        if earlier is None:
            kept.update(dict.fromkeys(keys, one.pr_number))
            continue
        told = one.merge_commit or one.head_commit or ""
        reason = f"asks for the same as #{earlier}"
        rejections.append(Rejection(one.pr_number, told, reason, title=one.title))
    numbers = set(kept.values())
    return tuple(p for p in pull_requests if p.pr_number in numbers), tuple(rejections)


def _keys(one: PullRequest) -> list[str]:
    keys = [f"head {one.head_commit}"]
    title = " ".join(one.title.lower().split())
    if title:
        files = "\n".join(sorted(gold_files(one.changed_files)))
        keys.append(f"title {title}\n{files}")
    return keys
