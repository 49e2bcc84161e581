"""A pull request as mining first sees it, and why one may be left out."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Draft", "Kind", "Rejection"]


class Kind(StrEnum):
    """How a pull request shows in a history."""

    MERGE = "merge"
    """A merge commit joined its branch."""
    SQUASH = "squash"
    """One commit of the main line holds all of it."""
    REBASE = "rebase"
    """Its commits were made again, one by one, on the main line."""
    BRANCH = "branch"
    """A head that was never merged."""
    COMMIT = "commit"
    """No pull request: a plain commit, taken for one on request."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A pull request before its files and its message are looked at."""

    number: int
    kind: Kind
    base: str
    """Full id of the commit that its change starts from."""
    head: str
    merge: str | None = None
    """Full id of the commit that brought it onto the main line; None for a branch."""
    own_commits: tuple[str, ...] = ()
    """Of a branch: its commits, oldest first, whose messages describe it."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A pull request that was seen and left out."""

    number: int
    commit: str
    """Full id of the commit that told of it."""
    reason: str
    """What is against it, in one line."""
    title: str = ""
    stage: str = "mine"
    """`mine`, `count`, `gold` or `judge`."""
