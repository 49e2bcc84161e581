"""Messages and times of chosen commits, read in one go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.errors import RepositoryError
from tasks.git_program import run_git
from tasks.repository import Repository
from tasks.times import read_clock

__all__ = ["CommitMessage", "read_commit_messages"]

_FIELDS = 3


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """What one commit says of itself."""

    text: str
    """The whole message; bytes that are not UTF-8 show as replacement characters."""
    committed: int
    """Committer's clock, in seconds since 1970."""

    @property
    def subject(self) -> str:
        """The first line."""
        return self.text.strip().partition("\n")[0].strip()

    @property
    def body(self) -> str:
        """Everything below the first line."""
        return self.text.strip().partition("\n")[2].strip()


def read_commit_messages(
    repository: Repository, commits: Iterable[str]
) -> Mapping[str, CommitMessage]:
    """Read the messages of commits, by full id.

    Raises:
        RepositoryError: One of them cannot be read.
    """
    wanted = sorted(set(commits))
    if not wanted:
        return {}
    answer = run_git(
        repository.git_dir,
        [
            "log",
            "--no-walk=unsorted",
            "--no-show-signature",
            "--encoding=UTF-8",
            "-z",
            "--format=%H%x00%ct%x00%B",
            "--stdin",
        ],
        stdin="".join(f"{commit}\n" for commit in wanted).encode(),
    )
    if answer.returncode:
        reason = answer.stderr.decode(errors="replace").strip()
        message = f"cannot read messages of {repository.path}: {reason[-200:]}"
        raise RepositoryError(message)
    fields = answer.stdout.decode("utf-8", "replace").split("\0")[:-1]
    return {
        fields[n]: CommitMessage(fields[n + 2], read_clock(fields[n + 1]))
        for n in range(0, len(fields), _FIELDS)
    }
