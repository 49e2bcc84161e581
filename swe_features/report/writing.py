"""Write a report: the page, and beside it a folder of tables and figures.

DIR/report.html             everything, in one file
DIR/report/summary.md       for a pull request's comment
DIR/report/arms.csv         one line for each arm and budget
DIR/report/cells.csv        one line for each cell
DIR/report/table.tex        for a paper
DIR/report/pareto.png, .svg, amortisation.png, .svg, passes.png, .svg
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from swe_features.errors import StoreError
from swe_features.report.content import ReportContent, gather
from swe_features.report.figures import INSTALL, can_draw, draw_figures
from swe_features.report.page import render_page
from swe_features.report.tables import (
    arms_csv,
    latex_table,
    markdown_summary,
)
from swe_features.report.withholding import withhold_from_result, withhold_texts
from swe_features.results import StoredExperiment
from swe_features.statistics.cell_table import write_csv
from tasks.whole_files import draft_of

__all__ = ["WrittenReport", "write_report"]

TABLES: Mapping[str, Callable[[ReportContent], str]] = {
    "summary.md": markdown_summary,
    "arms.csv": arms_csv,
    "table.tex": latex_table,
}


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """What was written."""

    page: Path
    """The HTML file; it needs none of the others."""
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    """What was left out and how to get it, one sentence each."""


def write_report(
    experiment: StoredExperiment,
    out: Path | None = None,
    *,
    with_figures: bool = True,
    with_texts: bool = True,
) -> WrittenReport:
    """Write everything that a report has.

    Args:
        experiment: What to report on; it may still be running.
        out: Folder for the page and the folder beside it; the experiment's own if None.
        with_figures: Whether PNG and SVG figures are drawn, if they can be.
        with_texts: False leaves out all that people, models and machines wrote, in
            every file; see `withholding`.

    Raises:
        StoreError: The results or the plan are damaged, or a file cannot be written.
    """
    out = out or experiment.directory
    folder = out / "report"
    content = gather(experiment, with_attachments=with_texts)
    content = content if with_texts else withhold_texts(content)
    notes = content.unreadable
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / name for name in TABLES]
        for path in files:
            _replace(path, TABLES[path.name](content))
        files.append(
            _write_cells(experiment, folder / "cells.csv", with_texts=with_texts)
        )
        if with_figures and can_draw():
            files += draw_figures(content, folder)
        elif with_figures:
            notes += (INSTALL,)
        page = out / "report.html"
        _replace(page, render_page(content))
    except OSError as error:
        msg = (
            f"cannot write the report to {out}: {error.strerror}: choose another --out"
        )
        raise StoreError(msg) from error
    return WrittenReport(page, tuple(files), notes)


def _write_cells(experiment: StoredExperiment, path: Path, *, with_texts: bool) -> Path:
    found = (result for _, result in experiment.cells_with_results())
    results = (result for result in found if result is not None)
    with draft_of(path) as draft:
        write_csv(results if with_texts else map(withhold_from_result, results), draft)
    return path


def _replace(path: Path, text: str) -> None:
    with draft_of(path) as draft:
        # A lone surrogate of a file name that is no UTF-8 must not stop a report.
        draft.write_text(text, encoding="utf-8", errors="replace", newline="\n")
