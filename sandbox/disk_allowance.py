"""How much a sandbox may write, watched by the host from outside.

What a sandbox writes lies in folders of the host, which have no limit of their own. A
single file is limited by the kernel; the sum is looked at once a second while a command
runs, and whenever short commands together ran for a second.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["DiskAllowance", "measure_folders"]

_FILE_COUNT_LIMIT = 400_000
_LOOK_AFTER_S = 1.0
_PATIENCE = 20  # looking may take a twentieth of the time
_BLOCK = 512  # the unit of st_blocks


class DiskAllowance:
    """The sum of what some folders hold, against a limit."""

    def __init__(
        self, folders: Sequence[Path], *, limit_bytes: int, base_bytes: int = 0
    ) -> None:
        """Watch folders.

        Args:
            folders: Where the sandbox writes.
            limit_bytes: What it may add; at half as much again nothing runs any more.
            base_bytes: What they held before it wrote anything.
        """
        self._folders = folders
        self._limit = limit_bytes
        self._base = base_bytes
        self._unseen_s = 0.0
        self._next_look = 0.0
        self._used = 0

    def note_activity(self, seconds: float) -> None:
        """Something could write for so long since it was last looked at."""
        self._unseen_s += seconds

    def is_exceeded(self) -> bool:
        """Whether a command that runs now has to be stopped."""
        now = time.monotonic()
        if now >= self._next_look:
            self._look()
        return self._used > self._limit

    def is_spent(self) -> bool:
        """Whether so much was written that nothing more may run."""
        if self._unseen_s >= _LOOK_AFTER_S:
            self._look()
        return self._used > self._limit + self._limit // 2

    def _look(self) -> None:
        started = time.monotonic()
        most = self._base + 2 * self._limit
        self._used = measure_folders(self._folders, most) - self._base
        taken_s = time.monotonic() - started
        self._next_look = started + taken_s * _PATIENCE
        self._unseen_s = 0.0


def measure_folders(folders: Sequence[Path], most: int) -> int:
    """Bytes that folders take on disk; counting ends where it is more than `most`."""
    total, count = 0, 0
    waiting = [os.fspath(folder) for folder in folders]
    while waiting and total <= most:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
        if count > _FILE_COUNT_LIMIT:
            return most + 1
    return total
