"""Run the cells of an experiment: sleep once, test many, lose nothing.

Each learned context that is missing is one piece of work; the cells that need it follow
when it is there. All other cells need nothing. A result is on the disk before it counts
as finished. However a run ends, what was finished by then is stored.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias

from agent.learned_context_store import LearnedContextStore
from swe_features.attempts import Slept
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.errors import StoreError
from swe_features.executors import Executor
from swe_features.preparation import Experiment, SleepWork
from swe_features.store import RunDirectory

__all__ = ["InterruptedRunError", "Progress", "Runner"]

GRACE_S = 10.0
"""How long a run that ends early waits for attempts to notice, before it leaves."""

_Work: TypeAlias = Future[Slept] | Future[CellResult]


class InterruptedRunError(Exception):
    """The run was asked to stop; what was finished is stored."""

    def __init__(self, *, is_still_working: bool) -> None:
        super().__init__("interrupted")
        self.is_still_working = is_still_working
        """Whether a worker is still waiting for something, as a model's reply."""


class Progress(Protocol):
    """Told how a run goes on, on the thread that runs it."""

    def begin(
        self, cells: Sequence[Cell], known: Mapping[str, CellResult], contexts: int
    ) -> None:
        """The run starts.

        Args:
            cells: The whole plan.
            known: Results of earlier runs, by cell id.
            contexts: Sleep phases to be done.
        """
        ...

    def slept(self, slept: Slept) -> None:
        """A sleep phase ended."""
        ...

    def finished(self, result: CellResult) -> None:
        """A cell was scored, or broke."""
        ...


class Runner:
    """Runs cells of one experiment; used once, and the only one to store results."""

    def __init__(
        self,
        experiment: Experiment,
        executor: Executor,
        directory: RunDirectory,
        progress: Progress,
    ) -> None:
        self._experiment = experiment
        self._executor = executor
        self._directory = directory
        self._progress = progress
        self._shelf = LearnedContextStore(directory.contexts)
        self._ended: SimpleQueue[_Work] = SimpleQueue()
        self._under_way: set[_Work] = set()
        """What is begun, and not yet stored."""
        # An interrupt strikes the thread that runs, in the middle of anything.
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="keeper")
        # In the middle of starting a thread it would leave room for a second one.
        self._keeper.submit(int).result()
        self._slept: dict[str, Slept] = {}
        self._waiting: dict[str, list[Cell]] = defaultdict(list)
        """Cells by each key of a learned context that they still wait for."""
        self._wanted: dict[str, tuple[SleepWork, ...]] = {}
        """The sleep phases of each cell that waits."""

    def run(self, cells: Sequence[Cell], known: Mapping[str, CellResult]) -> None:
        """Attempt cells; each ends in a row of the results.

        Args:
            cells: Those that are to be done, in order.
            known: Results of earlier runs; for the progress alone.

        Raises:
            InterruptedRunError: Ctrl-C, or a signal to end.
            ModelSetupError: No cell can work with this model.
            StoreError: Nothing can be written.
        """
        try:
            sleeps = self._missing_sleeps(cells)
            self._progress.begin(self._experiment.cells, known, len(sleeps))
            for cell in cells:
                self._begin(cell, sleeps)
            while self._under_way:
                self._take(self._ended.get())
        except BaseException as error:
            self._executor.stop()
            is_settled = self._settle()
            if isinstance(error, KeyboardInterrupt):
                raise InterruptedRunError(is_still_working=not is_settled) from None
            raise
        finally:
            self._executor.stop()
            self._keeper.shutdown()

    def _missing_sleeps(self, cells: Sequence[Cell]) -> dict[str, SleepWork]:
        """Sleep phases that have to be done; those that are stored are noted."""
        missing = {}
        for cell in cells:
            self._wanted[cell.cell_id] = self._experiment.sleeps(cell)
            for work in self._wanted[cell.cell_id]:
                if work.key in self._slept or work.key in missing:
                    continue
                stored = self._shelf.find(work.key)
                if stored is None:
                    missing[work.key] = work
                else:
                    self._slept[work.key] = Slept(work.key, stored)
        return missing

    def _begin(self, cell: Cell, sleeps: dict[str, SleepWork]) -> None:
        """Begin a cell, or what it waits for."""
        for work in self._wanted[cell.cell_id]:
            if work.key in sleeps:
                self._follow(self._executor.sleep(sleeps.pop(work.key)))
            if work.key not in self._slept:
                self._waiting[work.key].append(cell)
        self._begin_if_ready(cell)

    def _begin_if_ready(self, cell: Cell) -> None:
        keys = [work.key for work in self._wanted[cell.cell_id]]
        if all(key in self._slept for key in keys):
            slept = [self._slept[key] for key in keys]
            self._follow(self._executor.cell(cell, slept))

    def _follow(self, work: _Work) -> None:
        self._under_way.add(work)
        work.add_done_callback(self._ended.put)

    def _take(self, ended: _Work) -> None:
        """Store what a piece of work came to, and begin what waited for it."""
        self._keep(ended)
        outcome = ended.result()
        if isinstance(outcome, CellResult):
            self._progress.finished(outcome)
            return
        self._slept[outcome.key] = outcome
        self._progress.slept(outcome)
        for cell in self._waiting.pop(outcome.key, []):
            self._begin_if_ready(cell)

    def _keep(self, ended: _Work) -> None:
        """Store what a piece of work came to, unless that was done before."""
        self._keeper.submit(self._store, ended).result()

    def _store(self, ended: _Work) -> None:
        if ended not in self._under_way:
            return
        outcome = ended.result()
        if isinstance(outcome, CellResult):
            self._directory.results.append(outcome.as_record())
        elif outcome.learned is not None:
            try:
                self._shelf.put(outcome.key, self._directory.redact(outcome.learned))
            except OSError as error:
                reason = f"{error.strerror}: mend that, and run again"
                msg = f"cannot write {self._shelf.folder}: {reason}"
                raise StoreError(msg) from error
        self._under_way.discard(ended)

    def _settle(self) -> bool:
        """Give workers a moment to notice, and store what they finish meanwhile.

        Returns:
            Whether all of them did.
        """
        # Any: what it is of matters to nobody here.
        begun: list[Future[Any]] = [
            work for work in self._under_way.copy() if not work.cancelled()
        ]
        try:
            for ended in as_completed(begun, timeout=GRACE_S):
                if not ended.cancelled() and ended.exception() is None:
                    self._keep(ended)
        except (TimeoutError, KeyboardInterrupt):
            # Who interrupts once more does not want to wait.
            return False
        return True
