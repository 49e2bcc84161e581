"""Pull requests as values: one change that somebody proposed, and the files it touched.

Field names are those of the SWE-Features dataset (arXiv 2504.13171, appendix D).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["ChangedFile", "FileStatus", "PullRequest"]


class FileStatus(StrEnum):
    """What happened to a file between base and head, in GitHub's words."""

    ADDED = "added"
    MODIFIED = "modified"
    """Its content was edited in place; only these files can be gold."""
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"
    """It is still there and was not edited: its mode or its kind (file, symbolic link,

    submodule) changed, or a submodule points elsewhere.
    """


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a pull request."""

    filename: str
    """POSIX path from the repository root, after the change."""
    status: FileStatus
    additions: int | None = None
    """Added lines; None where it is not known, as for a binary file."""
    deletions: int | None = None
    """Removed lines; None where it is not known."""
    patch: str | None = None
    """Unified diff hunks without the file header.

    None where it was not read, or is binary.
    """
    previous_filename: str | None = None
    """Where a renamed file was before; None otherwise."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request of one repository."""

    repo: str
    """`owner/name`."""
    pr_number: int
    title: str
    body: str
    """Description; empty where there is none."""
    base_commit: str
    """Full id of the commit that the change starts from."""
    changed_files: tuple[ChangedFile, ...]
    head_commit: str | None = None
    """Full id of the change's last commit; None where the row does not say."""
    user_login: str | None = None
    state: str | None = None
    """`open` or `closed`, as GitHub reports it.

    A merged pull request is closed and has `merged_at`.
    """
    merged_at: str | None = None
    """UTC time in ISO 8601; None where it was not merged, or is not known."""
    created_at: str | None = None
    """UTC time in ISO 8601, or its date alone; None where it is not known."""
    merge_commit: str | None = None
    """Full id of the commit that brought the change onto its target branch.

    None where it was not merged, or is not known.
    """
    cluster: str | None = None
    """Name of the group of related pull requests; None where there is none."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Columns of the row that we do not know, kept as they came. Any: JSON values."""

    @property
    def instance_id(self) -> str:
        """`owner__repo-<number>`, as SWE-bench names instances."""
        return f"{self.repo.replace('/', '__')}-{self.pr_number}"
