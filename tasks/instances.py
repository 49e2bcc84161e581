"""Instances: a target, its possible context, and the files it must find."""

from dataclasses import dataclass

from tasks.pull_requests import PullRequest

__all__ = ["Instance"]


@dataclass(frozen=True, slots=True)
class Instance:
    """One row of a benchmark, ready to be attempted."""

    target: PullRequest
    """What is asked. Its `changed_files` are the answer and never reach an agent."""
    related: tuple[PullRequest, ...]
    """Context pull requests, oldest first, their patches read from the repository."""
    gold_files: frozenset[str]
    """POSIX paths from the repository root, as at the base commit; never empty."""

    @property
    def instance_id(self) -> str:
        """`owner__repo-<number>` of the target."""
        return self.target.instance_id

    @property
    def base_commit(self) -> str:
        """Full id of the commit the target starts from."""
        return self.target.base_commit
