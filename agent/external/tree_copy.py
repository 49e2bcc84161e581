"""The checkout of a sandbox, copied out for an agent, and its changes taken back in.

The host compares the copy with itself before and after, by content; what differs is
written into the sandbox, whose own list of changes is then the answer.
"""

import hashlib
import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from sandbox.contract import Sandbox
from sandbox.errors import SandboxError

__all__ = ["TreeCopy"]

_ARCHIVE_LIMIT_BYTES = 4 * 1024**3
_ARCHIVE_TIMEOUT_S = 300.0
_GIT = ".git"
_REMOVE = "rm -f --"
_COMMAND_CHARACTERS = 30_000
"""Linux takes 128 KiB in one argument, and a character has up to four bytes."""


class TreeCopy:
    """A copy of a sandbox's whole repository on the host."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        """Copy the repository, its sealed history included.

        Args:
            sandbox: Where from.
            folder: Where to; made anew.

        Raises:
            SandboxError: It cannot be copied.
        """
        self.folder = folder
        self._sandbox = sandbox
        folder.mkdir(parents=True)
        archived = sandbox.run(
            "tar -cf - .",
            timeout_s=_ARCHIVE_TIMEOUT_S,
            output_limit_bytes=_ARCHIVE_LIMIT_BYTES,
        )
        if archived.exit_code or archived.omitted_bytes:
            reason = archived.stderr.decode(errors="replace").strip()[:200]
            msg = f"the checkout cannot be copied out of the sandbox: {reason}"
            raise SandboxError(msg)
        subprocess.run(
            ["tar", "-xf", "-", "--no-same-owner", "-C", str(folder)],
            input=archived.stdout,
            check=True,
            process_group=0,  # Ctrl-C in a terminal strikes the whole group
        )
        self._before = _hash_files(folder)

    def bring_back(self, leavings: Sequence[str] = ()) -> tuple[str, ...]:
        """Write into the sandbox what the agent changed.

        Args:
            leavings: Patterns of new files that are the agent's own; they stay behind.

        Returns:
            Paths that differ, sorted.

        Raises:
            SandboxError: The sandbox is lost.
        """
        after = _hash_files(self.folder)
        changed = [
            path
            for path in after
            if after[path] != self._before.get(path)
            and (path in self._before or not _is_left(path, leavings))
        ]
        for path in changed:
            target = self.folder / path
            if target.is_symlink():
                # Followed, it could show the host's own files to whoever reads on.
                continue
            try:
                self._sandbox.write(path, target.read_bytes())
            except OSError:
                # A name that the sandbox refuses is no existing file: not an answer.
                continue
        gone = sorted(set(self._before) - set(after))
        for command in _write_removals(gone):
            self._sandbox.run(command)
        return tuple(sorted({*changed, *gone}))


def _write_removals(paths: Sequence[str]) -> Iterator[str]:
    """Commands that remove files, each short enough for the system to take."""
    command = _REMOVE
    for word in map(shlex.quote, paths):
        if len(command) + len(word) > _COMMAND_CHARACTERS and command != _REMOVE:
            yield command
            command = _REMOVE
        command += f" {word}"
    if command != _REMOVE:
        yield command


def _is_left(path: str, leavings: Sequence[str]) -> bool:
    return any(fnmatch(path, pattern) for pattern in leavings)


def _hash_files(folder: Path) -> dict[str, str]:
    """Every file and link of a tree with a hash of its content; git's own left out."""
    hashes = {}
    for parent, folders, names in os.walk(folder):
        if Path(parent) == folder and _GIT in folders:
            folders.remove(_GIT)
        for name in names:
            path = Path(parent) / name
            if path.is_symlink():
                content = os.fsencode(path.readlink())
            elif path.is_file():
                content = path.read_bytes()
            else:
                continue
            relative = path.relative_to(folder).as_posix()
            hashes[relative] = hashlib.sha256(content).hexdigest()
    return hashes
