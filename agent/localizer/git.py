"""Git as a stream of bytes: the only place of the localizer that starts a program."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from agent.errors import LocalizerError

__all__ = ["run_git", "stream_git"]

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "-c",
    "core.quotePath=false",
    # Above it git calls a file binary without reading it, so a bundle costs nothing.
    "-c",
    "core.bigFileThreshold=1m",
    "-c",
    "diff.renameLimit=1000",
    "-c",
    "gc.auto=0",
    # Nothing that runs here obeys a repository's own settings, so whose it is does not
    # matter: a sealed checkout belongs to the sandbox's user.
    "-c",
    "safe.directory=*",
    "-c",
    "log.showSignature=false",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.attributesFile={os.devnull}",
    "-c",
    "advice.graftFileDeprecated=false",
)

_PATH_ERRORS = "surrogateescape"
"""What a path that is not UTF-8 is read and written with."""

_MISSING_ON_PURPOSE = "lazy fetching disabled"
"""What git says of objects that a filter left where they were cloned from."""


def run_git(repo: Path, arguments: Sequence[str], stdin: Iterable[str] = ()) -> bytes:
    """Everything that one git command prints.

    Raises:
        LocalizerError: Git is missing, or failed; its first line is in the text.
    """
    return b"".join(stream_git(repo, arguments, stdin))


def stream_git(
    repo: Path,
    arguments: Sequence[str],
    stdin: Iterable[str] = (),
    *,
    alone: bool = False,
) -> Iterator[bytes]:
    """The lines that one git command prints, as they come.

    Args:
        repo: A work tree or a bare repository.
        arguments: The command and its options.
        stdin: Lines for its standard input, without line ends.
        alone: Whether it may see the objects alone, and neither files of the work tree
            nor staged ones: attributes there say what git takes for a text.

    Raises:
        LocalizerError: Git is missing, or failed; its first line is in the text.
    """
    with ExitStack() as stack:
        place, more = [str(repo)], {}
        if alone:
            empty = stack.enter_context(tempfile.TemporaryDirectory())
            folder = _folder_of(repo)
            place = [empty, f"--git-dir={folder}", f"--work-tree={empty}"]
            more = {"GIT_INDEX_FILE": f"{empty}/none"}
        asked = stack.enter_context(tempfile.TemporaryFile())
        complaints = stack.enter_context(tempfile.TemporaryFile())
        asked.writelines(f"{line}\n".encode(errors=_PATH_ERRORS) for line in stdin)
        asked.seek(0)
        try:
            process = subprocess.Popen(
                ["git", "-C", *place, *_OPTIONS, *arguments],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_environment() | more,
                bufsize=1 << 20,
                process_group=0,  # Ctrl-C in a terminal strikes the whole group
            )
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError)
            remedy = "install git" if is_missing else "see what this machine lacks"
            msg = f"git cannot be started ({error}): {remedy}"
            raise LocalizerError(msg) from error
        yield from _lines_of(process)
        if process.returncode:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()
            raise LocalizerError(_explain(said, repo, arguments[0]))


def _environment() -> dict[str, str]:
    """The variables of this process, with git's own replaced."""
    return {
        **{key: value for key, value in os.environ.items() if key[:4] != "GIT_"},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


def _lines_of(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Everything that a process prints; it is ended where nobody wants the rest."""
    finished = False
    with process:
        assert process.stdout is not None
        try:
            yield from process.stdout
            finished = True
        finally:
            if not finished:
                process.kill()


def _explain(said: str, repo: Path, command: str) -> str:
    """One line of what git complained about."""
    if _MISSING_ON_PURPOSE in said:
        return (
            f"{str(repo)!r} is a partial clone, and its history cannot be read:"
            " get the rest with git fetch --refetch --no-filter"
        )
    first = said.partition("\n")[0]
    return f"git {command} failed in {str(repo)!r}: {first}"


def _folder_of(repo: Path) -> str:
    """Where git keeps a repository, as an absolute path."""
    told = run_git(repo, ("rev-parse", "--absolute-git-dir"))
    return os.fsdecode(told.rstrip(b"\n"))
