"""Show how a run goes on: a live table on a terminal, plain lines anywhere else."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from agent.models.prices import Prices
from agent.usage import Usage
from swe_features.attempts import Slept
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.runner import Progress as RunProgress
from swe_features.table import TOKENS_NOTE

__all__ = ["LiveTable", "PlainLines", "shown_progress"]

LINES = 20
"""How many plain lines a run gets, beside those of what breaks."""

REFRESHES_A_SECOND = 4


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[RunProgress]:
    """Something that shows the progress of a run while the context lasts.

    Args:
        stream: Where to; None is standard error.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield PlainLines(stream)
        return
    shown = LiveTable()
    console = Console(file=stream)
    with Live(
        console=console,
        get_renderable=shown.render,
        refresh_per_second=REFRESHES_A_SECOND,
        transient=True,
    ):
        shown.say = lambda line: console.print(line, markup=False, highlight=False)
        yield shown


class Tally:
    """What is counted while a run goes on."""

    def __init__(self) -> None:
        self.cells: Sequence[Cell] = ()
        self.results: dict[str, CellResult] = {}
        """The latest of each cell."""
        self.contexts = 0
        self.slept = 0
        self.cost_usd: float | None = 0.0
        """Of this run alone; None once the price of anything is not known."""
        self._prices: Prices | None = None

    def begin(
        self, cells: Sequence[Cell], known: Mapping[str, CellResult], contexts: int
    ) -> None:
        """Take the plan, and what is done of it."""
        self.cells = cells
        ids = {cell.cell_id for cell in cells}
        self.results = {
            key: result
            for key, result in known.items()
            if key in ids and result.outcome == "scored"
        }
        self.contexts = contexts

    def add_sleep(self, slept: Slept) -> None:
        """Count a sleep phase."""
        self.slept += 1
        if slept.learned is not None:
            self._spend(slept.learned.model, slept.learned.usage)

    def add(self, result: CellResult) -> None:
        """Count a cell."""
        self.results[result.cell_id] = result
        if result.model is not None and result.test_tokens is not None:
            self._spend(result.model, result.test_tokens)

    def _spend(self, model: str, usage: Usage) -> None:
        if self._prices is None:
            self._prices = Prices.load()
        cost = self._prices.find_cost(model, usage)
        if self.cost_usd is not None:
            self.cost_usd = None if cost is None else self.cost_usd + cost

    def breakages(self) -> Counter[str]:
        """Broken cells by what broke."""
        broken = (result.broken for result in self.results.values())
        return Counter(why.boundary for why in broken if why is not None)

    def note(self) -> str:
        """What is worth a word beside the count of cells."""
        parts = [f"{self.slept}/{self.contexts} slept"] if self.contexts else []
        parts += [
            f"{n} broken ({what})" for what, n in sorted(self.breakages().items())
        ]
        if self.cost_usd is None:
            parts.append("cost unknown")
        elif self.cost_usd:
            parts.append(f"${self.cost_usd:,.2f}")
        return ", ".join(parts)


class PlainLines:
    """A line now and then, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tally = Tally()

    def begin(
        self, cells: Sequence[Cell], known: Mapping[str, CellResult], contexts: int
    ) -> None:
        """The run starts."""
        self._tally.begin(cells, known, contexts)
        done = len(self._tally.results)
        self._say(
            f"{len(cells)} cells, {done} done, "
            f"{contexts} learned context{'' if contexts == 1 else 's'} to make"
        )

    def slept(self, slept: Slept) -> None:
        """A sleep phase ended."""
        self._tally.add_sleep(slept)
        _tell_sleep(slept, self._say)

    def finished(self, result: CellResult) -> None:
        """A cell was scored, or broke."""
        self._tally.add(result)
        _tell_breakage(result, self._say)
        done, planned = len(self._tally.results), len(self._tally.cells)
        if done % max(1, planned // LINES) == 0 or done == planned:
            note = self._tally.note()
            self._say(f"{done}/{planned} cells" + (f" ({note})" if note else ""))

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class LiveTable:
    """A table of arms and budgets that follows the run, over a bar."""

    def __init__(self) -> None:
        self.say: Callable[[str], None] = lambda line: None
        """Prints a line above the table."""
        self._tally = Tally()
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._task = self._bar.add_task("cells", total=None, note="")

    def begin(
        self, cells: Sequence[Cell], known: Mapping[str, CellResult], contexts: int
    ) -> None:
        """The run starts."""
        self._tally.begin(cells, known, contexts)
        done = len(self._tally.results)
        self._bar.reset(self._task, total=len(cells), completed=done, note="")

    def slept(self, slept: Slept) -> None:
        """A sleep phase ended."""
        self._tally.add_sleep(slept)
        _tell_sleep(slept, self.say)
        self._bar.update(self._task, note=self._tally.note())

    def finished(self, result: CellResult) -> None:
        """A cell was scored, or broke."""
        self._tally.add(result)
        _tell_breakage(result, self.say)
        done = len(self._tally.results)
        self._bar.update(self._task, completed=done, note=self._tally.note())

    def render(self) -> Group:
        """The table as it stands, what its tokens are, and the bar."""
        table = Table("arm", box=None, pad_edge=False)
        for heading in ("budget", "done", "broken", "F1 so far", "test tokens"):
            table.add_column(heading, justify="right")
        groups: dict[tuple[str, int | None], list[Cell]] = {}
        for cell in self._tally.cells:
            groups.setdefault((cell.arm, cell.budget), []).append(cell)
        # A copy: the run goes on while the table is drawn.
        results = dict(self._tally.results)
        for (arm, budget), cells in groups.items():
            found = [results[c.cell_id] for c in cells if c.cell_id in results]
            scored = [r for r in found if r.f1 is not None]
            tokens = [r.test_tokens.completion_tokens for r in scored if r.test_tokens]
            table.add_row(
                arm,
                "-" if budget is None else str(budget),
                f"{len(found)}/{len(cells)}",
                str(len(found) - len(scored)),
                f"{fmean(r.f1 or 0.0 for r in scored):.3f}" if scored else "-",
                f"{fmean(tokens):,.0f}" if tokens else "-",
            )
        return Group(table, TOKENS_NOTE, self._bar)


def _tell_sleep(slept: Slept, say: Callable[[str], None]) -> None:
    if slept.broken is not None:
        say(f"sleep broken ({slept.broken.boundary}): {slept.broken.message}")


def _tell_breakage(result: CellResult, say: Callable[[str], None]) -> None:
    if result.broken is None or result.broken.phase == "sleep":
        return
    budget = "" if result.budget is None else f", budget {result.budget}"
    what = f"{result.instance_id}, {result.arm}{budget}"
    say(f"broken ({result.broken.boundary}): {what}: {result.broken.message}")
