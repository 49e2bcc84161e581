"""The past of a repository as a sequence of changes, oldest first.

A change is what one commit of the first-parent chain brought (for a merge, its whole
branch), what one commit of a merged branch did, or what a pull request's head proposed
before the base commit was made.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from agent.errors import LocalizerError
from agent.localizer.branches import branch_of, brought_by_merges, parts_of
from agent.localizer.changes import (
    BODY_LIMIT,
    Change,
    Commit,
    read_commits,
    split_message,
)
from agent.localizer.git import run_git
from agent.localizer.heads import add_by_time, head_changes

__all__ = ["list_changes", "resolve_commit"]

_MERGE = re.compile(
    r"^Merge (pull requests?|branch(es)?|remote-tracking|remote|commits?|tags?)\b"
    r"|^(Auto merge of|Merge) #\d|^Merged in "
)
"""Titles that forges write: GitHub's, git's own, bors's, Bitbucket's."""
_UNKNOWN = "Needed a single revision"
_NUMBER = re.compile(
    r"\(#(\d{1,9})\)\s*$|^(?:Merge pull request|Auto merge of|Merge) #(\d{1,9})\b"
    r"|\(pull request #(\d{1,9})\)\s*$|^Merged PR (\d{1,9}): "
)
_MERGE_REQUEST = re.compile(r"^See merge request \S*!(\d{1,9})\s*$", re.M)
_PREFIX = re.compile(r"^Merged PR \d+: ")


def resolve_commit(repo: Path, revision: str) -> str:
    """Full id of a revision.

    Raises:
        LocalizerError: It is not a git repository, is empty, or lacks the revision.
    """
    if not repo.is_dir():
        msg = f"{str(repo)!r} is not a folder: name a git repository"
        raise LocalizerError(msg)
    asked = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    try:
        return run_git(repo, asked).decode().strip()
    except LocalizerError as error:
        if "not a git repository" in str(error):
            msg = f"{str(repo)!r} is not a git repository: name one"
        elif _UNKNOWN in str(error):
            msg = f"no commit {revision!r} in {str(repo)!r}: name one of its commits"
        else:
            raise  # git's own reason: the repository is damaged
        raise LocalizerError(msg) from error


def list_changes(
    repo: Path, commit: str, *, after: str | None = None, with_heads: bool = False
) -> list[Change]:
    """Every change up to a commit, oldest first.

    Args:
        repo: Where the history is.
        commit: Full id of the base commit.
        after: Leave out this ancestor of `commit` and everything before it; not to be
            asked with heads.
        with_heads: Add the heads of pull requests (`refs/pull/<n>/head`) that were
            committed no later than the base commit and are not among its ancestors.
    """
    assert after is None or not with_heads, "where a head forked may lie before it"
    commits = read_commits(repo, [commit] if after is None else [commit, f"^{after}"])
    chain: list[Commit] = []
    at = commits.get(commit)
    while at is not None:
        chain.append(at)
        at = commits.get(at.parents[0]) if at.parents else None
    chain.reverse()
    brought = brought_by_merges(chain, commits)
    known = next((place for place, one in enumerate(chain) if one.commit == after), -1)
    changes: list[Change] = []
    for one in chain[known + 1 :]:
        own = brought.get(one.commit, {})
        changes.append(_chain_change(one, own))
        # After the merge: who asks about the merge must not see what is in it.
        changes.extend(parts_of(one, own))
    if with_heads:
        changes = add_by_time(changes, head_changes(repo, commit, commits))
    return changes


def _chain_change(at: Commit, brought: Mapping[str, Commit]) -> Change:
    """What a commit did; a merge speaks with the words of what it brought too."""
    title, body = split_message(at.message)
    number = _NUMBER.search(title) or _MERGE_REQUEST.search(body)
    title = _PREFIX.sub("", title)
    if len(at.parents) > 1:
        if _MERGE.match(title):
            first, _, rest = body.strip().partition("\n")
            title, body = first.strip(), rest.strip()
        branch = branch_of(at, brought)
        texts = [split_message(one.message) for one in branch]
        if not title and texts:
            title = texts[0][0]
        body = "\n".join(
            [body, *(f"{subject}\n{rest}".strip() for subject, rest in texts)]
        )
    return Change(
        commit=at.commit,
        parent=at.parents[0] if at.parents else "",
        time=at.time,
        title=title,
        body=body[:BODY_LIMIT],
        number=int(next(filter(None, number.groups()))) if number else None,
    )
