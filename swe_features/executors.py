"""Where the work of a run is done: in threads of this process, or elsewhere.

An executor does sleep phases and cells, in any order and place. It stores no result:
the runner does, so that one process alone writes.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Protocol, TypeVar

from swe_features.attempts import Attempts, Slept
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.preparation import SleepWork

__all__ = ["Executor", "StoppedWork", "Threads", "has_workers"]

T = TypeVar("T")

_WORKER = "cell"


class StoppedWork(BaseException):  # ends an attempt, as an interrupt does
    """The attempt was cut off in the middle; nothing that handles errors catches it."""


class Executor(Protocol):
    """Does work at the same time as its caller goes on."""

    def sleep(self, work: SleepWork) -> Future[Slept]:
        """Begin a sleep phase."""
        ...

    def cell(self, cell: Cell, slept: Sequence[Slept]) -> Future[CellResult]:
        """Begin a cell, whose sleep phases are over."""
        ...

    def stop(self) -> None:
        """Begin nothing more, and cut short what is under way."""
        ...


class Threads:
    """Does the work in threads of this process."""

    def __init__(
        self, attempts: Callable[[Callable[[], None]], Attempts], workers: int
    ) -> None:
        """Start no work yet.

        Args:
            attempts: Makes what does the work, given what it must call at each event.
            workers: Attempts at the same time.
        """
        self._stopped = Event()
        self._attempts = attempts(self._watch)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=_WORKER)

    def sleep(self, work: SleepWork) -> Future[Slept]:
        """Begin a sleep phase."""
        return self._pool.submit(partial(self._do, self._attempts.sleep, work))

    def cell(self, cell: Cell, slept: Sequence[Slept]) -> Future[CellResult]:
        """Begin a cell, whose sleep phases are over."""
        return self._pool.submit(partial(self._do, self._attempts.cell, cell, slept))

    def stop(self) -> None:
        """Begin nothing more; what is under way ends at its next event."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, work: Callable[..., T], *arguments: object) -> T:
        self._watch()
        return work(*arguments)

    def _watch(self) -> None:
        if self._stopped.is_set():
            raise StoppedWork


def has_workers() -> bool:
    """Whether a thread of this process still works on a cell or a sleep phase.

    One that waits for a model's reply does so until it comes, whoever stops it.
    """
    return any(each.name.startswith(_WORKER) for each in threading.enumerate())
