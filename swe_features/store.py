"""An experiment on disk: one directory that survives whatever happens to its writer.

    DIR/manifest.json           what was run, with what; replaced as a whole
    DIR/plan.json               the cells of the last run, and what they ask
    DIR/results.jsonl           one row for each scored or broken cell, appended
    DIR/trajectories/<cell>.jsonl    every event of the attempt; `<cell>.2.jsonl` is
                                the second one, `.partial.jsonl` one that was killed
    DIR/contexts/<key>.json     learned contexts, with their trajectories beside them

Only a cell with a `scored` row is done.
"""

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from agent.learned_context import LearnedContext
from agent.redaction import Redactor
from swe_features.errors import StoreError
from swe_features.journal import Journal
from swe_features.trajectories import TrajectoryWriter
from tasks.whole_files import draft_of

__all__ = ["MANIFEST", "PLAN", "RESULTS", "RunDirectory"]

RESULTS = "results.jsonl"
MANIFEST = "manifest.json"
PLAN = "plan.json"

PATIENCE_S = 2.0
"""How long a lock is waited for: a program that a killed run was just starting has it
too, until it runs."""

_LOOK_S = 0.02


class RunDirectory:
    """The directory of one experiment, held by one process for writing."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """Create or open the directory, and lock it.

        Args:
            path: The directory; created with its parents.
            redactor: Sees everything before the disk does.

        Raises:
            StoreError: Another run holds it, or it cannot be written.
        """
        self.path = path
        self.trajectories = path / "trajectories"
        self.contexts = path / "contexts"
        self._redactor = redactor
        folders = (path, *path.parents)
        self._made = [folder for folder in folders if not folder.exists()]
        try:
            self._lock = _lock(path / ".lock")
            # Now: whoever held it, and never began, removed folders that were empty.
            for folder in (self.trajectories, self.contexts):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror}: choose another --out"
            raise StoreError(msg) from error
        self.results = Journal(path / RESULTS, redactor)

    def write_json(self, path: Path, value: Any) -> None:  # noqa: ANN401  # JSON value
        """Replace a file of the directory by a JSON value, as a whole or not at all.

        Raises:
            StoreError: The disk refuses.
        """
        text = self._redactor.dump(value, indent=2) + "\n"
        try:
            with draft_of(path) as draft, draft.open("wb") as file:
                file.write(text.encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror}: mend that, and run again"
            raise StoreError(msg) from error

    def redact(self, learned: LearnedContext) -> LearnedContext:
        """A learned context as the disk may hold it."""
        return learned.without_keys(self._redactor)

    def begin_trajectory(self, folder: Path, name: str) -> TrajectoryWriter:
        """Begin to record one attempt.

        Args:
            folder: `trajectories` or `contexts`.
            name: What is attempted; an earlier attempt is kept, and this one numbered.
        """
        return TrajectoryWriter(folder, name, self._redactor)

    def adopt_trajectory(
        self, folder: Path, name: str, content: bytes
    ) -> tuple[int, Path]:
        """Keep the record of an attempt that was made elsewhere.

        Args:
            folder: `trajectories` or `contexts`.
            name: What was attempted.
            content: The whole file.

        Returns:
            The attempt's number here, and its file.
        """
        with self.begin_trajectory(folder, name) as writer:
            writer.copy(content.decode("ascii"))
            return writer.attempt, writer.finish()

    def close(self) -> None:
        """Let go of the directory; again is harmless.

        Of a run that never began nothing is left: neither folders nor empty files.
        """
        self.results.close()
        if self._lock >= 0:
            if not (self.path / MANIFEST).exists():
                self._remove_what_is_empty()
            os.close(self._lock)
            self._lock = -1

    def _remove_what_is_empty(self) -> None:
        for folder in (self.trajectories, self.contexts):
            with suppress(OSError):  # one that holds something stays
                folder.rmdir()
        with suppress(OSError):
            if self.results.path.stat().st_size == 0:
                self.results.path.unlink()
                # Now another run may begin here.
                (self.path / ".lock").unlink()
        for folder in self._made:
            with suppress(OSError):
                folder.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _lock(path: Path) -> int:
    """Lock a file, which is made with its folder; its descriptor holds the lock."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _lock_now(path)
        except (StoreError, FileNotFoundError, FileExistsError):
            # It is held, or who held it removes it and its folder just now.
            if path.parent.is_file() or time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_S)


def _lock_now(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The kernel lets go of it when its holder dies, however it dies.
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(lock), path.stat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except OSError as error:
        holder = os.read(lock, 32).decode("ascii", "replace").strip()
        os.close(lock)
        if error.errno not in {errno.EAGAIN, errno.EACCES}:
            raise
        msg = (
            f"{path.parent} is being written by another run (process {holder}): "
            "wait for it, or choose another --out"
        )
        raise StoreError(msg) from error
    return lock
