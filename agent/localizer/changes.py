"""What a past is made of: commits, and the changes that are read off them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.localizer.git import run_git
from agent.localizer.tokens import strip_noise

__all__ = ["BODY_LIMIT", "Change", "Commit", "read_commits", "split_message"]

BODY_LIMIT = 4_000
"""Characters of a text that are read."""
_FIELDS = "%H%x1f%P%x1f%ct%x1f%B"
_LOG = ("log", "-z", "--topo-order", "--encoding=UTF-8", f"--format={_FIELDS}")


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
    is_part: bool = False
    """Whether it is one commit of a merged branch, told apart after its merge."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as git has it."""

    commit: str
    parents: tuple[str, ...]
    time: int
    message: str


def read_commits(repo: Path, revisions: Iterable[str]) -> dict[str, Commit]:
    """Commits by their full ids, the newest first, as `git log` takes revisions."""
    output = run_git(repo, (*_LOG, "--stdin"), revisions)
    commits = {}
    for record in output.decode(errors="replace").split("\0"):
        if not record.strip():
            continue
        commit, parents, time, message = record.split("\x1f", 3)
        commits[commit] = Commit(
            commit,
            tuple(parents.split()),
            int(time or 0),  # some tools write commits without a date
            message[: 2 * BODY_LIMIT],
        )
    return commits


def split_message(message: str) -> tuple[str, str]:
    """Title and body, without what machines wrote."""
    title, _, body = message.strip().partition("\n")
    return title.strip(), strip_noise(body).strip()
