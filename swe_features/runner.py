"""Run the cells of an experiment: sleep once, test many, lose nothing.

Each learned context that is missing is one piece of work; the cells that need it follow
when it is there. All other cells need nothing. A result is on the disk before its
worker takes up anything else.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Lock
from time import monotonic
from typing import Protocol

from agent.learned_context_store import LearnedContextStore
from swe_features.arms import ARMS
from swe_features.attempts import Attempts, Slept
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.equipment import Equipment
from swe_features.preparation import Experiment
from swe_features.store import RunDirectory

__all__ = ["InterruptedRunError", "Progress", "Runner"]

GRACE_S = 10.0
"""How long an interrupted run waits for attempts to notice, before it leaves."""


class InterruptedRunError(Exception):
    """The run was asked to stop; what was finished is stored."""

    def __init__(self, *, is_still_working: bool) -> None:
        super().__init__("interrupted")
        self.is_still_working = is_still_working
        """Whether a worker is still waiting for something, as a model's reply."""


class Progress(Protocol):
    """Told how a run goes on; from any thread, one call at a time."""

    def begin(self, cells: int, done: int, contexts: int) -> None:
        """The run starts: cells in all, cells done before, contexts to be learned."""
        ...

    def slept(self, slept: Slept) -> None:
        """A sleep phase ended."""
        ...

    def finished(self, result: CellResult) -> None:
        """A cell was scored, or broke."""
        ...


class _Stopped(BaseException):
    """Ends an attempt in the middle; nothing that handles errors may catch it."""


class Runner:
    """Runs cells of one experiment with a number of workers; used once."""

    def __init__(
        self,
        experiment: Experiment,
        equipment: Equipment,
        directory: RunDirectory,
        progress: Progress,
    ) -> None:
        self._experiment = experiment
        self._attempts = Attempts(experiment, equipment, directory, watch=self._watch)
        self._directory = directory
        self._progress = progress
        self._shelf = LearnedContextStore(directory.contexts)
        self._reporting = Lock()
        self._stop = Event()
        self._ended: SimpleQueue[Future[Slept | None]] = SimpleQueue()
        self._under_way = 0

    def run(self, cells: Sequence[Cell], *, workers: int) -> None:
        """Attempt cells; each ends in a row of the results.

        Args:
            cells: Those that are to be done, in order.
            workers: How many at the same time.

        Raises:
            InterruptedRunError: Ctrl-C, or a signal to end.
            ModelSetupError: No cell can work with this model.
            StoreError: Nothing can be written.
        """
        groups = self._groups(cells)
        missing = sum(self._shelf.find(key) is None for key in groups)
        done = len(self._experiment.cells) - len(cells)
        self._progress.begin(len(self._experiment.cells), done, missing)
        pool = ThreadPoolExecutor(workers, thread_name_prefix="cell")
        try:
            self._submit_all(pool, cells, groups)
            self._follow(pool, groups)
        except KeyboardInterrupt:
            self._stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise InterruptedRunError(is_still_working=not self._settle()) from None
        finally:
            self._stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _groups(self, cells: Iterable[Cell]) -> dict[str, list[Cell]]:
        """Cells that need a learned context, by its key."""
        groups = defaultdict(list)
        for cell in cells:
            if ARMS[cell.arm].sleeps:
                groups[self._experiment.context_key(cell)].append(cell)
        return groups

    def _submit_all(
        self,
        pool: ThreadPoolExecutor,
        cells: Iterable[Cell],
        groups: Mapping[str, Sequence[Cell]],
    ) -> None:
        asleep = set()
        for cell in cells:
            if not ARMS[cell.arm].sleeps:
                self._submit(pool, partial(self._attempt, cell, None))
                continue
            key = self._experiment.context_key(cell)
            if key not in asleep:
                asleep.add(key)
                self._submit(pool, partial(self._sleep, key, groups[key][0]))

    def _follow(
        self, pool: ThreadPoolExecutor, groups: Mapping[str, Sequence[Cell]]
    ) -> None:
        """Wait for everything, and let cells follow the sleep phase they need."""
        while self._under_way:
            slept = self._ended.get().result()
            self._under_way -= 1
            if slept is not None:
                for cell in groups[slept.key]:
                    self._submit(pool, partial(self._attempt, cell, slept))

    def _settle(self) -> bool:
        """Give workers a moment to notice; whether all of them did."""
        end_s = monotonic() + GRACE_S
        while self._under_way:
            try:
                self._ended.get(timeout=max(0.0, end_s - monotonic()))
            except Empty:
                return False
            self._under_way -= 1
        return True

    def _submit(
        self, pool: ThreadPoolExecutor, work: Callable[[], Slept | None]
    ) -> None:
        self._under_way += 1
        pool.submit(work).add_done_callback(self._ended.put)

    def _sleep(self, key: str, cell: Cell) -> Slept:
        self._watch()
        stored = self._shelf.find(key)
        if stored is not None:
            return Slept(key, stored)
        instance = self._experiment.instances[cell.instance_id]
        slept = self._attempts.sleep(instance, key=key, seed=cell.seed)
        if slept.learned is not None:
            self._shelf.put(key, self._directory.redact(slept.learned))
        with self._reporting:
            self._progress.slept(slept)
        return slept

    def _attempt(self, cell: Cell, slept: Slept | None) -> None:
        self._watch()
        result = self._attempts.cell(cell, slept)
        self._directory.results.append(result.as_record())
        with self._reporting:
            self._progress.finished(result)

    def _watch(self) -> None:
        if self._stop.is_set():
            raise _Stopped
