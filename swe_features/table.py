"""The table at the end of a run: one line for each arm, models and budget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from agent.usage import Usage
from swe_features.cell_results import CellResult
from swe_features.cells import Cell
from swe_features.text_table import NOTHING, lay_out

__all__ = ["TOKENS_NOTE", "TableRow", "as_text", "summarise"]

TOKENS_NOTE = "Tokens: generated ones alone; what a model read is not counted."
"""Stands below every table with columns of tokens."""

HEADINGS = (
    "arm",
    "budget",
    "F1",
    "precision",
    "recall",
    "test tokens",
    "sleep tokens",
    "scored",
    "broken",
)


@dataclass(frozen=True, slots=True)
class TableRow:
    """Means over the scored cells of one arm, models and budget, unrounded."""

    arm: str
    model: str | None
    """None for an arm that asks none."""
    sleep_model: str | None
    """None for an arm that does not sleep."""
    budget: int | None
    f1: float | None
    """None, as all means, where nothing was scored."""
    precision: float | None
    recall: float | None
    test_tokens: float | None
    """Completion tokens of the test phase, a cell; None where they are not known."""
    sleep_tokens: float | None
    """Completion tokens of all that a cell is handed; what is shared counts once.

    None for an arm that does not sleep, or where they are not known.
    """
    scored: int
    broken: int
    missing: int
    """Planned cells without a result."""


def summarise(
    cells: Iterable[Cell], results: Mapping[str, CellResult]
) -> tuple[TableRow, ...]:
    """Sum up an experiment.

    Args:
        cells: Those that were planned; results of others are no part of it.
        results: The latest result of each cell, by its id.

    Returns:
        One row for each arm, pair of models and budget: arms in the order in which they
        were planned, the models of one side by side.
    """
    groups: dict[tuple[str, str | None, str | None], dict[int, list[Cell]]] = {}
    for cell in cells:
        budgets = groups.setdefault((cell.arm, cell.model, cell.sleep_model), {})
        budgets.setdefault(cell.budget or 0, []).append(cell)
    order = list(dict.fromkeys(arm for arm, _, _ in groups))
    return tuple(
        _row(budgets[budget], results)
        for _, budgets in sorted(groups.items(), key=lambda it: order.index(it[0][0]))
        for budget in sorted(budgets)
    )


def _row(cells: Sequence[Cell], results: Mapping[str, CellResult]) -> TableRow:
    first = cells[0]
    found = [results[cell.cell_id] for cell in cells if cell.cell_id in results]
    scored = [result for result in found if result.outcome == "scored"]
    contexts = {r.context: r.sleep_tokens for r in scored}
    return TableRow(
        arm=first.arm,
        model=first.model,
        sleep_model=first.sleep_model,
        budget=first.budget,
        f1=_mean(r.f1 for r in scored),
        precision=_mean(r.precision for r in scored),
        recall=_mean(r.recall for r in scored),
        test_tokens=_mean(_generated(r.test_tokens) for r in scored),
        sleep_tokens=_mean(map(_generated, contexts.values())),
        scored=len(scored),
        broken=len(found) - len(scored),
        missing=len(cells) - len(found),
    )


def _generated(usage: Usage | None) -> int | None:
    """None where a provider or an agent did not tell: that is not 0."""
    if usage is None or usage.unmeasured_requests:
        return None
    return usage.completion_tokens


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def as_text(rows: Sequence[TableRow]) -> str:
    """The table for a terminal, a file or a README; the same everywhere."""
    if len({(row.arm, row.budget) for row in rows}) == len(rows):
        table = lay_out(HEADINGS, [(row.arm, *_texts(row)) for row in rows])
    else:
        # Of several models, as after a merge: who each row is of.
        table = lay_out(
            (HEADINGS[0], "model", *HEADINGS[1:]),
            [(row.arm, _models(row), *_texts(row)) for row in rows],
        )
    return f"{table}{TOKENS_NOTE}\n"


def _models(row: TableRow) -> str:
    """Which models; the sleeper's beside the other's where they are two."""
    if row.sleep_model in {None, row.model}:
        return row.model or NOTHING
    return f"{row.model or NOTHING} ({row.sleep_model} asleep)"


def _texts(row: TableRow) -> tuple[str, ...]:
    return (
        NOTHING if row.budget is None else str(row.budget),
        _score(row.f1),
        _score(row.precision),
        _score(row.recall),
        _tokens(row.test_tokens),
        _tokens(row.sleep_tokens),
        str(row.scored) + (f"/{row.scored + row.missing}" if row.missing else ""),
        str(row.broken),
    )


def _score(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _tokens(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"
