"""Show how a run goes on: a bar on a terminal, plain lines anywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from swe_features.attempts import Slept
from swe_features.cell_results import CellResult
from swe_features.runner import Progress

__all__ = ["shown_progress"]

LINES = 20
"""How many plain lines a run gets, beside those of what breaks."""


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Something that shows the progress of a run while the context lasts.

    Args:
        stream: Where to; None is standard error.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Lines(stream)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(file=stream), transient=True) as bars:
        yield _Bar(bars)


class _Tally:
    """What both ways of showing count."""

    def __init__(self) -> None:
        self.cells = self.done = self.broken = 0
        self.contexts = self.slept_contexts = 0

    def begin(self, cells: int, done: int, contexts: int) -> None:
        self.cells, self.done, self.contexts = cells, done, contexts

    def count_sleep(self) -> None:
        self.slept_contexts += 1

    def count(self, result: CellResult) -> None:
        self.done += 1
        self.broken += result.outcome == "broken"

    def note(self) -> str:
        parts = []
        if self.contexts:
            parts.append(f"{self.slept_contexts}/{self.contexts} slept")
        if self.broken:
            parts.append(f"{self.broken} broken")
        return ", ".join(parts)


class _Lines:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tally = _Tally()

    def begin(self, cells: int, done: int, contexts: int) -> None:
        self._tally.begin(cells, done, contexts)
        if cells > done:
            self._say(
                f"{cells} cells, {done} done, {contexts} learned contexts to make"
            )

    def slept(self, slept: Slept) -> None:
        self._tally.count_sleep()
        if slept.broken is not None:
            self._say(f"sleep broken ({slept.broken.boundary}): {slept.broken.message}")

    def finished(self, result: CellResult) -> None:
        tally = self._tally
        tally.count(result)
        if result.broken is not None and result.broken.phase == "test":
            self._say(_breakage(result))
        every = max(1, tally.cells // LINES)
        if tally.done % every == 0 or tally.done == tally.cells:
            note = tally.note()
            tail = f" ({note})" if note else ""
            self._say(f"{tally.done}/{tally.cells} cells{tail}")

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class _Bar:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tally = _Tally()
        self._task = bars.add_task("cells", total=None, note="")

    def begin(self, cells: int, done: int, contexts: int) -> None:
        self._tally.begin(cells, done, contexts)
        self._bars.update(self._task, total=cells, completed=done)

    def slept(self, slept: Slept) -> None:
        self._tally.count_sleep()
        if slept.broken is not None:
            self._print(
                f"sleep broken ({slept.broken.boundary}): {slept.broken.message}"
            )
        self._bars.update(self._task, note=self._tally.note())

    def finished(self, result: CellResult) -> None:
        self._tally.count(result)
        if result.broken is not None and result.broken.phase == "test":
            self._print(_breakage(result))
        self._bars.update(self._task, advance=1, note=self._tally.note())

    def _print(self, line: str) -> None:
        # A message may hold text of a repository: no markup, no highlighting.
        self._bars.console.print(line, markup=False, highlight=False)


def _breakage(result: CellResult) -> str:
    assert result.broken is not None  # the caller looked
    budget = "" if result.budget is None else f", budget {result.budget}"
    what = f"{result.instance_id}, {result.arm}{budget}"
    return f"broken ({result.broken.boundary}): {what}: {result.broken.message}"
