"""Trajectories on disk: every event of one attempt, one JSON line each.

An attempt that is under way, or was killed, is `<name>.partial.jsonl`; it gets its name
when it ends. No attempt is ever overwritten: the second one is `<name>.2.jsonl`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import count
from pathlib import Path
from typing import Any, Self

from agent.events import Event
from agent.redaction import Redactor
from swe_features.errors import StoreError
from swe_features.journal import read_lines

__all__ = ["TrajectoryWriter", "ended_attempts", "read_trajectory"]

PARTIAL = ".partial.jsonl"


class TrajectoryWriter:
    """Records one attempt. Used by one thread."""

    def __init__(self, folder: Path, name: str, redactor: Redactor) -> None:
        """Claim the next free number for this attempt.

        Raises:
            StoreError: The file cannot be created.
        """
        self._redactor = redactor
        with _writing(folder):
            self.attempt, self._partial, self._file = _claim(folder, name)

    def record(self, event: Event) -> None:
        """Write one event.

        Raises:
            StoreError: The disk refuses; so do `copy`, `finish` and `close`.
        """
        line = {"at_s": event.at_s, "kind": event.kind, "data": event.data}
        with _writing(self._partial):
            self._file.write(self._redactor.dump(line) + "\n")
            # To the kernel, so that it outlives this process; the disk can wait.
            self._file.flush()

    def copy(self, lines: str) -> None:
        """Write events that another writer wrote."""
        with _writing(self._partial):
            for line in lines.splitlines():
                self._file.write(self._redactor.dump(json.loads(line)) + "\n")

    def finish(self) -> Path:
        """End the attempt and give the file its name, which is returned."""
        name = self._partial.name.removesuffix(PARTIAL) + ".jsonl"
        with _writing(self._partial):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            return self._partial.rename(self._partial.with_name(name))

    def close(self) -> None:
        """Leave the attempt as it is: unfinished, unless `finish` came before."""
        with _writing(self._partial):
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}: mend that, and run again"
        raise StoreError(msg) from error


def _claim(folder: Path, name: str) -> tuple[int, Path, TextIOWrapper]:
    for attempt in count(1):
        stem = name if attempt == 1 else f"{name}.{attempt}"
        if (folder / f"{stem}.jsonl").exists():
            continue
        partial = folder / f"{stem}{PARTIAL}"
        try:
            return attempt, partial, partial.open("x", encoding="ascii")
        except FileExistsError:
            continue
    raise AssertionError  # pragma: no cover  # count() has no end


def ended_attempts(folder: Path, name: str) -> tuple[Path, ...]:
    """The files of what was attempted under a name and came to an end, in order."""
    found = folder.glob(f"{name}.*jsonl")
    ended = [path for path in found if not path.name.endswith(PARTIAL)]
    # `<name>.jsonl`, `<name>.2.jsonl`, ..., `<name>.10.jsonl`: longer is later.
    return tuple(sorted(ended, key=lambda path: (len(path.name), path.name)))


def read_trajectory(path: Path) -> Iterator[Mapping[str, Any]]:
    """The events of an attempt, finished or not. Any: JSON values.

    Raises:
        StoreError: The file is damaged.
    """
    return iter(read_lines(path))
