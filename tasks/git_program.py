"""The git program, run on repositories that we neither own nor trust.

Nothing here writes to the repository, reaches a network, or runs a program that the
repository's configuration names. The repository is named by `GIT_DIR`, which works for
a bare one, one of another user, and one without a `config` file alike.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tasks.errors import RepositoryError

__all__ = ["reading_environment", "run_git", "stream_git"]

_OPTIONS = (
    "--no-replace-objects",
    "--no-optional-locks",
    "--no-pager",
    "-c",
    "safe.directory=*",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.attributesFile=/dev/null",
    # A commit-graph file is a claim about the history; the commits are the history.
    "-c",
    "core.commitGraph=false",
    "-c",
    "core.quotePath=true",
    "-c",
    "log.showSignature=false",
    "-c",
    "diff.suppressBlankEmpty=false",
)


def reading_environment(git_dir: Path) -> dict[str, str]:
    """Environment for reading the repository at `git_dir` and nothing else.

    No variable of the caller that starts with `GIT_` survives. No transport is allowed,
    so that a missing object of a partial clone is an error and never a download.
    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_")
    }
    return environment | {
        "GIT_DIR": str(git_dir),
        # Not there on purpose: git would trust files of the work tree for blobs.
        "GIT_INDEX_FILE": str(git_dir / "no-index-is-read"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C.UTF-8",
    }


def run_git(
    git_dir: Path, arguments: Sequence[str], *, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run one reading command to its end; a non-zero exit is a result.

    Raises:
        RepositoryError: The git program is not installed.
    """
    try:
        return subprocess.run(
            ["git", *_OPTIONS, *arguments],
            env=reading_environment(git_dir),
            cwd=git_dir,
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise _missing(git_dir) from error


@contextmanager
def stream_git(
    git_dir: Path, arguments: Sequence[str], *, stdin: IO[bytes] | None = None
) -> Iterator[IO[bytes]]:
    """Run one reading command and hand out its output while it runs.

    Leaving the block early ends the command.

    Raises:
        RepositoryError: The command failed after its output was read to the end.
    """
    # A file, because a full pipe that nobody reads would stop git.
    with TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                ["git", *_OPTIONS, *arguments],
                env=reading_environment(git_dir),
                cwd=git_dir,
                stdin=stdin if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
            )
        except FileNotFoundError as error:
            raise _missing(git_dir) from error
        assert process.stdout is not None
        with process:
            try:
                yield process.stdout
                finished = not process.stdout.read(1)
            except BaseException:
                process.kill()
                raise
            if not finished:
                process.kill()
                return
        if process.returncode:
            complaints.seek(0)
            complaint = complaints.read().decode(errors="replace").strip()
            reason = complaint.splitlines()[-1] if complaint else "no message"
            msg = f"git {arguments[0]} failed in {git_dir}: {reason}"
            raise RepositoryError(msg)


def _missing(git_dir: Path) -> RepositoryError:
    if not git_dir.is_dir():
        return RepositoryError(f"{git_dir} is gone: name a git repository that exists")
    return RepositoryError("the git program is not installed: install git and repeat")
