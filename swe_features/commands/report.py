"""`swe-features report`: a page to click through, figures and tables."""

import json
from pathlib import Path
from typing import Annotated

import typer

from swe_features.commands.given_path import given_path
from swe_features.report.writing import write_report
from swe_features.results import read_experiment

__all__ = ["report"]


def report(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The --out of a run.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            metavar="PATH",
            help="Folder for the report; DIR if not given.",
        ),
    ] = None,
    *,
    figures: Annotated[
        bool, typer.Option(help="Draw PNG and SVG figures; needs matplotlib.")
    ] = True,
    texts: Annotated[
        bool,
        typer.Option(
            "--with-texts/--without-texts",
            help="Without: leave out all that people, models and machines wrote "
            "(titles, descriptions, learned contexts, trajectories, messages), and "
            "where things lie on this machine, to share a report of a private "
            "repository. File names in the repository stay.",
        ),
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the paths as one JSON object.")
    ] = False,
) -> None:
    """Write report.html, one file that needs nothing else, and a folder beside it.

    The folder has figures, CSV, a LaTeX table and a Markdown summary. Works while a run
    goes on.

    swe-features report runs/demo

    swe-features report runs/demo --without-texts --out shared
    """
    written = write_report(
        read_experiment(directory), out, with_figures=figures, with_texts=texts
    )
    if as_json:
        record = {
            "page": str(written.page),
            "files": [str(path) for path in written.files],
            "notes": list(written.notes),
        }
        typer.echo(json.dumps(record, indent=2))
        return
    for note in written.notes:
        typer.echo(f"Note: {note}", err=True)
    for path in written.files:
        typer.echo(path)
    typer.echo(f"Report: {written.page}")
