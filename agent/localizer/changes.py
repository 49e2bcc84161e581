"""The past of a repository as a sequence of changes, oldest first.

A change is what one commit of the first-parent chain brought (for a merge, its whole
branch), or what a pull request's head proposed before the base commit was made.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import LocalizerError
from agent.localizer.git import run_git
from agent.localizer.tokens import strip_noise

__all__ = ["Change", "list_changes", "resolve_commit"]

_FIELDS = "%H%x1f%P%x1f%ct%x1f%B%x1e"
_MERGE = re.compile(r"^Merge (pull request|branch|remote|commit|tag)\b")
_NUMBER = re.compile(r"\(#(\d+)\)\s*$|^Merge pull request #(\d+)")
_BODY_LIMIT = 4_000
_LARGEST_BRANCH = 40
_PULL_REF = re.compile(r"^refs/pull/(\d+)/head$")


@dataclass(frozen=True, slots=True)
class Change:
    """One labelled example of the past: a text, and the commits it lies between."""

    commit: str
    parent: str
    """The commit it is compared with; empty for a root."""
    time: int
    """Committer time, seconds since 1970."""
    title: str
    body: str
    number: int | None = None
    """Pull request number, where the text or the reference tells it."""
    is_head: bool = False
    """Whether it is a proposal, which left the files of the base commit alone."""


@dataclass(frozen=True, slots=True)
class _Commit:
    commit: str
    parents: tuple[str, ...]
    time: int
    message: str


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
        else:
            msg = f"no commit {revision!r} in {str(repo)!r}: name one of its commits"
        raise LocalizerError(msg) from error


def list_changes(
    repo: Path, commit: str, *, after: str | None = None, with_heads: bool = False
) -> list[Change]:
    """Every change up to a commit, oldest first.

    Args:
        repo: Where the history is.
        commit: Full id of the base commit.
        after: Leave out this ancestor of `commit` and everything before it.
        with_heads: Add the heads of pull requests (`refs/pull/<n>/head`) that were
            committed no later than the base commit and are not among its ancestors.
    """
    # Where a head forked may lie before `after`, so heads need all of the past.
    whole = after is None or with_heads
    commits = _read_commits(repo, [commit] if whole else [commit, f"^{after}"])
    changes: list[Change] = []
    at = commits.get(commit)
    while at is not None and at.commit != after:
        changes.append(_chain_change(at, commits))
        at = commits.get(at.parents[0]) if at.parents else None
    changes.reverse()
    if with_heads:
        known = commits[after].time if after is not None else -1
        heads = _head_changes(repo, commit, commits)
        new = [head for head in heads if head.time > known]
        changes = _merged_by_time(changes, new)
    return changes


def _read_commits(repo: Path, revisions: Iterable[str]) -> dict[str, _Commit]:
    output = run_git(
        repo, ("log", "--topo-order", f"--format={_FIELDS}", "--stdin"), revisions
    )
    commits = {}
    for record in output.decode(errors="replace").split("\x1e\n"):
        if not record.strip():
            continue
        commit, parents, time, message = record.rstrip("\x1e").split("\x1f", 3)
        commits[commit] = _Commit(
            commit, tuple(parents.split()), int(time), message[: 2 * _BODY_LIMIT]
        )
    return commits


def _chain_change(at: _Commit, commits: Mapping[str, _Commit]) -> Change:
    """What a commit brought; a merge speaks with the words of its branch too."""
    title, body = _split_message(at.message)
    number = _NUMBER.search(title)
    if len(at.parents) > 1:
        if _MERGE.match(title):
            first, _, rest = body.partition("\n")
            title, body = first.strip(), rest.strip()
        branch = _branch_of(at, commits)
        texts = [_split_message(one.message) for one in branch]
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
        body=body[:_BODY_LIMIT],
        number=int(number[1] or number[2]) if number else None,
    )


def _branch_of(merge: _Commit, commits: Mapping[str, _Commit]) -> list[_Commit]:
    """Commits of a merged branch, oldest first, as far as its first parents tell."""
    branch: list[_Commit] = []
    at = commits.get(merge.parents[1])
    while at is not None and len(branch) < _LARGEST_BRANCH and len(at.parents) == 1:
        branch.append(at)
        if at.parents[0] == merge.parents[0]:
            break
        at = commits.get(at.parents[0])
    branch.reverse()
    return branch if len(branch) < _LARGEST_BRANCH else []


def _split_message(message: str) -> tuple[str, str]:
    title, _, body = message.strip().partition("\n")
    return title.strip(), strip_noise(body).strip()


def _head_changes(
    repo: Path, commit: str, ancestors: Mapping[str, _Commit]
) -> list[Change]:
    listed = run_git(repo, ("for-each-ref", "--format=%(objectname) %(refname)"))
    heads: dict[str, int] = {}
    for line in listed.decode(errors="replace").splitlines():
        name, _, ref = line.partition(" ")
        match = _PULL_REF.match(ref)
        if match and name not in ancestors:
            heads[name] = int(match[1])
    if not heads:
        return []
    commits = _read_commits(repo, [*heads, f"^{commit}"])
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
    head: _Commit, number: int, commits: Mapping[str, _Commit], order: Mapping[str, int]
) -> Change | None:
    """A proposal against the newest ancestor of the base commit that it builds on."""
    own: dict[str, _Commit] = {}
    forks: set[str] = set()
    waiting = [head.commit]
    while waiting:
        name = waiting.pop()
        if name in order:
            forks.add(name)
        elif name in commits and name not in own:
            own[name] = commits[name]
            waiting.extend(commits[name].parents)
            if len(own) > _LARGEST_BRANCH:
                return None
    if not forks:
        return None
    # Found newest first; a sort by time keeps that order among equal times.
    found = reversed(list(own.values()))
    written = [one for one in found if len(one.parents) == 1]
    written.sort(key=lambda one: one.time)
    texts = [_split_message(one.message) for one in written or [head]]
    body = [texts[0][1], *(f"{subject}\n{rest}".strip() for subject, rest in texts[1:])]
    return Change(
        commit=head.commit,
        parent=max(forks, key=order.__getitem__),
        time=head.time,
        title=texts[0][0],
        body="\n".join(body)[:_BODY_LIMIT],
        number=number,
        is_head=True,
    )


def _merged_by_time(chain: list[Change], heads: list[Change]) -> list[Change]:
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
