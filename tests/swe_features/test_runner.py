"""What a run keeps that ends before its work does; its work is scripted."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

import pytest

from agent.learned_context import LearnedContext
from agent.redaction import Redactor
from agent.usage import Usage
from swe_features.attempts import Slept, broken_result
from swe_features.cell_results import CellResult, read_results
from swe_features.cells import Cell
from swe_features.errors import StoreError
from swe_features.preparation import Experiment, SleepWork
from swe_features.runner import InterruptedRunError, Runner
from swe_features.store import RESULTS, RunDirectory
from tests.swe_features.small_experiment import Silence, small_experiment

LEARNED = LearnedContext(
    text="Look at till/core.py.",
    repo="shop/till",
    commit="0" * 40,
    related=(),
    model="student",
    prompt_hash="p",
    usage=Usage(),
    duration_s=1.0,
    revisions=(),
)


class Interrupting(Future[CellResult]):
    """Somebody presses Ctrl-C as its result is taken, for the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.is_pressed = False

    def result(self, timeout: float | None = None) -> CellResult:
        if not self.is_pressed:
            self.is_pressed = True
            signal.raise_signal(signal.SIGINT)
        return super().result(timeout)


class Script:
    """An executor whose work is done at once, and ends as it is told."""

    def __init__(self, experiment: Experiment, *first: Future[CellResult]) -> None:
        """Say how the first cells end; the others end with a row."""
        self._experiment = experiment
        self._first = list(first)

    def sleep(self, work: SleepWork) -> Future[Slept]:
        slept: Future[Slept] = Future()
        slept.set_result(Slept(work.key, LEARNED))
        return slept

    def cell(self, cell: Cell, slept: Sequence[Slept]) -> Future[CellResult]:
        ended = self._first.pop(0) if self._first else Future[CellResult]()
        if not ended.done():
            error = ValueError("scripted")
            ended.set_result(broken_result(self._experiment, cell, slept, error))
        return ended

    def stop(self) -> None:
        pass


def failed(error: Exception) -> Future[CellResult]:
    ended: Future[CellResult] = Future()
    ended.set_exception(error)
    return ended


def run(folder: Path, script: Callable[[Experiment], Script], *arms: str) -> None:
    experiment = small_experiment(folder, arms=arms, budgets=[1])
    with RunDirectory(folder / "out", Redactor({})) as directory:
        runner = Runner(experiment, script(experiment), directory, Silence())
        runner.run(experiment.cells, {})


@pytest.mark.parametrize("error", [StoreError("full"), OSError("full"), KeyError("?")])
def test_what_was_finished_is_kept_whatever_ends_the_run(
    error: Exception, tmp_path: Path
) -> None:
    """A worker that could not write took the rows of all others along."""
    with pytest.raises(type(error)):
        run(tmp_path, lambda e: Script(e, failed(error)), "oracle")
    assert len(list(read_results(tmp_path / "out" / RESULTS))) == 2


def test_interrupt_loses_no_row_that_is_just_taken(tmp_path: Path) -> None:
    with pytest.raises(InterruptedRunError) as interrupted:
        run(tmp_path, lambda e: Script(e, Interrupting()), "oracle")
    assert not interrupted.value.is_still_working
    rows = list(read_results(tmp_path / "out" / RESULTS))
    assert len({row.cell_id for row in rows}) == len(rows) == 3


def test_no_interrupt_can_strike_while_the_keeper_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Struck there, a second one began, and both stored the same row."""
    experiment = small_experiment(tmp_path, arms=("oracle",), budgets=[1])
    start = Thread.start

    def struck(thread: Thread) -> None:
        start(thread)
        if thread.name.startswith("keeper"):
            raise KeyboardInterrupt

    with RunDirectory(tmp_path / "out", Redactor({})) as directory:
        runner = Runner(experiment, Script(experiment), directory, Silence())
        monkeypatch.setattr(Thread, "start", struck)
        runner.run(experiment.cells, {})
    assert len(list(read_results(tmp_path / "out" / RESULTS))) == 3


def test_interrupt_loses_no_context_that_is_just_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft was deleted, and with it all that a sleep phase had been paid for."""
    flush, flushed = os.fsync, list[int]()

    def interrupt(file: int) -> None:
        flushed.append(file)
        if len(flushed) == 1:
            signal.raise_signal(signal.SIGINT)
        flush(file)

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(InterruptedRunError):
        run(tmp_path, Script, "sleep-time")
    names = {path.suffix for path in (tmp_path / "out" / "contexts").iterdir()}
    assert names == {".json"}
    assert len(list((tmp_path / "out" / "contexts").iterdir())) == 3
